"""Builds: the words of the docker client, its choice, its context, and how a failure is told."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from jitney.engine import builder
from jitney.engine.address import Address
from jitney.engine.buildlog import BuildLog
from jitney.engine.protocol import BuildRequest
from jitney.errors import BuildError, EngineMissing

OLD = """#5 [2/2] RUN ["pip", "install", "nothing"]
#5 0.731 collecting
#5 1.044 ERROR: no such package
#5 ERROR: executor failed running [pip install nothing]: exit code: 1
------
 > [2/2] RUN ["pip", "install", "nothing"]:
------
executor failed running [pip install nothing]: exit code: 1"""

NEW = """#0 building with "default" instance using docker driver
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#2 ERROR: pull access denied
ERROR: failed to solve: nothing/here:1: pull access denied"""


def log_of(text: str) -> BuildLog:
    log = BuildLog()
    for line in text.splitlines():
        log.add(line)
    return log


def test_a_failed_step_speaks_for_itself() -> None:
    message, _, output = log_of(OLD).failure(1)
    assert message == 'the build failed at [2/2] RUN ["pip", "install", "nothing"]'
    assert output == "collecting\nERROR: no such package"


def test_a_failure_without_output_has_the_reason() -> None:
    message, _, output = log_of(NEW).failure(1)
    assert "nothing/here:1" in message + output


def test_a_client_that_says_nothing() -> None:
    assert log_of("").failure(137)[0] == "the build failed: the docker client ended with 137"


def _client(folder: Path, script: str) -> Path:
    folder.mkdir()
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return folder


def test_the_first_client_that_can_build_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = 'case "$1" in --version) echo "Docker version {}, build x";; *) exit {};; esac'
    modern_without = _client(tmp_path / "a", version.format("28.5.2", 1))
    old = _client(tmp_path / "b", version.format("20.10.24+dfsg1", 1))
    modern_with = _client(tmp_path / "c", version.format("28.5.2", "0").replace("*) ", "*) echo buildx; "))
    monkeypatch.setenv("PATH", f"{modern_without}:{old}:/bin")
    assert builder.find_client() == str(old / "docker")
    monkeypatch.setenv("PATH", f"{modern_without}:/nowhere")
    assert builder.find_client() is None
    monkeypatch.setenv("PATH", f"{modern_without}:{modern_with}")
    assert builder.find_client() == str(modern_with / "docker")


def test_no_client_is_an_engine_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineMissing, match="BuildKit"):
        builder.build(Address(path="/x"), BuildRequest(dockerfile="FROM x"), print)


def test_the_context_is_laid_out_and_cannot_be_left(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("m")
    room = tmp_path / "room"
    room.mkdir()
    request = BuildRequest(dockerfile="FROM x\n", context={"a/b": b"1", "c": mine})
    builder.lay_out(request, room)
    assert (room / "Dockerfile").read_text() == "FROM x\n"
    assert (room / "context/a/b").read_bytes() == b"1"
    assert (room / "context/c").samefile(mine)
    (tmp_path / "second").mkdir()
    with pytest.raises(BuildError, match="leads out"):
        builder.lay_out(BuildRequest(dockerfile="", context={"../x": b""}), tmp_path / "second")


def test_odd_paths_reach_the_client_whole(tmp_path: Path) -> None:
    request = BuildRequest(
        dockerfile="", tag="t", secrets={"ca": Path('/a,"b')}, labels={"k": "v w"}, target="s"
    )
    argv = builder._argv("docker", request, tmp_path)
    assert argv[argv.index("--secret") + 1] == 'id=ca,"src=/a,""b"'
    assert argv[argv.index("--label") + 1] == "k=v w"
    assert argv[argv.index("--target") + 1] == "s"


def test_ctrl_c_ends_the_client_and_the_folder_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f'case "$1" in --version) echo "Docker version 20.10, x"; exit;; esac\necho $$ >{tmp_path}/pid\nexec sleep 60'
    monkeypatch.setenv("PATH", f"{_client(tmp_path / 'bin', script)}:{os.environ['PATH']}")
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(rooms))

    def interrupt() -> None:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        builder.build(Address(path="/x"), BuildRequest(dockerfile="FROM x"), print)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert list(rooms.iterdir()) == []
