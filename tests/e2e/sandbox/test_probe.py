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
    status = dict(line.split(":\t", 1) for line in inside["status"] if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, name
    assert status["Uid"].split() == ["65532"] * 4
    assert status["Gid"].split() == ["65532"] * 4
    assert status["Groups"].split() in ([], ["65532"])
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert int(status["Seccomp_filters"]) >= 2


def test_its_limits(inside: dict[str, list[str]]) -> None:
    limits = {line[:26].strip(): line[26:].split() for line in inside["limits"]}
    assert limits["Max core file size"][:2] == ["0", "0"]
    assert limits["Max open files"][:2] == ["333", "333"]
    assert inside["cgroup"] == [str(200 << 20)]
    assert inside["swap"] in ([str(200 << 20)], ["0"])
    assert inside["pids"] == ["77"]


def test_its_mounts(inside: dict[str, list[str]]) -> None:
    mounts = {line.split()[1]: (line.split()[2], line.split()[3].split(",")) for line in inside["mounts"]}
    assert "ro" in mounts["/"][1]
    assert "ro" in mounts["/.jitney"][1]
    for target in ("/src", "/tmp", "/home/jitney", "/run/secrets"):
        kind, options = mounts[target]
        assert kind == "tmpfs" and {"rw", "nosuid", "nodev"} <= set(options), target
        assert {"mode=700", "uid=65532", "gid=65532"} <= set(options)
        assert any(option.startswith("size=") for option in options)
    kernel = ("proc", "devpts")
    writable = {
        target for target, (kind, options) in mounts.items() if "rw" in options and kind not in kernel
    }
    # the last: root's, 0755
    expected = {
        "/src",
        "/tmp",
        "/home/jitney",
        "/run/secrets",
        "/dev",
        "/dev/shm",
        "/dev/mqueue",
        "/sys/fs/cgroup",
    }
    masked = {
        target for target in writable if target.startswith("/proc/")
    }  # /dev/null and empty tmpfs over kernel files
    assert writable - masked - expected == set()
    assert not any(target.endswith("docker.sock") for target in mounts)


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
