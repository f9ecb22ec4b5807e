"""The guard: a forked process that outlives the client for a moment and removes what the client could not.

    client ── pipe ── guard
       its end without a word: the client was killed. Remove all of the run, again for 10 s (a create may be
       under way)
       `ended`: boxes are going by themselves; look after a moment that they, and the run's volumes, are gone
       `clean`: nothing was made; leave
The leash covers a started box; this covers create → start, volumes, temporary files, and an engine that
fails to remove.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from jitney.engine.protocol import LABEL_RUN, Engine
from jitney.errors import EngineError

AFTER_KILL_S = 10.0
"""A busy engine may finish a create long after the client that asked for it is dead."""
AFTER_END_S = 10.0
_FIRST_LOOK_S = 0.25
_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 1.0

Reconnect = Callable[[], Engine]


class Guard:
    """The client's end of it. `release` once; without it (the client is killed) the guard removes
    everything."""

    def __init__(self, run: str, reconnect: Reconnect) -> None:
        read_end, self._write_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _stand(read_end, run, reconnect)
        os.close(read_end)

    def note_file(self, path: str) -> None:
        """A temporary file that is to go with the run."""
        os.write(self._write_end, b"f " + os.fsencode(path) + b"\0")

    def release(self, *, is_clean: bool) -> None:
        """is_clean: nothing was made, or all is known to be gone. Twice is harmless."""
        if self._write_end < 0:
            return
        os.write(self._write_end, b"clean\0" if is_clean else b"ended\0")
        os.close(self._write_end)
        self._write_end = -1

    def reap(self) -> bool:
        """Collect the guard's exit status if it has left; says whether it has."""
        if self.pid:
            try:
                pid, _ = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else collected it
                pid = self.pid
            if pid:
                self.pid = 0
        return not self.pid


def _stand(read_end: int, run: str, reconnect: Reconnect) -> None:
    """The guard's life. It shares no descriptor with the client, so that no pipe of the user's waits for
    it."""
    try:
        os.setsid()
        for number in (
            signal.SIGINT,
            signal.SIGTERM,
            signal.SIGHUP,
            signal.SIGQUIT,
            signal.SIGUSR1,
            signal.SIGUSR2,
        ):
            signal.signal(number, signal.SIG_IGN)
        signal.set_wakeup_fd(-1)
        os.dup2(read_end, 3)
        os.closerange(4, 65536)
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(nothing, fd)
        os.chdir("/")
        words = _read_words(3)
        if b"clean" not in words:
            _clear(run, reconnect, has_ended=b"ended" in words)
        for word in words:
            if word.startswith(b"f "):
                _unlink(word[2:])
    finally:
        os._exit(0)


def _read_words(fd: int) -> list[bytes]:
    text = bytearray()
    while piece := os.read(fd, 65536):
        text += piece
    return bytes(text).split(b"\0")


def _clear(run: str, reconnect: Reconnect, *, has_ended: bool) -> None:
    """Remove the run's containers and volumes. has_ended: until there are none; else for AFTER_KILL_S in any
    case."""
    end = time.monotonic() + (AFTER_END_S if has_ended else AFTER_KILL_S)
    if has_ended:
        time.sleep(_FIRST_LOOK_S)
    engine: Engine | None = None
    pause = _PAUSE_S
    while time.monotonic() < end:
        try:
            engine = engine or reconnect()
            if not remove_run(engine, run) and has_ended:
                return
        except (EngineError, OSError):
            engine = None
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE_S, pause * 1.3)


def remove_run(engine: Engine, run: str) -> int:
    """Remove what carries the run's label; says how much was found. Volumes go when their containers are
    gone."""
    found = 0
    for container in engine.containers({LABEL_RUN: run}):
        found += 1
        _quietly(engine.remove, container.id)
    for volume in engine.volumes():
        if volume.labels.get(LABEL_RUN) == run:
            found += 1
            _quietly(engine.remove_volume, volume.name)
    return found


def _quietly(action: Callable[[str], None], name: str) -> None:
    """A removal that is already under way, or still in use, is looked at again in the next round."""
    try:
        action(name)
    except EngineError:
        return


def _unlink(path: bytes) -> None:
    try:
        Path(os.fsdecode(path)).unlink()
    except OSError:
        return
