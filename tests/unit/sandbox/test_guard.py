"""The guard, with the engine that ships for tests: what it removes, when, and what it leaves alone."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from jitney.engine.protocol import ContainerInfo, Engine, VolumeInfo
from jitney.errors import EngineError
from jitney.sandbox.guard import Broom, Guard


class Shelf:
    """Containers and volumes of two runs, as files in a folder: the guard is another process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("c-mine", "v-mine", "c-other", "v-other"):
            (folder / name).touch()

    def containers(self, labels: dict[str, str]) -> list[ContainerInfo]:
        run = labels["jitney.run"]
        return [
            ContainerInfo(id=path.name, image="", state="running", created=0, labels=labels)
            for path in self.folder.glob(f"c-{run}*")
        ]

    def volumes(self) -> list[VolumeInfo]:
        return [
            VolumeInfo(name=path.name, labels={"jitney.run": path.name.split("-")[1]})
            for path in self.folder.glob("v-*")
        ]

    def close(self) -> None:
        """It has no connection."""

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def remove_volume(self, name: str) -> None:
        if list(self.folder.glob(f"c-{name.split('-')[1]}*")):
            raise EngineError("volume is in use")
        (self.folder / name).unlink()

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def guard_of(shelf: Shelf) -> Guard:
    return Guard("mine", lambda: as_engine(shelf))


def as_engine(shelf: Shelf) -> Engine:
    return shelf  # type: ignore[return-value]  # the part of an engine that the guard uses


def left(guard: Guard, within_s: float) -> bool:
    end = time.monotonic() + within_s
    while not guard.reap():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_a_killed_client_is_cleaned_up_after(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client dies without a word: its end of the pipe closes. A create that was under way is found
    too."""
    monkeypatch.setattr("jitney.sandbox.guard.AFTER_KILL_S", 2.0)
    temporary = tmp_path / "temporary"
    temporary.touch()
    guard = guard_of(shelf)
    guard.note_file(str(temporary))
    guard.note_asked()
    os.close(guard._write_end)
    time.sleep(0.5)
    assert shelf.names == ["c-other", "v-other"], "files go at once"
    (tmp_path / "c-mine-late").touch()
    assert left(guard, 5)
    assert shelf.names == ["c-other", "v-other"]


def test_an_ended_run_is_looked_after(shelf: Shelf) -> None:
    guard = guard_of(shelf)
    guard.release(is_clean=False)
    guard.release(is_clean=False)
    assert left(guard, 3)
    assert shelf.names == ["c-other", "v-other"]


def test_a_clean_end_touches_nothing_and_is_over_at_once(shelf: Shelf) -> None:
    guard = guard_of(shelf)
    guard.release(is_clean=True)
    assert left(guard, 1)
    assert len(shelf.names) == 4


def test_the_guard_holds_none_of_the_clients_descriptors(shelf: Shelf) -> None:
    """Else a pipe of the user's would not end before the guard leaves."""
    ours, theirs = socket.socketpair()
    guard = guard_of(shelf)
    theirs.close()
    ours.settimeout(2)
    assert ours.recv(1) == b""
    ours.close()
    guard.release(is_clean=True)
    assert left(guard, 1)


def test_a_killed_client_that_waited_for_nothing_keeps_no_guard(shelf: Shelf) -> None:
    guard = guard_of(shelf)
    guard.note_asked()
    guard.note_got()
    os.close(guard._write_end)
    assert left(guard, 2)
    assert shelf.names == ["c-other", "v-other"]


def test_a_removal_that_hangs_keeps_no_other(tmp_path: Path) -> None:
    class Hanging(Shelf):
        def remove(self, name: str) -> None:
            time.sleep(3600 if name == "c-mine" else 0)
            super().remove(name)

    shelf = Hanging(tmp_path)
    (tmp_path / "c-mine-too").touch()
    broom = Broom("mine", lambda: as_engine(shelf))
    assert broom.sweep()
    end = time.monotonic() + 2
    while "c-mine-too" in shelf.names and time.monotonic() < end:
        time.sleep(0.01)
    assert shelf.names == ["c-mine", "c-other", "v-mine", "v-other"]
