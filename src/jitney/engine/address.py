"""Where the engine listens, and what to tell the user when nobody does."""

from __future__ import annotations

import os
import re
import socket

import msgspec

from jitney.errors import EngineMissing, UsageError

SYSTEM_SOCKET = "/var/run/docker.sock"
CONNECT_TIMEOUT_S = 10.0
DEFAULT_PORT = 2375


class Address(msgspec.Struct, frozen=True):
    """A Unix socket (`path`), or a host and a port without TLS."""

    path: str = ""
    host: str = ""
    port: int = 0

    @property
    def url(self) -> str:
        """As DOCKER_HOST spells it."""
        return f"unix://{self.path}" if self.path else f"tcp://{self.host}:{self.port}"


def resolve(host: str = "") -> Address:
    """What was asked for, else DOCKER_HOST, else the system's socket, else the rootless one."""
    wanted = host or os.environ.get("DOCKER_HOST", "")
    if wanted:
        return parse(wanted)
    rootless = os.path.join(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}", "docker.sock")  # noqa: PTH118  (pathlib: 4 ms of every start)
    if not os.path.exists(SYSTEM_SOCKET) and os.path.exists(rootless):  # noqa: PTH110  (the same)
        return Address(path=rootless)
    return Address(path=SYSTEM_SOCKET)


def parse(text: str) -> Address:
    """`unix:///run/docker.sock`, `/run/docker.sock`, `tcp://127.0.0.1:2375`. UsageError for anything else."""
    if text.startswith("/"):
        return Address(path=text)
    if match := re.fullmatch(r"unix://(/.+)", text):
        return Address(path=match[1])
    if match := re.fullmatch(r"(?:tcp|http)://(\[[0-9A-Fa-f:.]+\]|[^\s:/@]+)(?::(\d{1,5}))?/?", text):
        return Address(host=match[1].strip("[]"), port=int(match[2] or DEFAULT_PORT))
    raise UsageError(
        f"engine address {text!r}: expected unix:///path or tcp://host:port",
        "ssh:// and TLS are not spoken here; forward the socket:\n"
        "  ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST",
    )


def dial(address: Address) -> socket.socket:
    """A connected socket. Raises EngineMissing, with what is wrong and what mends it."""
    try:
        if not address.path:
            return socket.create_connection((address.host, address.port), CONNECT_TIMEOUT_S)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(CONNECT_TIMEOUT_S)
            connection.connect(address.path)
        except OSError:
            connection.close()
            raise
    except OSError as error:
        raise missing(address, error) from error
    return connection


def missing(address: Address, error: OSError) -> EngineMissing:
    """Three different worlds: no permission, not running, not installed."""
    if isinstance(error, PermissionError):
        return EngineMissing(
            f"no permission to use the container engine at {address.url}",
            "sudo usermod -aG docker $USER   (then log in again, or run: newgrp docker)",
        )
    if not address.path:
        reason = error.strerror or str(error) or "no answer"
        return EngineMissing(
            f"no container engine answers at {address.url} ({reason})", "start it there, or unset DOCKER_HOST"
        )
    if _has_dockerd():
        return EngineMissing(
            f"the container engine is not running: nobody answers at {address.url}",
            "sudo systemctl start docker   (without systemd: sudo service docker start, or: sudo dockerd &)",
        )
    return EngineMissing(
        f"no container engine is installed: nobody answers at {address.url}",
        "sudo apt-get install docker.io   (or set DOCKER_HOST to where an engine listens)",
    )


def _has_dockerd() -> bool:
    import shutil  # only on the way to an error

    return bool(shutil.which("dockerd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin"))
