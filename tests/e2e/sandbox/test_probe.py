"""The effective state: what is really true inside a box, read by a program in it, not by looking at flags."""

from __future__ import annotations

import msgspec
import pytest

from jitney.engine.protocol import Engine
from jitney.plan.model import SandboxPlan
from jitney.sandbox.box import box_spec
from jitney.sandbox.job import Job
from jitney.sandbox.run import Session
from jitney.sandbox.stdio import Stdio

from .conftest import ENV, RunBox
from .state import assert_limited, assert_locked, assert_powerless

pytestmark = pytest.mark.engine

PROBE = """
echo == status; cat /proc/self/status
echo == limits; cat /proc/self/limits
echo == mounts; cat /proc/self/mounts
echo == net; ls /sys/class/net
echo == devices; ls /dev
echo == cgroup; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null
echo == swap; cat /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes /sys/fs/cgroup/memory.swap.max 2>/dev/null
echo == pids; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null
echo == processes; ls /proc | tr -cd '0-9\\n' | tr '\\n' ' '
echo == env; env
echo == fds; ls /proc/self/fd
"""

DEVICES = set(
    [
        "core",
        "fd",
        "full",
        "mqueue",
        "null",
        "ptmx",
        "pts",
        "random",
        "shm",
        "stderr",
        "stdin",
        "stdout",
        "tty",
        "urandom",
        "zero",
    ]
)


def sections(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in text.split("== ")[1:]:
        name, _, body = part.partition("\n")
        found[name] = body.splitlines()
    return found


@pytest.fixture
def inside(run_box: RunBox) -> dict[str, list[str]]:
    plan = SandboxPlan(memory_bytes=200 << 20, pids=77, nofile=333)
    ran = run_box("sh", "-c", PROBE, plan=plan, secrets={"KEY": b"sesame"})
    assert ran.outcome.exit_code == 0, ran
    return sections(ran.stdout.decode())


def test_who_it_is_and_what_it_may(inside: dict[str, list[str]]) -> None:
    assert_powerless(inside["status"])


def test_its_limits(inside: dict[str, list[str]]) -> None:
    assert_limited(inside["limits"], nofile=333)
    assert inside["cgroup"] == [str(200 << 20)]
    assert inside["swap"] in ([str(200 << 20)], ["0"])
    assert inside["pids"] == ["77"]


def test_its_mounts(inside: dict[str, list[str]]) -> None:
    assert_locked(inside["mounts"])


def test_its_surroundings(inside: dict[str, list[str]]) -> None:
    assert inside["net"] == ["lo"]
    assert set(inside["devices"]) - DEVICES == set()
    processes = {int(number) for number in " ".join(inside["processes"]).split()}
    assert 1 in processes and len(processes) < 8
    assert {line.split("=")[0] for line in inside["env"]} <= {"PATH", "HOME", "PWD", "SHLVL", "OLDPWD", "_"}
    assert {int(number) for number in inside["fds"]} <= {0, 1, 2, 3}
    assert "sesame" not in str(inside)


def test_inspect_shows_nothing_of_the_job(engine: Engine, image: str) -> None:
    with Session(engine) as session:
        box = session.park(box_spec(SandboxPlan(memory_bytes=128 << 20), image))
        job = Job(argv=("sleep", "31"), env={**ENV, "TOKEN": "sesame"}, secrets={"KEY": b"sesame"})
        session.submit(box, job, Stdio(stdin=None))
        session.serve_for(0.2)
        text = msgspec.json.encode(engine.inspect(box.container)).decode()
    assert "sesame" not in text and '"sleep"' not in text
    assert '"NetworkDisabled":true' in text and '"AutoRemove":true' in text and '"Privileged":false' in text
