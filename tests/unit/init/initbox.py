"""A box for tests: the real `init` as PID 1 of fresh namespaces, and an independent writer of its frames.

Written from docs/protocol.md alone; it must not share code with the client in src/jitney.
"""

from __future__ import annotations

import os
import selectors
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

ROOT = Path(__file__).resolve().parents[3]
INIT = ROOT / "init" / "build" / ("init-" + {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine])
WINDOW = 256 * 1024
CREDIT = 1024 * 1024

# `unshare` stays outside as the parent; init is PID 1 and gets the pipes.
# Without root, a user namespace gives the rights that the others need.
OWN_USERS = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
ENTER = ["unshare", *OWN_USERS, "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--net"]
AS_NOBODY = ["setpriv", "--reuid", "65532", "--regid", "65532", "--clear-groups", "--bounding-set=-all"]


class Frame(NamedTuple):
    type: str
    stream: int
    payload: bytes


class Exit(NamedTuple):
    code: int
    signal: int
    cause: str
    flags: int
    peak_kib: int
    user_us: int
    system_us: int
    wall_us: int


def frame(type_: str, payload: bytes = b"", stream: int = 0) -> bytes:
    return struct.pack(">BBHI", ord(type_), 0, stream, len(payload)) + payload


def record(tag: str, value: bytes) -> bytes:
    return tag.encode() + struct.pack(">I", len(value)) + value


def job(*argv: str, path: str = "/usr/local/bin:/usr/bin:/bin", extra: bytes = b"") -> bytes:
    """A job frame: argv, PATH, and whatever records stand in extra."""
    words = b"".join(record("a", word.encode()) for word in argv)
    return frame("J", words + record("e", f"PATH={path}".encode()) + extra)


def sh(script: str, extra: bytes = b"") -> bytes:
    return job("sh", "-c", script, extra=extra) + frame("G")


def py(script: str, extra: bytes = b"") -> bytes:
    return job("python3", "-c", script, extra=extra) + frame("G")


class Box:
    """One run of init. `until` reads frames until one of a type came; `end` until `x` and the exit code."""

    def __init__(
        self, *, wait_ms: int = 5000, prelude: str = "ip link set lo up", user: list[str] | None = None
    ) -> None:
        # As in a container without a network: resolvers find nothing written and ask 127.0.0.1.
        empty = "mount --bind /dev/null /etc/resolv.conf && mount --bind /dev/null /etc/hosts"
        setup = f"{prelude} && {empty} && exec {' '.join(user or [])} {INIT} --wait {wait_ms}"
        self.process = subprocess.Popen(
            [*ENTER, "sh", "-c", setup], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self.to, self.out = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self.to, False)
        os.set_blocking(self.out, False)
        self.waiting = bytearray()
        self.buffer = bytearray()
        self.frames: list[Frame] = []
        self.over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()
        self.process.kill()  # takes PID 1 of the namespace along (--kill-child), and that all the rest
        self.process.wait()

    def send(self, data: bytes) -> None:
        """Queues bytes; they go while frames are read, so that neither side can block the other."""
        self.waiting += data

    def _turn(self, timeout: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.out, selectors.EVENT_READ)
            if self.waiting:
                selector.register(self.to, selectors.EVENT_WRITE)
            ready = selector.select(timeout)
        for key, _ in ready:
            if key.fd == self.to:
                self._write()
            else:
                self._read()

    def _write(self) -> None:
        try:
            del self.waiting[: os.write(self.to, self.waiting[: 1 << 16])]
        except BrokenPipeError:
            self.waiting.clear()

    def _read(self) -> None:
        data = os.read(self.out, 1 << 20)
        self.over = not data
        self.buffer += data
        at = 0
        while len(self.buffer) - at >= 8:
            type_, zero, stream, length = struct.unpack_from(">BBHI", self.buffer, at)
            assert zero == 0 and length <= 65536
            if len(self.buffer) - at - 8 < length:
                break
            self.frames.append(Frame(chr(type_), stream, bytes(self.buffer[at + 8 : at + 8 + length])))
            at += 8 + length
        del self.buffer[:at]

    def each(self, timeout: float = 20) -> Iterator[Frame]:
        """Frames in the order in which they come, until init's output ends."""
        limit = time.monotonic() + timeout
        while True:
            while self.frames:
                yield self.frames.pop(0)
            if self.over:
                return
            left = limit - time.monotonic()
            assert left > 0, f"nothing more came for {timeout} s"
            self._turn(left)

    def until(self, types: str, stream: int | None = None, timeout: float = 20) -> Frame:
        for got in self.each(timeout):
            if got.type in types and stream in (None, got.stream):
                return got
        raise AssertionError(f"init ended without a frame of {types!r}: {self.complaint()}")

    def complaint(self) -> str:
        assert self.process.stderr
        return self.process.stderr.read().decode(errors="replace")

    def flush(self, timeout: float = 20) -> None:
        """Writes all that is queued, whatever comes meanwhile."""
        limit = time.monotonic() + timeout
        while self.waiting:
            assert time.monotonic() < limit, "init does not read"
            self._turn(1)

    def end(self, timeout: float = 20) -> tuple[Exit, dict[str, bytes]]:
        """Reads to the end; what came, joined by type (streams by `type + id`)."""
        said: dict[str, bytes] = {}
        last: Exit | None = None
        for got in self.each(timeout):
            assert last is None, "a frame after the last one"
            key = got.type + (str(got.stream) if got.stream else "")
            said[key] = said.get(key, b"") + got.payload
            if got.type == "x":
                code, sig, cause, *rest = struct.unpack(">BBcBIQQQ", got.payload)
                last = Exit(code, sig, cause.decode(), *rest)
        assert last, f"init ended without its last frame: {self.complaint()}"
        assert self.process.wait(timeout) == last.code
        return last, said


def run(
    frames: bytes, *, wait_ms: int = 5000, user: list[str] | None = None
) -> tuple[Exit, dict[str, bytes]]:
    """One box, all frames at once, to the end."""
    with Box(wait_ms=wait_ms, user=user) as box:
        box.send(frames)
        return box.end()
