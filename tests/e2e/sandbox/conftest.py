"""Boxes for tests: `run_box(argv, …)` → Ran, on the real engine; nothing may be left afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest

from jitney.engine import connect
from jitney.plan.model import SandboxPlan
from jitney.sandbox.box import box_spec
from jitney.sandbox.job import Job
from jitney.sandbox.outcome import Outcome
from jitney.sandbox.run import Session
from jitney.sandbox.stdio import Stdio

from .image import make_image

ENV = {"PATH": "/bin", "HOME": "/home/jitney"}


class Ran(msgspec.Struct):
    outcome: Outcome
    stdout: bytes
    stderr: bytes


RunBox = Callable[..., Ran]


@pytest.fixture(scope="session")
def image() -> Iterator[str]:
    engine = connect()
    yield make_image(engine)
    engine.close()


@pytest.fixture
def run_box(image: str) -> Iterator[RunBox]:
    engine = connect()

    def run(
        *argv: str,
        stdin: int | bytes | None = None,
        plan: SandboxPlan | None = None,
        archive: list[bytes] | None = None,
        keep_output: bool = True,
        session_options: dict[str, object] | None = None,
        **job: object,
    ) -> Ran:
        out, err = bytearray(), bytearray()
        with Session(engine, **(session_options or {})) as session:  # type: ignore[arg-type]  # a test's own options
            box = session.park(box_spec(plan or SandboxPlan(memory_bytes=256 << 20), image))
            whole = msgspec.convert({"argv": argv, "env": ENV, **job}, Job)
            take = out.extend if keep_output else lambda data: None
            session.submit(box, whole, Stdio(stdin=stdin, stdout=take, stderr=err.extend), archive)
            outcome = session.wait(box)
        return Ran(outcome, bytes(out), bytes(err))

    yield run
    engine.close()
