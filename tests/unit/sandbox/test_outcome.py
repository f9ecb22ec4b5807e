"""Verdicts: what the exit frame and the client's own knowledge come to."""

from __future__ import annotations

import os
import struct

import msgspec
import pytest

from jitney.engine.protocol import VolumeMount
from jitney.errors import SandboxError
from jitney.plan.model import SandboxPlan
from jitney.sandbox import owner as owners
from jitney.sandbox.box import box_spec, ids
from jitney.sandbox.frames import ProtocolError
from jitney.sandbox.outcome import Ending, Outcome, conclude, gone, hung_up, read_exit


def verdict(code: int, signal: int, cause: bytes, flags: int = 0, **known: object) -> Outcome:
    payload = struct.pack(">BBBBIQQQ", code, signal, cause[0], flags, 2048, 1_500_000, 250_000, 3_000_000)
    return conclude(read_exit(payload), msgspec.convert({"started": True, **known}, Ending))


@pytest.mark.parametrize(
    ("name", "frame", "want"),
    [
        ("by itself", (0, 0, b"e"), (0, "exited")),
        ("with a code", (3, 0, b"e"), (3, "exited")),
        ("crash", (139, 11, b"s"), (139, "signalled")),
        ("deadline", (137, 9, b"t"), (124, "timed-out")),
        ("deadline, and it obeyed", (143, 15, b"t"), (124, "timed-out")),
        ("memory", (137, 9, b"s", 1), (137, "out-of-memory")),
        ("memory, a child's, and the program failed", (1, 0, b"e", 1), (1, "out-of-memory")),
        ("memory, a child's, and the program went on", (0, 0, b"e", 1), (0, "exited")),
        ("disk", (1, 0, b"e", 2), (1, "disk-full")),
        ("disk, and it went on", (0, 0, b"e", 2), (0, "exited")),
        ("Ctrl-C", (130, 2, b"S"), (130, "killed-by-user")),
        ("docker stop", (143, 15, b"c"), (143, "killed-by-user")),
        ("heartbeat", (137, 9, b"h"), (137, "leash")),
        ("no job", (125, 0, b"n"), (125, "protocol-error")),
        ("refused", (125, 0, b"!"), (125, "protocol-error")),
    ],
)
def test_causes(
    name: str, frame: tuple[int, int, bytes] | tuple[int, int, bytes, int], want: tuple[int, str]
) -> None:
    outcome = verdict(*frame)
    assert (outcome.exit_code, outcome.cause) == want
    if len(frame) == 4 and want[1] == "exited":
        assert outcome.notes


def test_figures_and_json() -> None:
    outcome = verdict(0, 0, b"e", blocked=["a.test"])
    assert (outcome.peak_memory_bytes, outcome.user_s, outcome.system_s, outcome.wall_s) == (
        2 << 20,
        1.5,
        0.25,
        3.0,
    )
    assert outcome.blocked == ("a.test",) and outcome.started
    assert msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome) == outcome


def test_a_broken_output_ends_like_a_shell_would() -> None:
    for letter, number in ((b"S", 13), (b"S", 9), (b"s", 13)):
        outcome = verdict(128 + number, number, letter, output_broken=True)
        assert (outcome.exit_code, outcome.signal, outcome.message) == (141, 13, "")
    assert verdict(3, 0, b"e", output_broken=True).exit_code == 3


def test_gone_without_a_word() -> None:
    dead = gone(Ending(), engine_lives=False, code=0, oom_killed=False)
    assert (dead.cause, dead.exit_code) == ("engine-gone", 125) and dead.message and dead.hint
    assert gone(Ending(), engine_lives=True, code=0, oom_killed=False).exit_code == 137
    assert gone(Ending(), engine_lives=True, code=137, oom_killed=True).cause == "out-of-memory"
    assert hung_up(Ending(), 1).exit_code == 129


@pytest.mark.parametrize("payload", [b"", b"1" * 31, b"1" * 37])
def test_a_broken_exit_frame_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_exit(payload)


def test_an_unknown_cause_is_refused() -> None:
    with pytest.raises(ProtocolError):
        verdict(0, 0, b"Z")


def test_owners() -> None:
    here = owners.world()
    mine = owners.owner()
    assert owners.life_of(mine, here) == "alive"
    where, pid, started = mine.split(":")
    assert pid == str(os.getpid())
    assert owners.life_of(f"{where}:{pid}:{int(started) + 1}", here) == "dead"
    assert owners.life_of(f"{where}:999999999:1", here) == "dead"
    assert owners.life_of(f"other-boot.1:{pid}:{started}", here) == "elsewhere"
    assert owners.life_of(f"{where}9:{pid}:{started}", here) == "unknown"
    for label in ("", "x", "a:b:c", f"{where}:{pid}"):
        assert owners.life_of(label, here) == "unknown"


def test_the_hardened_box() -> None:
    weights = VolumeMount(kind="bind", source="/w", target="/models")
    spec = box_spec(
        SandboxPlan(memory_bytes=1 << 30, writes=("/data",)),
        "image",
        mounts=(weights,),
        source_bytes=99 << 20,
    )
    mounts = {mount.target: mount for mount in spec.mounts}
    assert set(mounts) == {"/.jitney", "/src", "/tmp", "/home/jitney", "/run/secrets", "/models", "/data"}
    assert mounts["/.jitney"].readonly and mounts["/models"].readonly and not mounts["/data"].readonly
    assert f"size={198 << 20}" in mounts["/src"].options and "mode=0700" in mounts["/src"].options
    assert (spec.readonly, spec.network, spec.argv, spec.user) == (
        True,
        False,
        ("/.jitney/init",),
        "65532:65532",
    )


def test_a_mounted_source_replaces_the_tmpfs() -> None:
    source = VolumeMount(kind="bind", source="/home/me/project", target="/src")
    spec = box_spec(SandboxPlan(), "image", mounts=(source,))
    assert [mount.kind for mount in spec.mounts if mount.target == "/src"] == ["bind"]


@pytest.mark.parametrize("user", ["root", "", "1:x", "-1"])
def test_users_are_numbers(user: str) -> None:
    with pytest.raises(SandboxError):
        ids(user)


@pytest.mark.parametrize("text", ["relative", "/a:b", "/a:/b/../c"])
def test_writes_are_absolute(text: str) -> None:
    with pytest.raises(SandboxError):
        box_spec(SandboxPlan(writes=(text,)), "image")
