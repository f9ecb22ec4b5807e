"""The rounds. In each, every runtime in turn has one life: start, ready, warm up, one answer by the clock, gone.

In turn, so that what else the machine does hits all; a life each, so that start-up is measured as often as the rest, and
nothing that one answer left behind helps the next.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from jitney.bench.ask import Writer
from jitney.bench.energy import Meter
from jitney.bench.model import Quality, Report, Round, Row, Settings, values_of
from jitney.bench.prompts import prompt_of, text_of
from jitney.bench.quality import compared, examine
from jitney.errors import JitneyError
from jitney.listener import Listener

WARM_TOKENS = 8
ELSEWHERE = 97
"""The word of the prose at which the warm-up's prompt begins: not that of the measured one."""
BUSY = 0.5
"""Load above the cores that is told. (One thread of a runtime is measured at a time.)"""


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """A started runtime. peak_bytes, cpu_s: of its box so far, asked before its end."""

    writer: Writer
    start_s: float
    peak_bytes: Callable[[], int]
    cpu_s: Callable[[], float]


class Candidate(Protocol):
    """A runtime with everything on hand. live: starts it, waits until it is ready, ends it."""

    row: Row

    def live(self) -> AbstractContextManager[Life]: ...


class _Runner:
    """One candidate's course through the rounds. failed: why it went no further."""

    def __init__(self, candidate: Candidate, settings: Settings) -> None:
        self.candidate = candidate
        self.settings = settings
        self.rounds: list[Round] = []
        self.quality: Quality | None = None
        self.failed = ""

    @property
    def name(self) -> str:
        return self.candidate.row.runtime

    def get_ready(self, prompt: str) -> str:
        """A life that is not timed: its answers are looked at, files get into memory, and the prompt is cut, once for all.

        prompt: where it is known already.
        """
        with self.candidate.live() as life:
            prompt = prompt or prompt_of(self.settings.prompt_tokens, life.writer.count)
            self.quality = examine(life.writer)
        return prompt

    def go(self, prompt: str, meter: Meter) -> None:
        """One round."""
        wanted = self.settings
        with self.candidate.live() as life:
            warm = life.writer.write(text_of(wanted.prompt_tokens // 2, ELSEWHERE), WARM_TOKENS)
            energy, cpu = meter.begin(), life.cpu_s()
            timed = life.writer.write(prompt, wanted.tokens)
            cpu_s, joules = life.cpu_s() - cpu, meter.joules(energy)
            self.rounds.append(
                Round(
                    start_s=life.start_s,
                    warm=warm,
                    timed=timed,
                    peak_bytes=life.peak_bytes(),
                    cpu_s=cpu_s,
                    joules=joules,
                )
            )

    def row(self) -> Row:
        if not self.rounds:
            return msgspec.structs.replace(self.candidate.row, reason=self.failed)
        warm = sorted(one.warm.first_s for one in self.rounds)[len(self.rounds) // 2]
        return msgspec.structs.replace(
            self.candidate.row,
            values=values_of(self.rounds),
            warm_first_token_ms=1000 * warm,
            quality=self.quality,
            marks=tuple(self._marks()),
        )

    def _marks(self) -> list[str]:
        marks = []
        short = [one.timed.tokens for one in self.rounds if one.timed.tokens < self.settings.tokens]
        if short:
            marks.append(f"its answer ended after {short[0]} tokens, not {self.settings.tokens}")
        if self.failed:
            marks.append(f"{len(self.rounds)} of {self.settings.n} rounds: {self.failed}")
        return marks


def measure(
    candidates: Sequence[Candidate],
    reasons: Sequence[Row],
    model: str,
    settings: Settings,
    listener: Listener,
    meter: Meter | None = None,
) -> Report:
    """All rounds. reasons: rows of runtimes that cannot run here."""
    meter = meter or Meter()
    runners = [_Runner(one, settings) for one in candidates]
    prompt = ""
    for runner in runners:
        listener.progress(f"looking at the answers of {runner.name}")
        with _excused(runner, listener):
            prompt = runner.get_ready(prompt)
    for number in range(settings.n):
        for runner in runners:
            if not runner.failed:
                listener.progress(f"round {number + 1} of {settings.n}: {runner.name}")
                with _excused(runner, listener):
                    runner.go(prompt, meter)
    rows = _counted([runner.row() for runner in runners], runners)
    return Report(
        model=model,
        settings=settings,
        machine=machine(),
        rows=(*compared(rows), *reasons),
        notes=_notes(meter),
    )


@contextmanager
def _excused(runner: _Runner, listener: Listener) -> Iterator[None]:
    """One that fails is told and measured no further; the others go on."""
    try:
        yield
    except JitneyError as error:
        runner.failed = error.message
        listener.warn(f"{runner.name}: {error.message}")


def _notes(meter: Meter) -> tuple[str, ...]:
    notes = [f"energy: {meter.reason}"] if meter.reason else []
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    if load > cores + BUSY:
        notes.append(
            f"the machine was busy with other work (load {load:.1f} on {cores} cores): "
            "compare the runtimes with each other, and by CPU time, rather than with another machine"
        )
    return tuple(notes)


def _counted(rows: list[Row], runners: list[_Runner]) -> list[Row]:
    """Marks those that count other tokens in the same prompt than the first."""
    counts = [runner.rounds[0].timed.prompt_tokens if runner.rounds else 0 for runner in runners]
    usual = next(filter(None, counts), 0)
    return [
        msgspec.structs.replace(
            row, marks=(*row.marks, f"counts {count} tokens in the prompt, the first {usual}")
        )
        if count and count != usual
        else row
        for row, count in zip(rows, counts, strict=True)
    ]


def machine(root: Path = Path("/")) -> dict[str, str]:
    """What a reader needs to judge the figures."""
    made = {"kernel": platform.release(), "arch": platform.machine(), "cores": str(os.cpu_count() or 0)}
    for line in _lines(root / "proc/cpuinfo"):
        if line.startswith("model name"):
            made["cpu"] = line.partition(":")[2].strip()
            break
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemTotal"):
            made["memory_gb"] = f"{int(line.split()[1]) * 1024 / 1e9:.1f}"
    load = _lines(root / "proc/loadavg")
    if load:
        made["load"] = load[0].split()[0]
    return made


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
