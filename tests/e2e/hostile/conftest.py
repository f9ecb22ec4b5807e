"""Attacks through the command: `attack("bomb", "--timeout", "1s")` → what `jitney run --json` says became of it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jitney.engine.protocol import Engine
from tests.conftest import Jitney

from ..sandbox.image import hostile

PROGRAM = "jitney.program"
"""On a program's box: what the user called it."""

BECOME = """import os, sys
here = os.path.dirname(os.path.abspath(__file__))
os.execv(os.path.join(here, "hostile"), ["hostile", *sys.argv[1:]])
"""


class Ended(msgspec.Struct):
    """exited: the last event; out, err: the program's bytes; started: the run's id."""

    exited: dict[str, Any]
    out: bytes
    err: bytes
    blocked: list[str]
    code: int

    @property
    def verdict(self) -> tuple[str, int]:
        return self.exited["cause"], self.code


Attack = Callable[..., Ended]


def read_events(text: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def output(events: list[dict[str, Any]], stream: str) -> bytes:
    return b"".join(
        base64.b64decode(event["base64"]) if "base64" in event else event["text"].encode()
        for event in events
        if event["event"] == "output" and event["stream"] == stream
    )


@pytest.fixture
def assert_nothing_left(engine: Engine, tmp_path: Path) -> Callable[[], None]:
    """Within two seconds no container is left of programs below tmp_path: others may run on this machine meanwhile."""

    def check() -> None:
        end = time.monotonic() + 2
        while (left := _boxes(engine, str(tmp_path))) and time.monotonic() < end:
            time.sleep(0.05)
        assert not left

    return check


def _boxes(engine: Engine, folder: str) -> list[str]:
    return [
        f"{box.labels[PROGRAM]} {box.state}"
        for box in engine.containers()
        if box.labels.get(PROGRAM, "").startswith(folder)
    ]


@pytest.fixture
def lair(tmp_path: Path) -> Path:
    """A folder with main.py, which becomes the C program of the sandbox's own tests, beside it."""
    (tmp_path / "main.py").write_text(BECOME)
    program = tmp_path / "hostile"
    program.write_bytes(hostile())
    program.chmod(0o755)
    return tmp_path


@pytest.fixture
def attack(lair: Path, jitney: Jitney, assert_nothing_left: Callable[[], None]) -> Iterator[Attack]:
    """`attack(*words, options=…, code=…)`: words for `hostile`, or for the Python text `code`. Nothing may be left."""

    def run(*words: str, options: tuple[str, ...] = (), code: str = "", stdin: bytes = b"") -> Ended:
        if code:
            (lair / "main.py").write_text(code)
        done = jitney("run", "--json", "--memory", "128m", *options, lair / "main.py", *words, stdin=stdin)
        events = read_events(done.stdout)
        assert events and events[-1]["event"] == "exited", (events[-1:], done.stderr)
        assert events[-1]["code"] == done.returncode
        blocked = [event["host"] for event in events if event["event"] == "blocked"]
        return Ended(events[-1], output(events, "stdout"), output(events, "stderr"), blocked, done.returncode)

    yield run
    assert_nothing_left()
