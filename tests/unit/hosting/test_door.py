"""Where a service listens, and who may."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from jitney.config import Config
from jitney.errors import BusyError, UsageError
from jitney.hosting import served
from jitney.hosting.door import Address, bind, url


def test_a_public_address_without_a_key_is_refused() -> None:
    with pytest.raises(UsageError, match="everybody who reaches this machine") as caught:
        bind(Address(host="0.0.0.0", port=0))
    assert "--api-key" in caught.value.hint
    with bind(Address(host="0.0.0.0", port=0, key="k")) as listener:
        assert url(listener).startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BusyError, match=f"port {port} is taken") as caught:
            bind(Address(port=port))
    assert caught.value.exit_code == 75


def test_any_free_port() -> None:
    with bind(Address(port=0)) as listener:
        assert url(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_services_whose_process_is_gone_are_forgotten(tmp_path: Path) -> None:
    config = Config(data_dir=str(tmp_path))
    mine = served.own_record("aa", "http://x", ("m",))
    served.note(config, mine)
    served.note(config, served.Record(run="bb", pid=mine.pid, started=1, url="", models=()))
    assert [one.run for one in served.services(config)] == ["aa"]
    assert not (served.folder(config) / "bb.json").exists()
    served.forget(config, "aa")
    assert served.services(config) == []


def test_a_log_keeps_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "LOG_BYTES", 1000)
    log = served.Log(Config(data_dir=str(tmp_path)), "aa")
    for number in range(200):
        log.take("m", b"line %d\n" % number)
    log.close()
    lines = log.path.read_bytes().splitlines()
    assert lines[-1] == b"m | line 199"
    assert len(log.path.read_bytes()) <= 1000
    assert all(line.startswith(b"m | line ") for line in lines)
