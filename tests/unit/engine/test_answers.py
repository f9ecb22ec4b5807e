"""Whether the engine sees this machine's files: every sign must agree. Which layer has which size."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jitney.engine.address import Address
from jitney.engine.answers import EMPTY_LAYER, abilities, image_config, layers

VERSION = {"Version": "20.10.24", "ApiVersion": "1.41"}
SOCKET, TCP = Address(path="/var/run/docker.sock"), Address(host="127.0.0.1", port=2375)


def info(root: Path, **changes: str) -> dict[str, Any]:
    here = os.uname()
    own = {"KernelVersion": here.release, "Name": here.nodename, "DockerRootDir": str(root)}
    return {"Architecture": "x86_64", "NCPU": 2, "MemTotal": 1, **own, **changes}


@pytest.mark.parametrize(
    "name, address, changes, shares",
    [
        ("this machine", SOCKET, {}, True),
        ("over TCP", TCP, {}, False),
        ("a virtual machine", SOCKET, {"KernelVersion": "6.6.12-linuxkit"}, False),
        ("another machine's socket, forwarded", SOCKET, {"Name": "elsewhere"}, False),
        ("handed into a chroot or a container", SOCKET, {"DockerRootDir": "/nowhere/docker"}, False),
    ],
)
def test_shares_files(
    name: str, address: Address, changes: dict[str, str], shares: bool, tmp_path: Path
) -> None:
    assert abilities(VERSION, info(tmp_path, **changes), address, True).shares_files is shares, name


@pytest.mark.parametrize(
    "digests, sizes, want",
    [
        (["a", "b"], [70, 0, 30], [30, 70]),
        (["a", EMPTY_LAYER, "b"], [70, 0, 0, 30], [30, 0, 70]),
        (["a", "b", "c"], [70, 0, 0], [0, 0, 70]),  # which of the lower ones is empty cannot be told
        ([], [], []),
    ],
)
def test_layers_get_the_sizes_of_the_history(digests: list[str], sizes: list[int], want: list[int]) -> None:
    """The history is told from the newest to the oldest, the layers the other way round."""
    found = layers({"RootFS": {"Layers": digests}}, [{"Size": size} for size in sizes])
    assert [layer.digest for layer in found] == digests
    assert [layer.size_bytes for layer in found] == want


def test_what_an_image_says_of_itself() -> None:
    config: dict[str, object] = {
        "Entrypoint": ["/bin/x"], "Cmd": None, "Env": ["A=b"], "User": "app", "WorkingDir": "/app", "Volumes": {"/data": {}},
        "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGINT", "Healthcheck": {"Test": ["CMD-SHELL", "true"]},
    }  # fmt: skip
    said = image_config({"Config": config})
    assert (said.entrypoint, said.command, said.env, said.user, said.workdir) == (
        ("/bin/x",),
        (),
        ("A=b",),
        "app",
        "/app",
    )
    assert (said.volumes, said.ports, said.stop_signal, said.has_healthcheck) == (
        ("/data",),
        ("80/tcp",),
        "SIGINT",
        True,
    )
    assert not image_config({"Config": {"Healthcheck": {"Test": ["NONE"]}}}).has_healthcheck
    assert image_config({}).command == ()
