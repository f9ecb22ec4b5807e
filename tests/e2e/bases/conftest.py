"""A real registry on loopback: Debian's docker-registry, unpacked where it is not installed, with storage of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

PASSWORD = "right horse"
Registry = Callable[[bool], str]


@pytest.fixture(scope="session")
def registry_binary(tmp_path_factory: pytest.TempPathFactory) -> str:
    installed = shutil.which("docker-registry")
    if installed:
        return installed
    folder = tmp_path_factory.mktemp("docker-registry")
    subprocess.run(["apt-get", "download", "-qq", "docker-registry"], cwd=folder, check=True)
    subprocess.run(["dpkg", "-x", *map(str, folder.glob("*.deb")), str(folder)], check=True)
    return str(folder / "usr/bin/docker-registry")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _htpasswd() -> str:
    """One line for user `jitney`; perl's crypt makes the bcrypt hash that the registry wants."""
    script = "print crypt($ARGV[0], q($2y$05$abcdefghijklmnopqrstuu))"
    made = subprocess.run(["perl", "-e", script, PASSWORD], capture_output=True, text=True, check=True).stdout
    assert made.startswith("$2y$")
    return f"jitney:{made}\n"


@pytest.fixture
def registry(registry_binary: str, tmp_path: Path) -> Iterator[Registry]:
    """Call it: `registry(True)` wants credentials. Returns `127.0.0.1:PORT`."""
    running: list[subprocess.Popen[bytes]] = []

    def serve(with_credentials: bool) -> str:
        port = _free_port()
        config = tmp_path / f"registry-{port}.yml"
        config.write_text(
            f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/{port}}}}}\n"
            f"http: {{addr: '127.0.0.1:{port}', secret: x}}\n"
        )
        if with_credentials:
            (tmp_path / "htpasswd").write_text(_htpasswd())
            with config.open("a") as file:
                file.write(f"auth: {{htpasswd: {{realm: test, path: {tmp_path}/htpasswd}}}}\n")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
        argv = [registry_binary, "serve", str(config)]
        running.append(
            subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        _wait(port)
        return f"127.0.0.1:{port}"

    yield serve
    for process in running:
        process.kill()
        process.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            httpx.get(f"http://127.0.0.1:{port}/v2/", timeout=2)
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("docker-registry did not start")
