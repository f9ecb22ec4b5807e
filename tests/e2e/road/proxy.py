"""A socket in front of the engine's, that can be cut: how an engine looks that dies."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.e2e.proxy import EngineProxy


class SocketProxy(EngineProxy):
    """Listens on a Unix socket at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(64)
        super().__init__(listener)

    def __enter__(self) -> SocketProxy:
        super().__enter__()
        return self

    def cut(self) -> None:
        """The engine is gone."""
        self.path.unlink(missing_ok=True)
        super().cut()
