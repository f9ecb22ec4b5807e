"""A Unix socket of this machine whose connections lead to a loopback port of a box, through the leash: for engines that do
not see this machine's files, where a socket in a shared folder is not possible."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

from jitney.sandbox.egress import Tunnel
from jitney.sandbox.loop import READ, Loop
from jitney.sandbox.run import Box, Session
from jitney.sandbox.streams import Post

BACKLOG = 256


class Lead:
    """box: to which one, None: there is none now, and who connects sees the connection end. Closed with `close`."""

    def __init__(self, session: Session, path: Path, port: int, box: Callable[[], Box | None]) -> None:
        self._session = session
        self._port = port
        self._box = box
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        self._listener.bind(str(path))
        self._listener.listen(BACKLOG)
        session.loop.watch(self._listener.fileno(), READ, self._accept)

    def close(self) -> None:
        if self._listener.fileno() >= 0:
            self._session.loop.forget(self._listener.fileno())
            self._listener.close()

    def _accept(self, _events: int) -> None:
        try:
            joined, _ = self._listener.accept()
        except OSError:
            return
        box = self._box()
        if box is None or box.wire.is_over or not box.wire.is_ready:
            joined.close()
            return
        joined.setblocking(False)
        stream = Joined(self._session.loop, box.wire, box.wire.window, joined)
        stream.join(box.wire.open_stream(stream, self._port))


class Joined(Tunnel):
    """A tunnel whose outer end is connected already; it waits for the box's."""

    def __init__(self, loop: Loop, post: Post, window: int, joined: socket.socket) -> None:
        super().__init__(loop, post, 0, window, [])
        self._joined = joined

    def join(self, number: int) -> None:
        self._number = number

    def opened(self) -> None:
        self._socket = self._joined
        self._is_connected = True
        self._watch()

    def reset(self) -> None:
        super().reset()
        self._joined.close()

    def _connect(self) -> None:
        """It is."""
