"""A web server on loopback that misbehaves as it is told: the other end of the download tests."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Script:
    """content: what is served. cuts: how many bytes each of the next answers brings before the connection is cut.
    statuses: what the next requests are answered with instead. ranges: whether Range is honoured."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.cuts: list[int] = []
        self.statuses: list[int] = []
        self.ranges = True
        self.pause_s = 0.0
        self.asked: list[str] = []
        self.url = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def do_GET(self) -> None:
        script, wanted = self.script, self.headers.get("Range", "")
        script.asked.append(wanted)
        if script.statuses:
            return self._head(script.statuses.pop(0), 0)
        found = re.fullmatch(r"bytes=(\d+)-", wanted) if script.ranges else None
        start = int(found[1]) if found else 0
        if found and start >= len(script.content):
            return self._head(416, 0, f"bytes */{len(script.content)}")
        body = script.content[start:]
        end = len(script.content) - 1
        self._head(206 if found else 200, len(body), f"bytes {start}-{end}/{end + 1}" if found else "")
        if script.cuts:
            self.wfile.write(body[: script.cuts.pop(0)])
            self.wfile.flush()
            self.connection.shutdown(2)
            return None
        with suppress(ConnectionError):  # the client may leave
            for at in range(0, len(body), 1 << 16):
                time.sleep(script.pause_s)
                self.wfile.write(body[at : at + (1 << 16)])
        return None

    def _head(self, status: int, length: int, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@contextmanager
def serving(content: bytes) -> Iterator[Script]:
    script = Script(content)
    handler = type("Handler", (_Handler,), {"script": script})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}/model.gguf"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
