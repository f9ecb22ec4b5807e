"""Who uses a model now: a shared lock that lives as long as the process, told by the kernel whatever ends that.

A run is one process (its guard is a fork of it and shares the lock), so what a living box has mounted is held, and a killed
client holds nothing. Whoever removes a model asks for the lock alone.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

_HELD: dict[Path, int] = {}


def hold(path: Path) -> None:
    """Until this process ends. Waits while another one removes what the lock stands for."""
    if path in _HELD:
        return
    handle = _opened(path)
    fcntl.flock(handle, fcntl.LOCK_SH)
    _HELD[path] = handle


def release() -> None:
    """All of this process: for tests, which are users one after another."""
    while _HELD:
        os.close(_HELD.popitem()[1])


@contextlib.contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether nobody holds it; while the context lasts, nobody will."""
    handle = _opened(path)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _opened(path: Path) -> int:
    """Raises PermissionError where nothing can be written, a read-only file system included."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.EROFS:
            raise PermissionError(error.errno, error.strerror, str(path)) from error
        raise
