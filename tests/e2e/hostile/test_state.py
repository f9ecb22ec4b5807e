"""What `jitney run` really sets up: the effective state of the program's box, read in it, and of the model's, read from /proc.

The model's box has no shell: its process is looked at from this machine, which has to be the engine's, as root.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jitney.engine.protocol import LABEL_RUN, Engine
from tests.conftest import JITNEY

from ..sandbox.state import assert_limited, assert_locked, assert_powerless
from ..sandbox.test_life import assert_gone
from .conftest import Attack, output, read_events

pytestmark = pytest.mark.engine

TELL = """import json, pathlib, os
texts = {name: pathlib.Path("/proc/self", name).read_text().splitlines() for name in ("status", "limits", "mounts")}
print(json.dumps({**texts, "net": os.listdir("/sys/class/net"), "fds": os.listdir("/proc/self/fd"), "dev": os.listdir("/dev")}))
"""


def test_the_programs_box(attack: Attack) -> None:
    told = json.loads(attack(code=TELL).out)
    assert_powerless(told["status"])
    assert_limited(told["limits"], nofile=4096)
    assert_locked(told["mounts"])
    assert told["net"] == ["lo"]
    assert {int(number) for number in told["fds"]} <= {0, 1, 2, 3}
    assert not {"kvm", "mem", "kmsg", "sda", "fuse", "net"} & set(told["dev"])


ASK = """import json, sys, urllib.request
def ask():
    body = json.dumps({"prompt": "The capital of France is", "max_tokens": 4, "temperature": 0}).encode()
    request = urllib.request.Request("http://localhost:11434/v1/completions", body, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["choices"][0]["text"]
print(ask(), flush=True)
sys.stdin.readline()
print(ask())
"""


class Asking(msgspec.Struct):
    """A program that has had one answer, and asks again when it is told to. server, gateway: processes of the boxes beside it."""

    process: subprocess.Popen[bytes]
    server: int
    gateway: int

    def ask_again(self) -> list[dict[str, Any]]:
        out, _ = self.process.communicate(b"\n", timeout=60)
        return read_events(out)


@pytest.fixture
def asking(tmp_path: Path, engine: Engine) -> Iterator[Asking]:
    program = tmp_path / "main.py"
    program.write_text(ASK)
    command = (JITNEY, "run", "--json", "--model", "smollm2", program)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    run = ""
    while line := process.stdout.readline():
        event = json.loads(line)
        run = event.get("run", run)
        if event["event"] == "output":
            break
    assert event["text"].startswith(" Paris"), event
    yield Asking(process, _server(engine, run, "model", "llama"), _server(engine, run, "gateway", "python"))
    process.kill()
    process.communicate()
    assert_gone(engine, run, 2.0)


def _server(engine: Engine, run: str, kind: str, name: str) -> int:
    (box,) = [box.id for box in engine.containers({LABEL_RUN: run}) if box.labels["jitney"] == kind]
    state: Any = engine.inspect(box)["State"]
    init = state["Pid"]
    if os.geteuid() or not Path(f"/proc/{init}/root").exists():
        pytest.skip("the boxes beside a program can be looked at only by root on the engine's machine")
    (server,) = Path(f"/proc/{init}/task/{init}/children").read_text().split()
    assert Path(f"/proc/{server}/comm").read_text().startswith(name)
    return int(server)


@pytest.mark.model
def test_the_models_box(asking: Asking) -> None:
    proc = Path(f"/proc/{asking.server}")
    assert_powerless(proc.joinpath("status").read_text().splitlines())
    assert_limited(proc.joinpath("limits").read_text().splitlines(), nofile=4096)
    lines = proc.joinpath("mounts").read_text().splitlines()
    mounts = assert_locked(lines, also_writable={"/run/jitney"})
    assert "ro" in mounts["/models"][1]
    assert mounts["/run/jitney"][0] == "tmpfs"
    interfaces = proc.joinpath("net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
    assert asking.ask_again()[-1]["code"] == 0


@pytest.mark.model
def test_the_gateways_box(asking: Asking) -> None:
    """It parses what the program sends, so it is locked as the program is, and has no more than two folders of sockets."""
    proc = Path(f"/proc/{asking.gateway}")
    assert_powerless(proc.joinpath("status").read_text().splitlines())
    assert_limited(proc.joinpath("limits").read_text().splitlines(), nofile=4096)
    mounts = assert_locked(proc.joinpath("mounts").read_text().splitlines(), also_writable={"/run/jitney"})
    assert "ro" in mounts["/run/jitney-runtime"][1]
    assert "/models" not in mounts
    interfaces = proc.joinpath("net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
    assert asking.ask_again()[-1]["code"] == 0


@pytest.mark.model
def test_a_model_that_dies_under_its_program_is_the_cause(asking: Asking) -> None:
    os.kill(asking.server, signal.SIGKILL)
    start = time.monotonic()
    events = asking.ask_again()
    ended = events[-1]
    assert (ended["event"], ended["cause"], ended["code"]) == ("exited", "model-gone", 1)
    assert "llama.cpp died" in ended["message"] and "SIGKILL" in ended["message"]
    assert "last words" in ended["hint"]
    assert b"urllib" in output(events, "stderr")
    assert time.monotonic() - start < 5
