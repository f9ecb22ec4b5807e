"""Something in front of the engine's socket: what it passes on, what it refuses, and how it looks when it dies."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

ENGINE = "/var/run/docker.sock"


class EngineProxy:
    """Passes every connection of `listener` on to the engine until `cut()`, which closes them all and takes no new ones."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> EngineProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()

    def cut(self) -> None:
        for one in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def forward(self, near: socket.socket, far: socket.socket) -> None:
        """What a client sends; override to look at it."""
        passed_on(near, far)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(ENGINE)
                self._sockets += [near, far]
                threading.Thread(target=self._forward, args=(near, far), daemon=True).start()
                threading.Thread(target=passed_on, args=(far, near), daemon=True).start()

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.forward(near, far)


def passed_on(source: socket.socket, target: socket.socket) -> None:
    """Every byte, until the source ends."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
