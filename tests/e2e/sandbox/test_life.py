"""The life of a box on the real engine: codes, streams, limits, ends; and that nothing is left."""

from __future__ import annotations

import hashlib
import io
import os
import random
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import msgspec
import pytest

from jitney.engine.protocol import LABEL_OWNER, LABEL_RUN, Engine
from jitney.plan.model import SandboxPlan
from jitney.sandbox.box import box_spec, socket_mount, socket_volume_options
from jitney.sandbox.deliver import deliver_tree
from jitney.sandbox.job import Job, Relay, Serve
from jitney.sandbox.owner import world
from jitney.sandbox.run import Session
from jitney.sandbox.stdio import Stdio
from jitney.sandbox.sweep import sweep

from .conftest import ENV, RunBox

pytestmark = pytest.mark.engine

WITHIN_S = 2.0
"""Until all of a killed client is gone: 0.1 s mostly, 0.3 s at most on a quiet machine, 1.4 s on one with load 10."""


@pytest.mark.parametrize(
    ("script", "code", "cause", "number"),
    [
        ("exit 0", 0, "exited", 0),
        ("exit 7", 7, "exited", 0),
        ("kill -SEGV $$", 139, "signalled", 11),
        ("kill -KILL $$", 137, "signalled", 9),
    ],
)
def test_exit_codes(run_box: RunBox, script: str, code: int, cause: str, number: int) -> None:
    outcome = run_box("sh", "-c", script).outcome
    assert (outcome.exit_code, outcome.cause, outcome.signal) == (code, cause, number)
    assert outcome.started and outcome.wall_s > 0 and outcome.peak_memory_bytes > 0


def test_a_command_that_is_not_there(run_box: RunBox) -> None:
    outcome = run_box("nosuch").outcome
    assert (outcome.exit_code, outcome.started) == (127, False)
    assert "nosuch" in outcome.message


def echoes(engine: Engine, image: str, size: int, tmp_path: Path) -> None:
    """Bytes from a file through the box and back are the same."""
    data, digest = tmp_path / "in", hashlib.sha256()
    block = os.urandom(1 << 20)
    with data.open("wb") as out:
        for index in range(size >> 20):
            piece = index.to_bytes(4, "big") + block[4:]
            out.write(piece)
            digest.update(piece)
    back = hashlib.sha256()
    count = 0
    reader, writer = os.pipe()

    def drain() -> None:
        nonlocal count
        while piece := os.read(reader, 1 << 20):
            back.update(piece)
            count += len(piece)

    thread = threading.Thread(target=drain)
    thread.start()
    with data.open("rb") as source, Session(engine) as session:
        box = session.park(box_spec(SandboxPlan(memory_bytes=256 << 20), image))
        session.submit(box, Job(argv=("cat",), env=ENV), Stdio(stdin=source.fileno(), stdout=writer))
        outcome = session.wait(box)
    os.close(writer)
    thread.join()
    os.close(reader)
    assert (outcome.exit_code, count, back.hexdigest()) == (0, size, digest.hexdigest())


def test_bytes_are_identical(engine: Engine, image: str, tmp_path: Path) -> None:
    echoes(engine, image, 64 << 20, tmp_path)


@pytest.mark.slow
def test_a_gigabyte_is_identical(engine: Engine, image: str, tmp_path: Path) -> None:
    echoes(engine, image, 1 << 30, tmp_path)


def test_source_and_secrets_arrive_and_are_nowhere_else(run_box: RunBox, image: str) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in ("main.txt", "deep/" * 30 + "long-name-in-a-deep-folder.txt"):
            info = tarfile.TarInfo(name)
            info.size, info.mode = 5, 0o640
            tar.addfile(info, io.BytesIO(b"words"))
    script = f"cat main.txt {'deep/' * 30}*.txt; cat /run/secrets/KEY; env"
    for secrets in ({}, {"KEY": b"sesame"}):
        ran = run_box("sh", "-c", script, archive=[out.getvalue()], secrets=secrets)
        want = b"wordswords" + secrets.get("KEY", b"")
        assert ran.stdout.startswith(want), ran
        assert b"sesame" not in ran.stdout[len(want) :]


def test_time_out(run_box: RunBox) -> None:
    start = time.monotonic()
    outcome = run_box("hostile", "deaf", deadline_s=0.5, grace_s=0.3).outcome
    assert (outcome.exit_code, outcome.cause) == (124, "timed-out")
    assert time.monotonic() - start < 4


def test_disk_full(run_box: RunBox) -> None:
    plan = SandboxPlan(memory_bytes=256 << 20, tmpfs={"/tmp": 4 << 20})
    outcome = run_box("dd", "if=/dev/zero", "of=/tmp/x", "bs=1M", "count=16", plan=plan).outcome
    assert (outcome.cause, outcome.exit_code) == ("disk-full", 1)


def test_closed_output_ends_the_program_like_a_shell_would(engine: Engine, image: str) -> None:
    for program in (("yes",), ("hostile", "pipe")):
        reader, writer = os.pipe()
        threading.Timer(0.4, os.close, (reader,)).start()
        with Session(engine) as session:
            box = session.park(box_spec(SandboxPlan(memory_bytes=256 << 20), image))
            session.submit(box, Job(argv=program, env=ENV), Stdio(stdin=None, stdout=writer))
            outcome = session.wait(box)
        os.close(writer)
        assert (outcome.exit_code, outcome.signal) == (141, 13)


def test_two_boxes_a_relay_between_them_and_a_question(engine: Engine, image: str) -> None:
    """A server beside the program, reached over a socket in a shared volume, with no network in either."""
    plan = SandboxPlan(memory_bytes=128 << 20)
    serve = (
        "while true; do "
        "printf 'HTTP/1.0 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello' | nc -l -p 8000 ; done"
    )
    out = bytearray()
    with Session(engine) as session:
        volume = session.volume("model", socket_volume_options(plan.user))
        server = session.park(
            box_spec(plan, image, kind="model", mounts=(socket_mount(volume, is_server=True),))
        )
        client = session.park(box_spec(plan, image, mounts=(socket_mount(volume, is_server=False),)))
        session.submit(
            server,
            Job(argv=("sh", "-c", serve), env=ENV, serves=(Serve("/run/jitney/model.sock", 8000),)),
            Stdio(stdin=None, stdout=None, stderr=None),
        )
        reply = None
        for _ in range(50):
            reply = session.ask(server, 8000, b"GET / HTTP/1.0\r\n\r\n", 2)
            if reply:
                break
            session.serve_for(0.05)
        assert reply is not None and reply.endswith(b"hello")
        script = (
            "for i in 1 2 3 4 5; do wget -q -O - http://127.0.0.1:8080/ && exit 0; sleep 0.2; done; exit 1"
        )
        session.submit(
            client,
            Job(argv=("sh", "-c", script), env=ENV, relays=(Relay(8080, "/run/jitney/model.sock"),)),
            Stdio(stdin=None, stdout=out.extend, stderr=None),
        )
        outcome = session.wait(client)
        assert not session.is_over(server)
        session.end(server)
        session.end(server)
    assert (outcome.exit_code, bytes(out)) == (0, b"hello")
    assert_gone(engine, session.run, 2.0)


def test_a_delivered_tree_is_read_only(engine: Engine, image: str) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo("weights.bin")
        info.size, info.mode = 5, 0o644
        tar.addfile(info, io.BytesIO(b"heavy"))
    got = bytearray()
    with Session(engine) as session:
        name = session.volume_name("weights")
        mount = deliver_tree(
            engine, [out.getvalue()], volume=name, target="/models", image=image, labels=session.labels
        )
        box = session.park(box_spec(SandboxPlan(memory_bytes=128 << 20), image, mounts=(mount,)))
        job = Job(argv=("sh", "-c", "cat /models/weights.bin; (echo x > /models/x) || echo ro"), env=ENV)
        session.submit(box, job, Stdio(stdin=None, stdout=got.extend, stderr=None))
        session.wait(box)
    assert bytes(got) == b"heavyro\n"
    assert_gone(engine, session.run, 2.0)


def test_removal_from_outside_is_told(engine: Engine, image: str) -> None:
    with Session(engine) as session:
        box = session.park(box_spec(SandboxPlan(memory_bytes=128 << 20), image))
        session.submit(box, Job(argv=("sleep", "60"), env=ENV), Stdio(stdin=None))
        session.serve_for(0.2)
        subprocess.run(["docker", "rm", "-f", box.container], check=True, capture_output=True)
        outcome = session.wait(box)
    assert outcome.cause == "killed-by-user" and outcome.exit_code == 137 and outcome.message


def test_sweep_takes_the_dead_and_leaves_the_living(engine: Engine, image: str) -> None:
    with Session(engine) as session:
        box = session.park(box_spec(SandboxPlan(memory_bytes=128 << 20), image))
        spec = box_spec(SandboxPlan(memory_bytes=128 << 20), image)
        dead = {**spec.labels, LABEL_RUN: "feedfeedfeedfeed", LABEL_OWNER: f"{world()}:999999999:1"}
        left = engine.create(msgspec.structs.replace(spec, labels=dead))
        engine.create_volume("jitney-feedfeedfeedfeed-x", dead)
        assert sweep(engine) >= 2
        ids = [container.id for container in engine.containers()]
        assert left not in ids and box.container in ids
        assert "jitney-feedfeedfeedfeed-x" not in [volume.name for volume in engine.volumes()]


def what_is_left(engine: Engine, run: str) -> list[str]:
    boxes = [c.id for c in engine.containers({LABEL_RUN: run})]
    return boxes + [v.name for v in engine.volumes() if v.labels.get(LABEL_RUN) == run]


def assert_gone(engine: Engine, run: str, within_s: float) -> None:
    end = time.monotonic() + within_s
    while what_is_left(engine, run) and time.monotonic() < end:
        time.sleep(0.05)
    assert what_is_left(engine, run) == []


CLIENT = """
import sys
from jitney.engine import connect
from jitney.plan.model import SandboxPlan
from jitney.sandbox.box import box_spec
from jitney.sandbox.job import Job
from jitney.sandbox.run import Session
from jitney.sandbox.stdio import Stdio
with Session(connect(), say=lambda line: print(line, file=sys.stderr, flush=True)) as session:
    print(session.run, flush=True)
    session.volume("v")
    box = session.park(box_spec(SandboxPlan(memory_bytes=128 << 20), sys.argv[1]))
    session.submit(box, Job(argv=tuple(sys.argv[2:]), env={"PATH": "/bin"}), Stdio())
    outcome = session.wait(box)
sys.exit(outcome.exit_code)
"""


def client(image: str, *argv: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, image, *argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def close(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def kill_at_random(engine: Engine, image: str, count: int) -> None:
    rng = random.Random(5)
    for _ in range(count):
        process = client(image, "hostile", "deaf")
        assert process.stdout is not None
        run = process.stdout.readline().decode().strip()
        time.sleep(rng.uniform(0, 0.18))
        process.kill()
        process.wait()
        close(process)
        assert_gone(engine, run, WITHIN_S)


def test_killed_clients_leave_nothing(engine: Engine, image: str) -> None:
    kill_at_random(engine, image, 20)


@pytest.mark.slow
def test_many_killed_clients_leave_nothing(engine: Engine, image: str) -> None:
    kill_at_random(engine, image, 100)


@pytest.mark.parametrize(
    ("script", "numbers", "code"),
    [
        ("trap 'echo got; exit 5' INT; echo up; while true; do sleep 0.1; done", [2], 5),
        ("echo up; exec sleep 60", [2], 130),
        ("echo up; exec sleep 60", [15], 143),
        ("echo up; exec hostile deaf", [2, 2, 2], 137),
        ("echo up; exec hostile deaf", [1], 129),
        ("trap 'exit 9' USR1; echo up; while true; do sleep 0.1; done", [10], 9),
    ],
)
def test_signals_reach_the_program(
    engine: Engine, image: str, script: str, numbers: list[int], code: int
) -> None:
    process = client(image, "sh", "-c", script)
    assert process.stdout is not None
    run = process.stdout.readline().decode().strip()
    assert process.stdout.readline() == b"up\n"
    for number in numbers:
        time.sleep(0.15)
        process.send_signal(number)
    assert process.wait(20) == code
    close(process)
    assert_gone(engine, run, 2.5)
