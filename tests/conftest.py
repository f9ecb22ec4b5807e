"""The harness that reads like use: run the real command, then assert that nothing is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from jitney.engine import connect
from jitney.engine.protocol import LABEL_OWNER, LABEL_RUN, Engine
from jitney.sandbox.owner import life_of, owner, world

JITNEY = Path(sys.executable).with_name("jitney")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Of tests/contract/runtimes (its test_contract.py says how they are used)."""
    group = parser.getgroup("contract of runtimes")
    group.addoption("--contract-json", default="", metavar="FILE", help="keep what was found")
    group.addoption("--contract-runtimes", default="", metavar="A,B", help="these alone, slow ones too")
    group.addoption("--contract-url", default="", metavar="URL", help="ask this server, start none")
    group.addoption("--contract-name", default="a server", metavar="NAME", help="how it is called")
    group.addoption("--contract-model", default="smollm2", metavar="NAME", help="its model's name")
    group.addoption("--contract-features", default="chat,completions", metavar="A,B", help="what it offers")
    group.addoption(
        "--contract-box", default="", metavar="ID", help="its container's id, for the time it computes"
    )


class Jitney(Protocol):
    """`jitney("run", "chat.py", stdin=b"…")` → the finished process, output as bytes."""

    def __call__(
        self,
        *arguments: str | Path,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 280,
    ) -> subprocess.CompletedProcess[bytes]: ...


@pytest.fixture
def jitney() -> Jitney:
    """The command as installed, run as a user runs it."""

    def run(
        *arguments: str | Path,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 280,
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [JITNEY, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture
def engine() -> Iterator[Engine]:
    """The real engine."""
    real = connect()
    yield real
    real.close()


def give_away(folder: Path) -> int:
    """Make the folder an ordinary user's, and say whose: root gives it to somebody, anybody else owns it already."""
    if os.geteuid() == 0:
        os.chown(folder, 4711, 4711)
    return folder.stat().st_uid


def leftovers(engine: Engine) -> list[str]:
    """Containers and volumes of runs that the engine has now, and whose client is this process, or is over: what another
    living client has is no leftover."""
    boxes = [f"container {box.id[:12]} {box.state}" for box in engine.containers() if _counts(box.labels)]
    return boxes + [f"volume {volume.name}" for volume in engine.volumes() if _counts(volume.labels)]


def _counts(labels: Mapping[str, str]) -> bool:
    whose = labels.get(LABEL_OWNER, "")
    return LABEL_RUN in labels and (whose == owner() or life_of(whose, world()) != "alive")


@pytest.fixture
def assert_nothing_left(engine: Engine) -> Callable[[], None]:
    """Call it at the end: within two seconds no container and no volume of a run is left."""
    before = set(leftovers(engine))

    def check() -> None:
        deadline = time.monotonic() + 2
        while (left := set(leftovers(engine)) - before) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not left

    return check
