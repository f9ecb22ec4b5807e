"""Where the engine is looked for, and what is said when it is not there."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from jitney.engine import connect
from jitney.engine.address import Address, missing, parse, resolve
from jitney.errors import EngineMissing, UsageError


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("unix:///run/x.sock", Address(path="/run/x.sock")),
        ("/run/x.sock", Address(path="/run/x.sock")),
        ("tcp://127.0.0.1:2375", Address(host="127.0.0.1", port=2375)),
        ("tcp://box", Address(host="box", port=2375)),
        ("http://[::1]:99/", Address(host="::1", port=99)),
    ],
)
def test_addresses(text: str, want: Address) -> None:
    assert parse(text) == want


@pytest.mark.parametrize("text", ["ssh://me@box", "tcp://", "unix://relative", "tcp://a:b", "fd://"])
def test_addresses_that_cannot_be_used(text: str) -> None:
    with pytest.raises(UsageError, match="expected unix"):
        parse(text)


def test_what_was_asked_for_beats_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://env:1")
    assert resolve("tcp://asked:2").host == "asked"
    assert resolve().host == "env"


def test_connect_asks_nothing(tmp_path: Path) -> None:
    engine = connect(f"unix://{tmp_path}/none.sock")
    assert engine.identity() == ""
    with pytest.raises(EngineMissing) as caught:
        engine.images()
    assert "none.sock" in caught.value.message
    engine.close()


def test_three_ways_of_not_being_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = Address(path="/var/run/docker.sock")
    assert "usermod -aG docker" in missing(address, PermissionError(13, "no")).hint
    monkeypatch.setattr("shutil.which", lambda name, path=None: "/usr/sbin/dockerd")
    assert "not running" in missing(address, ConnectionRefusedError(111, "no")).message
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    assert "apt-get install docker.io" in missing(address, FileNotFoundError(2, "no")).hint


def test_a_closed_port_is_named() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with pytest.raises(EngineMissing, match=f"tcp://127.0.0.1:{port}"):
        connect(f"tcp://127.0.0.1:{port}").images()


def test_a_dead_socket_file(tmp_path: Path) -> None:
    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    assert path.exists()
    engine = connect(str(path))
    assert engine.identity() != ""
    with pytest.raises(EngineMissing):
        engine.images()
