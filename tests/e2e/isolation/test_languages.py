"""Two programs in different languages at once, each with a model beside it: neither sees anything of the other.

Each marks its sandbox in every way it can, then looks for its own mark (and finds it, so the look is worth something) and for
the other's.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jitney.engine.protocol import LABEL_RUN, Engine
from tests.conftest import JITNEY

pytestmark = [pytest.mark.engine, pytest.mark.model]
PROBES = Path(__file__).with_name("probes")
MARKS = ["environment", "files", "port", "processes", "secrets", "sockets"]


class Probe:
    """A running probe: `look(mark, port)` → where it sees them. device: where its model's sockets lie; run: its id."""

    def __init__(self, name: str, mark: str, port: int, folder: Path) -> None:
        folder.mkdir()
        source = shutil.copy(PROBES / name, folder / name)
        (folder / "secret").write_text(f"secret of {mark}")
        options = ["--model", "smollm2", "--env", f"NOTE={mark}", "--secret", f"TOKEN={folder / 'secret'}"]
        argv = [JITNEY, "run", "--json", *options, source, mark, str(port)]
        self.mark, self.port, self.run = mark, port, ""
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def device(self) -> str:
        """Once it is up."""
        return self._line()

    def look(self, mark: str, port: int) -> list[str]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{mark} {port}\n".encode())
        self._process.stdin.flush()
        found: list[str] = json.loads(self._line())
        return found

    def end(self) -> int:
        """The exit code."""
        self._process.communicate(timeout=60)
        return self._process.returncode

    def _line(self) -> str:
        """What the program prints next."""
        for event in self._events():
            self.run = event.get("run", self.run)
            if event["event"] == "output" and event["stream"] == "stdout":
                return str(event["text"]).strip()
        raise AssertionError(f"{self.mark} ended: {self._process.wait(10)}")

    def _events(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield json.loads(line)


def still_there(engine: Engine, run: str) -> list[str]:
    """What is left of a run; others may run on this machine meanwhile."""
    assert run, "it was told when it started"
    boxes = [box.id for box in engine.containers({LABEL_RUN: run})]
    return boxes + [volume.name for volume in engine.volumes() if volume.labels.get(LABEL_RUN) == run]


@pytest.mark.parametrize(
    "first, second",
    [
        ("probe.py", "probe.go"),
        pytest.param("probe.mjs", "probe.rb", marks=pytest.mark.slow),
        pytest.param("probe.rb", "probe.go", marks=pytest.mark.slow),
    ],
)
def test_neither_sees_the_other(first: str, second: str, tmp_path: Path, engine: Engine) -> None:
    one = Probe(first, "markheron7", 8901, tmp_path / "one")
    other = Probe(second, "markotter7", 8902, tmp_path / "other")
    assert one.device() != other.device(), "each has its own model's sockets"
    for probe, stranger in ((one, other), (other, one)):
        assert probe.look(probe.mark, probe.port) == MARKS, "it finds itself in every way"
        assert probe.look(stranger.mark, stranger.port) == []
    assert (one.end(), other.end()) == (0, 0)
    deadline = time.monotonic() + 2
    while left := [*still_there(engine, one.run), *still_there(engine, other.run)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
