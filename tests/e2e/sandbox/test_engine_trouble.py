"""Trouble with the engine: it dies during a run; several clients bring init at once; heartbeats over a slow
line."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from jitney.engine import connect
from jitney.engine.protocol import LABEL_RUN, ContainerSpec, Engine
from jitney.errors import EngineError
from jitney.plan.model import SandboxPlan
from jitney.sandbox.box import box_spec
from jitney.sandbox.initvolume import is_missing_init
from jitney.sandbox.job import Job
from jitney.sandbox.run import Session
from jitney.sandbox.stdio import Stdio

from ..road.proxy import SocketProxy
from .conftest import ENV, RunBox
from .test_life import assert_gone

pytestmark = pytest.mark.engine

SMALL = SandboxPlan(memory_bytes=128 << 20)


def test_an_engine_that_dies_is_told_apart(image: str, engine: Engine, tmp_path: Path) -> None:
    with SocketProxy(tmp_path / "engine.sock") as proxy:
        weak = connect(f"unix://{proxy.path}")
        with Session(weak) as session:
            box = session.park(box_spec(SMALL, image))
            session.submit(box, Job(argv=("sleep", "60"), env=ENV), Stdio(stdin=None))
            session.serve_for(0.3)
            proxy.cut()
            outcome = session.wait(box)
        weak.close()
    assert (outcome.cause, outcome.exit_code, outcome.started) == ("engine-gone", 125, True)
    assert_gone(engine, session.run, 2.0)


def test_an_image_that_is_not_there_leaves_nothing(engine: Engine) -> None:
    with Session(engine) as session, pytest.raises(EngineError, match="jitney-no-such-image"):
        session.park(box_spec(SMALL, "jitney-no-such-image:1"))
    assert_gone(engine, session.run, 2.0)


def test_a_failed_start_leaves_nothing(engine: Engine, image: str) -> None:
    spec = ContainerSpec(image=image, argv=("/no/such/program",), labels={"jitney": "run"})
    with Session(engine) as session:
        with pytest.raises(EngineError) as caught:
            session.park(spec)
        assert not is_missing_init(caught.value)
        assert engine.containers({LABEL_RUN: session.run}) == []


RACER = """
import sys
from jitney.engine import connect
from jitney.plan.model import SandboxPlan
from jitney.sandbox import box, initvolume
initvolume.volume_name = lambda arch: sys.argv[2]
from jitney.sandbox.job import Job
from jitney.sandbox.run import Session
from jitney.sandbox.stdio import Stdio
with Session(connect()) as session:
    parked = session.park(box.box_spec(SandboxPlan(memory_bytes=128 << 20), sys.argv[1]))
    session.submit(parked, Job(argv=("true",), env={"PATH": "/bin"}), Stdio(stdin=None))
    sys.exit(session.wait(parked).exit_code)
"""


def test_clients_that_bring_init_at_once_do_not_disturb_each_other(engine: Engine, image: str) -> None:
    volume = "jitney-init-race-test"
    racers = [subprocess.Popen([sys.executable, "-c", RACER, image, volume]) for _ in range(4)]
    try:
        assert [racer.wait(60) for racer in racers] == [0] * 4
    finally:
        end = time.monotonic() + 5
        while volume in [v.name for v in engine.volumes()] and time.monotonic() < end:
            try:
                engine.remove_volume(volume)
            except EngineError:  # a box is still going
                time.sleep(0.1)
    assert volume not in [v.name for v in engine.volumes()]


def test_heartbeats_keep_a_box_and_silence_ends_it(run_box: RunBox, engine: Engine, image: str) -> None:
    assert run_box("sleep", "1.2", heartbeat_s=0.4).outcome.exit_code == 0
    with Session(engine) as session:
        box = session.park(box_spec(SMALL, image))
        session.submit(box, Job(argv=("sleep", "60"), env=ENV, heartbeat_s=0.4), Stdio(stdin=None))
        session.serve_for(0.2)
        time.sleep(1.0)  # the client hangs
        outcome = session.wait(box)
    assert outcome.cause == "leash" and outcome.message
