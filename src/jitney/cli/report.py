"""What Jitney says about itself: plain lines on stderr, events with --json, timings. Results never pass here."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from jitney.errors import BuildError, JitneyError


class Report:
    """Speaks for one command. Lines go to stderr; with `json`, each is an event on stdout instead (docs/events.md).

    started: seconds on the monotonic clock at which the command began, for the total.
    """

    def __init__(self, *, quiet: bool = False, json: bool = False, timings: bool = False) -> None:
        self.quiet = quiet
        self.json = json
        self.timings = timings
        self.started = time.monotonic()
        self.times: dict[str, float] = {}
        self._fresh = True

    def say(self, line: str) -> None:
        """One plain line about what is being done; nothing when quiet."""
        if self.json:
            self.event("note", text=line)
        elif not self.quiet:
            print(f"jitney: {line}", file=sys.stderr, flush=True)

    def warn(self, line: str) -> None:
        if self.json:
            self.event("warning", text=line)
        else:
            print(f"jitney: warning: {line}", file=sys.stderr, flush=True)

    def progress(self, line: str) -> None:
        """A line of a builder or a download: shown on a terminal, one over the other; an event with --json."""
        if self.json:
            self.event("progress", text=line)
        elif not self.quiet and sys.stderr.isatty():
            self._overwrite(line)

    def clear(self) -> None:
        """Take the last progress line away."""
        if not self._fresh:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._fresh = True

    def event(self, kind: str, /, **fields: object) -> None:
        """One event, one line: `{"event": kind, "at": seconds since the start, …}`."""
        if self.json:
            record = {"event": kind, "at": round(time.monotonic() - self.started, 4), **fields}
            sys.stdout.buffer.write(msgspec.json.encode(record) + b"\n")
            sys.stdout.buffer.flush()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times a step: detect, facts, resolve, plan, build, model, start …"""
        begin = time.monotonic()
        try:
            yield
        finally:
            self.times[name] = self.times.get(name, 0.0) + time.monotonic() - begin

    def finish(self) -> None:
        """The timings, if asked for."""
        self.clear()
        if not self.timings:
            return
        total = time.monotonic() - self.started
        if self.json:
            self.event(
                "timings",
                **{name: round(value, 4) for name, value in self.times.items()},
                total=round(total, 4),
            )
            return
        parts = [f"{name} {value * 1000:.0f} ms" for name, value in self.times.items()]
        print(f"jitney: {' · '.join(parts)} · total {total * 1000:.0f} ms", file=sys.stderr)

    def _overwrite(self, line: str) -> None:
        import shutil

        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write("\r\x1b[K" + line.replace("\t", " ")[:width])
        sys.stderr.flush()
        self._fresh = False


def write_error(error: Exception, report: Report | None = None) -> None:
    """`error: …`, blank line, `hint: …`; the builder's own words before it."""
    message = getattr(error, "message", str(error))
    hint = getattr(error, "hint", "")
    if report is not None and report.json:
        code = error.exit_code if isinstance(error, JitneyError) else 125
        report.event("error", kind=type(error).__name__, message=message, hint=hint, code=code)
        return
    if isinstance(error, BuildError) and error.output:
        sys.stderr.write(error.output.rstrip("\n") + "\n\n")
    sys.stderr.write(f"error: {message}\n")
    if hint:
        sys.stderr.write(f"\nhint: {hint}\n")
    sys.stderr.flush()


def human_size(count: int) -> str:
    """Bytes as people read them: 512 B, 1.5 kB, 98 MB (powers of 1,000, as engines print image sizes)."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
