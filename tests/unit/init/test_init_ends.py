"""Every end of docs/protocol.md §6, and that nobody outlives it."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import time
from pathlib import Path

import pytest

from .initbox import INIT, Box, frame, job, py, record, run, sh


def ms(tag: str, value: int) -> bytes:
    return record(tag, struct.pack(">Q" if tag == "t" else ">I", value))


def pid_in_box(box: Box) -> int:
    """init's number outside: the only child of `unshare`."""
    pid = box.process.pid
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def test_without_a_job_in_time() -> None:
    began = time.monotonic()
    exit_, _ = run(b"", wait_ms=200)
    assert (exit_.code, exit_.cause) == (125, "n")
    assert time.monotonic() - began < 3


def test_wait_0_waits_for_ever() -> None:
    with Box(wait_ms=0) as box:
        box.until("r")
        time.sleep(0.3)
        box.send(sh("exit 5"))
        assert box.end()[0].code == 5


def test_the_leash_ends_everything() -> None:
    with Box() as box:
        box.send(sh("trap '' TERM HUP INT; (setsid sleep 1000 &) ; echo on; while :; do :; done"))
        box.until("o")
        began = time.monotonic()
        assert box.process.stdin
        box.process.stdin.close()
        assert box.process.wait(5) == 137
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("state", ["unread stdin", "unread stdout", "before the job"])
def test_the_leash_ends_in_every_state(state: str) -> None:
    with Box() as box:
        if state == "unread stdin":
            box.send(sh("sleep 100") + frame("D", b"x" * 65536) * 16)
        elif state == "unread stdout":
            box.send(sh("cat /dev/zero"))
        box.flush()
        time.sleep(0.3)
        assert box.process.stdin
        box.process.stdin.close()
        assert box.process.wait(5) == 137


def test_a_client_that_closed_its_reading_side_ends_everything() -> None:
    with Box() as box:
        box.send(sh("cat /dev/zero"))
        box.until("o")
        assert box.process.stdout
        box.process.stdout.close()
        assert box.process.wait(5) == 137


@pytest.mark.parametrize(("grace", "code", "sig"), [(0, 137, 9), (2000, 143, 15)])
def test_a_deadline(grace: int, code: int, sig: int) -> None:
    exit_, _ = run(sh("sleep 100", ms("t", 200) + ms("g", grace)))
    assert (exit_.code, exit_.signal, exit_.cause) == (code, sig, "t")
    assert 200_000 <= exit_.wall_us < 1_900_000


def test_the_grace_ends_with_a_kill() -> None:
    exit_, said = run(sh("trap 'echo asked' TERM; while :; do sleep 0.05; done", ms("t", 200) + ms("g", 300)))
    assert (exit_.code, exit_.signal, exit_.cause) == (137, 9, "t")
    assert b"asked" in said["o"]
    assert exit_.wall_us >= 500_000


def test_a_program_that_uses_its_grace_keeps_its_exit_code() -> None:
    exit_, _ = run(sh("trap 'exit 9' TERM; while :; do sleep 0.05; done", ms("t", 200) + ms("g", 5000)))
    assert (exit_.code, exit_.cause) == (9, "t")


def test_the_deadline_can_be_moved_and_lifted() -> None:
    with Box() as box:
        box.send(sh("sleep 0.6; exit 4", ms("t", 300)))
        box.until("g")
        box.send(frame("T", struct.pack(">Q", 0)))
        assert box.end()[0].code == 4
    with Box() as box:
        box.send(sh("sleep 100"))
        box.until("g")
        box.send(frame("T", struct.pack(">Q", 100)))
        assert box.end()[0].cause == "t"
    assert run(frame("T", struct.pack(">Q", 100)) + sh("sleep 100"))[0].cause == "t"


def test_a_deadline_beyond_all_time_is_none() -> None:
    assert run(sh("exit 3", ms("t", 2**64 - 1)))[0].code == 3


def test_heartbeats() -> None:
    exit_, _ = run(sh("sleep 100", ms("b", 300)))
    assert (exit_.code, exit_.cause) == (137, "h")
    with Box() as box:
        box.send(sh("sleep 1; exit 6", ms("b", 500)))
        box.flush()
        for _ in range(6):
            time.sleep(0.2)
            box.send(frame("H"))
            box.flush()
        assert box.end()[0].code == 6


def test_a_missed_heartbeat_does_not_wait_for_a_client_that_sleeps() -> None:
    with Box() as box:
        box.send(sh("cat /dev/zero", ms("b", 300)))
        box.flush()
        assert box.process.wait(5) == 137


def test_sigterm_from_outside() -> None:
    with Box() as box:
        box.send(sh("echo on; sleep 100", ms("g", 2000)))
        box.until("o")
        os.kill(pid_in_box(box), signal.SIGTERM)
        exit_, _ = box.end()
    assert (exit_.code, exit_.signal, exit_.cause) == (143, 15, "c")


def test_sigterm_from_outside_before_the_job() -> None:
    with Box() as box:
        box.until("r")
        os.kill(pid_in_box(box), signal.SIGTERM)
        exit_, _ = box.end()
    assert (exit_.code, exit_.cause) == (143, "c")


@pytest.mark.parametrize("sig", [1, 2, 9, 10, 15])
def test_signals_of_the_client(sig: int) -> None:
    with Box() as box:
        box.send(sh("echo on; exec sleep 100"))
        box.until("o")
        box.send(frame("S", bytes([sig])))
        exit_, _ = box.end()
    assert (exit_.code, exit_.signal, exit_.cause) == (128 + sig, sig, "S")


def test_a_signal_before_the_start_is_kept() -> None:
    exit_, _ = run(frame("S", b"\x02") + job("sleep", "100") + frame("G"))
    assert (exit_.code, exit_.cause) == (130, "S")


def test_what_the_program_leaves_behind_is_killed() -> None:
    """The daemon holds the output open; the end must not wait for it, and its output so far is kept."""
    script = "(setsid sh -c 'trap \"\" TERM HUP; echo daemon; sleep 1000' &); sleep 0.3; echo main"
    exit_, said = run(sh(script))
    assert exit_.code == 0
    assert sorted(said["o"].split()) == [b"daemon", b"main"]
    assert exit_.wall_us < 3_000_000


def test_zombies_are_reaped() -> None:
    script = """
import os, time
for _ in range(300):
    if os.fork() == 0:
        if os.fork() == 0: os._exit(0)
        os._exit(0)
    os.wait()
time.sleep(.3)
states = []
for p in os.listdir('/proc'):
    if p.isdigit(): states.append(open(f'/proc/{p}/stat').read().rsplit(')')[1].split()[0])
print(states.count('Z'), len(states))
"""
    assert run(py(script))[1]["o"] == b"0 2\n"


def test_a_fork_bomb_is_over_at_its_deadline() -> None:
    exit_, _ = run(py("import os,time\nfor _ in range(7): os.fork()\ntime.sleep(100)", ms("t", 1000)))
    assert exit_.cause == "t"


def test_elsewhere_than_as_pid_1_only_its_own_descendants_die() -> None:
    """On a bare host init is no PID 1. It must take its daemons along, and nobody else (never kill(-1))."""
    bystander = subprocess.Popen(["sleep", "100"])
    frames = sh("(setsid sleep 1000 & echo $!); sleep 0.2")
    init = subprocess.run([INIT], input=frames, capture_output=True, check=False)
    # Standard input ended at once: the leash.
    assert init.returncode == 137
    with subprocess.Popen([INIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as held:
        assert held.stdin and held.stdout
        held.stdin.write(frames)
        held.stdin.flush()
        said = held.stdout.read()
        assert held.wait() == 0
    daemon = int(said[said.index(b"o\0\0\0") + 8 :].split(b"\n")[0])
    assert not Path(f"/proc/{daemon}").exists()
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_standard_input_must_be_a_pipe(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+") as file:
        done = subprocess.run([INIT], stdin=file, capture_output=True, check=False)
    assert done.returncode == 125
    assert b"must be pipes or sockets" in done.stderr


@pytest.mark.parametrize("words", [["--wait"], ["--wait", "x"], ["--wait", "-1"], ["--wait", ""], ["x"]])
def test_a_wrong_command_line(words: list[str]) -> None:
    done = subprocess.run([INIT, *words], capture_output=True, check=False)
    assert done.returncode == 125
    assert done.stderr.startswith(b"jitney init: ")


def test_a_job_that_is_sent_byte_by_byte() -> None:
    with Box() as box:
        for byte in job("true") + frame("G"):
            box.send(bytes([byte]))
            box.flush()
        assert box.end()[0].code == 0
