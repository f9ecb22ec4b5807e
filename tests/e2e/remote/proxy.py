"""A daemon on another machine, as far as a client can tell: TCP in front of the engine's socket, and a create that asks
for a host path is refused, as it would find nothing there."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from types import TracebackType

ENGINE = "/var/run/docker.sock"
REFUSAL = b'{"message":"this engine sees no files of yours"}'


class RemoteEngine:
    """Listens on 127.0.0.1:port. `binds`: host paths that were asked for and refused; `archives`: what was sent by PUT."""

    def __init__(self) -> None:
        self.binds: list[str] = []
        self.archives: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> RemoteEngine:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(ENGINE)
                self._sockets += [near, far]
                threading.Thread(target=self._forward, args=(near, far), daemon=True).start()
                threading.Thread(target=self._back, args=(far, near), daemon=True).start()

    def _back(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(65536):
                near.sendall(data)
            near.shutdown(socket.SHUT_WR)

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        """A client sends a request when the last one is answered, so a request begins where a piece begins."""
        with contextlib.suppress(OSError):
            while data := near.recv(65536):
                if put := re.match(rb"PUT \S*/archive\?path=(\S+)", data):
                    self.archives.append(put[1].decode())
                if re.match(rb"POST (/v[\d.]+)?/containers/create", data):
                    data = self._whole(near, data)
                    if self._refuses(data):
                        head = b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"
                        near.sendall(head + b"Content-Length: %d\r\n\r\n" % len(REFUSAL) + REFUSAL)
                        continue
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)

    def _whole(self, near: socket.socket, data: bytes) -> bytes:
        """Head and body."""
        while b"\r\n\r\n" not in data:
            data += near.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        assert length, "Jitney says how long its JSON is"
        while len(body) < int(length[1]):
            body += near.recv(65536)
        return head + b"\r\n\r\n" + body

    def _refuses(self, request: bytes) -> bool:
        host = json.loads(request.partition(b"\r\n\r\n")[2])["HostConfig"]
        asked = [mount["Source"] for mount in host.get("Mounts") or () if mount["Type"] == "bind"]
        asked += host.get("Binds") or ()
        self.binds += asked
        return bool(asked)
