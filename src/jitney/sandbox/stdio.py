"""The program's standard streams at the client's end: where input comes from and where output goes.

Nothing here changes a descriptor that others share: output that must not block is written through a
description of
our own (`/dev/fd/N` opened anew), never by setting O_NONBLOCK on the one we were given.
"""

from __future__ import annotations

import errno
import os
import select
import stat
from collections import deque
from collections.abc import Callable
from itertools import islice

import msgspec

from jitney.errors import SandboxError

READ_SIZE = 65536
_CAREFUL_WRITE = 4096
"""A pipe that polls writable takes so much without blocking (PIPE_BUF)."""
_PIECES = 512
"""Less than IOV_MAX anywhere."""


class Stdio(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """stdin: a descriptor, bytes, or None (ended at once). stdout, stderr: a descriptor, a function, or None
    (dropped)."""

    stdin: int | bytes | None = 0
    stdout: int | Callable[[bytes], None] | None = 1
    stderr: int | Callable[[bytes], None] | None = 2


class Input:
    """read(n): up to n bytes; b"" at the end of input; None where nothing is there yet."""

    def __init__(self, source: int | bytes | None) -> None:
        self.fd = -1
        self._rest = memoryview(source if isinstance(source, bytes) else b"")
        if isinstance(source, int) and is_open(source):
            self.fd = source

    def read(self, most: int) -> bytes | memoryview | None:
        if self.fd < 0:
            piece, self._rest = self._rest[:most], self._rest[most:]
            return piece
        try:
            return os.read(self.fd, most)
        except BlockingIOError:
            return None
        except (
            OSError
        ):  # EIO: the terminal is gone, or we are in the background; EISDIR, ECONNRESET: no more input
            return b""


class Output:
    """A sink that never blocks. `pending`: something waits for `fd` to become writable. `is_broken`: nobody
    reads it."""

    def __init__(self, target: int | Callable[[bytes], None] | None) -> None:
        self.fd = -1
        self.is_broken = False
        self._function = target if callable(target) else None
        self._waiting: deque[bytes | memoryview] = deque()
        self._is_own = False
        self._is_careful = False
        if isinstance(target, int) and is_open(target):
            self._open(target)

    @property
    def pending(self) -> bool:
        return bool(self._waiting)

    def take(self, data: bytes | memoryview) -> None:
        """Keep it for the next flush (a function is called at once); dropped where nobody reads."""
        if self._function is not None:
            self._function(bytes(data))
        elif self.fd >= 0 and not self.is_broken:
            self._waiting.append(data)

    def flush(self) -> bool:
        """Write what can be written now; says whether nothing is left.

        SandboxError: the target fails for another reason than that nobody reads it.
        """
        while self._waiting:
            written = self._write_once()
            if written == 0:
                return not self._waiting
            while written:
                first = self._waiting.popleft()
                if len(first) > written:
                    self._waiting.appendleft(memoryview(first)[written:])
                    break
                written -= len(first)
        return True

    def close(self) -> None:
        if self._is_own:
            os.close(self.fd)
        self.fd, self._is_own = -1, False
        self._waiting.clear()

    def _write_once(self) -> int:
        try:
            if not self._is_careful:
                return os.writev(self.fd, list(islice(self._waiting, _PIECES)))
            if not select.select([], [self.fd], [], 0)[1]:
                return 0
            return os.write(self.fd, memoryview(self._waiting[0])[:_CAREFUL_WRITE])
        except BlockingIOError:
            return 0
        except (BrokenPipeError, ConnectionResetError):
            self._give_up()
            return 0
        except OSError as error:
            self._give_up()
            if error.errno == errno.EIO:  # the terminal hung up
                return 0
            raise SandboxError(f"the program's output could not be written: {error.strerror}") from error

    def _give_up(self) -> None:
        self.is_broken = True
        self._waiting.clear()

    def _open(self, target: int) -> None:
        """Files are written as they are; pipes and terminals through an own non-blocking description, or
        with care."""
        kind = os.fstat(target).st_mode
        self.fd = target
        if stat.S_ISREG(kind) or stat.S_ISBLK(kind):
            return
        if not stat.S_ISSOCK(kind):
            try:
                self.fd = os.open(f"/proc/self/fd/{target}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
                self._is_own = True
                return
            except OSError:
                pass  # no /proc, or the terminal belongs to somebody else (after su)
        self._is_careful = True


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
