"""The guard: a forked process that outlives the client for a moment and removes what the client could not.

    client ── pipe ── guard
       `ask` … `got`: a request that makes something is on its way … was answered
       its end without a word: the client was killed. Remove all of the run, at once and again until nothing is
       left; after an `ask` without `got`, look on: a busy engine makes things long after their client is dead
       `ended`: boxes are going by themselves; look after a moment that they, and the run's volumes, are gone
       `clean`: nothing was made; leave
The leash covers a started box; this covers create → start, volumes, temporary files, and an engine that fails to remove.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from jitney.engine.protocol import LABEL_RUN, Engine
from jitney.errors import EngineError

AFTER_KILL_S = 30.0
"""How long a create that was asked for is expected, and how often a removal that fails is tried again."""
AFTER_END_S = 10.0
_FIRST_LOOK_S = 0.25
_PAUSE_S = 0.05
_DENSE_S = 3.0
"""Looks are _PAUSE_S apart for so long; then ever rarer, up to _LONGEST_PAUSE_S."""
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

    def note_asked(self) -> None:
        """Something is about to be asked for that the run has to remove. Without `note_got`: it may come late."""
        os.write(self._write_end, b"ask\0")

    def note_got(self) -> None:
        """What was asked for is there, or refused."""
        os.write(self._write_end, b"got\0")

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
        files = [word[2:] for word in words if word.startswith(b"f ")]
        for file in files:
            _unlink(file)
        if b"clean" not in words:
            _clear(Broom(run, reconnect), has_ended=b"ended" in words, awaits=_awaits(words))
        for file in files:  # what a box may still have written there
            _unlink(file)
    finally:
        os._exit(0)


def _read_words(fd: int) -> list[bytes]:
    text = bytearray()
    while piece := os.read(fd, 65536):
        text += piece
    return bytes(text).split(b"\0")


def _awaits(words: list[bytes]) -> bool:
    """Something was asked for, and the client died before it was there."""
    return words.count(b"ask") > words.count(b"got")


def _clear(broom: Broom, *, has_ended: bool, awaits: bool) -> None:
    """Remove the run's containers and volumes until there are none. awaits: look on, since one may still come."""
    if has_ended:
        time.sleep(_FIRST_LOOK_S)
    start = time.monotonic()
    end = start + (AFTER_END_S if has_ended else AFTER_KILL_S)
    pause = _PAUSE_S
    while (now := time.monotonic()) < end:
        if not broom.sweep() and (has_ended or not awaits):
            return
        time.sleep(pause)
        if now - start > _DENSE_S:
            pause = min(_LONGEST_PAUSE_S, pause * 1.3)


class Broom:
    """Removes what carries the run's label. Each removal has a thread and a connection of its own: an engine may take
    10 s over one container (a start under way, a lost exit event), and that must not keep the others."""

    def __init__(self, run: str, reconnect: Reconnect) -> None:
        self._run = run
        self._reconnect = reconnect
        self._engine: Engine | None = None
        self._under_way: set[str] = set()

    def sweep(self) -> bool:
        """Look once and begin to remove what is found. False: nothing is there; an engine that does not answer may
        still have something."""
        try:
            self._engine = self._engine or self._reconnect()
            return self._sweep(self._engine)
        except (EngineError, OSError):
            self._engine = None
            return True

    def _sweep(self, engine: Engine) -> bool:
        containers = [container.id for container in engine.containers({LABEL_RUN: self._run})]
        volumes = [volume.name for volume in engine.volumes() if volume.labels.get(LABEL_RUN) == self._run]
        for name in containers:
            self._begin(name, "remove")
        if not containers:  # before, they are in use
            for name in volumes:
                self._begin(name, "remove_volume")
        return bool(containers or volumes)

    def _begin(self, name: str, action: Literal["remove", "remove_volume"]) -> None:
        import threading

        if name not in self._under_way:
            self._under_way.add(name)
            threading.Thread(target=self._remove, args=(name, action), daemon=True).start()

    def _remove(self, name: str, action: Literal["remove", "remove_volume"]) -> None:
        """What fails is tried again in the next round."""
        try:
            engine = self._reconnect()
            try:
                engine.remove(name) if action == "remove" else engine.remove_volume(name)
            finally:
                engine.close()
        except (EngineError, OSError):
            return
        finally:
            self._under_way.discard(name)


def _unlink(path: bytes) -> None:
    file = Path(os.fsdecode(path))
    try:
        if file.is_dir() and not file.is_symlink():
            import shutil

            shutil.rmtree(file, ignore_errors=True)
        else:
            file.unlink()
    except OSError:
        return
