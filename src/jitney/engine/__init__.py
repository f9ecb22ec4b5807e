"""The only door to containers. `connect` finds the engine; nothing is asked before the first request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitney.engine.protocol import Engine

__all__ = ["connect"]


def connect(host: str = "") -> Engine:
    """The engine at `host` (`unix:///path`, `tcp://host:port`, a path), else DOCKER_HOST, else the usual sockets.

    No request is made: an engine that is not there raises EngineMissing at the first one.
    Raises UsageError for an address that cannot be read.
    """
    from jitney.engine.address import resolve
    from jitney.engine.docker import DockerEngine

    return DockerEngine(resolve(host))
