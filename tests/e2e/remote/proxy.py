"""A daemon on another machine, as far as a client can tell: TCP in front of the engine's socket, and a create that asks
for a host path is refused, as it would find nothing there."""

from __future__ import annotations

import json
import re
import socket

from tests.e2e.proxy import EngineProxy

REFUSAL = b'{"message":"this engine sees no files of yours"}'


class RemoteEngine(EngineProxy):
    """Listens on 127.0.0.1:port. `binds`: host paths that were asked for and refused; `archives`: what was sent by PUT."""

    def __init__(self) -> None:
        self.binds: list[str] = []
        self.archives: list[str] = []
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        super().__init__(listener)

    def __enter__(self) -> RemoteEngine:
        super().__enter__()
        return self

    def forward(self, near: socket.socket, far: socket.socket) -> None:
        """A client sends a request when the last one is answered, so a request begins where a piece begins."""
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
