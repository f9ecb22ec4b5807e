"""A client's connection: HTTP/1.1, read by llhttp (httptools), carried by asyncio. One request at a time; further ones wait
their turn. A client that leaves cancels what it asked for."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import httptools
import msgspec

from jitney.serve.errors import ApiError, error_body
from jitney.serve.request import Reply, Request

if TYPE_CHECKING:
    from jitney.serve.server import Server

HEAD_BYTES = 64 << 10
WRITE_BYTES = 256 << 10
"""Of an answer that the client has not read yet: its maker waits."""
LINGER_S = 2.0
"""For what a client still sends after it was refused; closing at once would tear the answer away."""
KEEP_S = 75.0
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_BARE = (204, 304)
_LENGTHS = ("content-length", "transfer-encoding")


class Channel(asyncio.Protocol):
    """A connection. While a request is answered, `request` is it and the Channel is where the answer goes."""

    request: Request

    def __init__(self, server: Server) -> None:
        self.has_begun = False
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._loop = asyncio.get_running_loop()
        self._target, self._headers = b"", dict[str, str]()
        self._in_head, self._head_bytes = False, 0
        self._arriving: Request | None = None
        self._answering: Request | None = None
        self._turns: deque[tuple[Request, bool, bool]] = deque()
        self._task: asyncio.Task[Reply | None] | None = None
        self._keeps, self._chunks = True, True
        self._since = time.monotonic()
        self._stalled_at = self._lingers_until = 0.0
        self._reads: asyncio.Future[None] | None = None
        self._out: list[bytes] = []
        self._is_held = self._is_offer = False

    @property
    def is_busy(self) -> bool:
        return self._task is not None or bool(self._out)

    @property
    def kept_bytes(self) -> int:
        """Of an answer that the client has not read yet."""
        return self._transport.get_write_buffer_size() + sum(map(len, self._out))

    # what asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without being one by class
        self._transport.set_write_buffer_limits(WRITE_BYTES)
        self._server.channels.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.channels.discard(self)
        self._turns.clear()
        if self._task is not None:
            self._task.cancel()
        if self._arriving is not None:
            self._arriving.fail(ApiError(400, "the client is gone"))

    def data_received(self, data: bytes) -> None:
        if self._lingers_until:
            return
        size = len(data)
        try:
            while data:
                data = self._feed(data)
        except httptools.HttpParserError as error:
            self._refuse(ApiError(400, f"this is no HTTP: {error}"))
            return
        if self._in_head:
            self._head_bytes += size
            if self._head_bytes > HEAD_BYTES:
                self._refuse(ApiError(431, f"the head of the request is larger than {HEAD_BYTES >> 10} KiB"))

    def pause_writing(self) -> None:
        self._stalled_at = time.monotonic()
        self._reads = self._loop.create_future()

    def resume_writing(self) -> None:
        self._stalled_at = 0.0
        if self._reads is not None and not self._reads.done():
            self._reads.set_result(None)
        self._reads = None

    # what the parser tells

    def on_message_begin(self) -> None:
        if self._is_offer:
            return
        self._target, self._headers, self._in_head, self._head_bytes = b"", {}, True, 0
        self._since = time.monotonic()

    def on_url(self, piece: bytes) -> None:
        if not self._is_offer:
            self._target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_offer:
            return
        key, said = name.decode("latin-1").lower(), value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {said}" if key in self._headers else said

    def on_headers_complete(self) -> None:
        if self._is_offer:
            return
        self._in_head = False
        self._is_offer = self._parser.should_upgrade() and any(name in self._headers for name in _LENGTHS)
        method = self._parser.get_method().decode()
        path = httptools.parse_url(self._target).path or b"/"
        limit = self._server.limits.body_bytes
        self._arriving = Request(method, path.decode("latin-1"), self._headers, limit=limit, hold=self._hold)
        is_new = self._parser.get_http_version() == "1.1"
        if is_new and self._headers.get("expect", "").lower() == "100-continue" and not self._turns:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._turns.append((self._arriving, self._parser.should_keep_alive(), is_new))
        self._next()

    def on_body(self, piece: bytes) -> None:
        assert self._arriving is not None
        self._arriving.take(piece)

    def on_message_complete(self) -> None:
        if self._is_offer:
            return
        assert self._arriving is not None
        self._arriving.end()
        self._arriving = None

    def _feed(self, data: bytes) -> bytes:
        """What is left after an offer to upgrade, which is not taken: clients make one (Java's, of h2c) and go on without.

        llhttp ends a request there, body or not. So a new parser is told the length alone, and reads the body.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._is_offer:
                self._parser = httptools.HttpRequestParser(self)
                lengths = ((name, self._headers.get(name)) for name in _LENGTHS)
                said = "".join(f"{name}: {value}\r\n" for name, value in lengths if value is not None)
                self._parser.feed_data(b"POST / HTTP/1.1\r\n" + said.encode("latin-1") + b"\r\n")
                self._is_offer = False
            return data[upgrade.args[0] :]
        return b""

    # requests in turn

    def _next(self) -> None:
        if self._task is not None or not self._turns or self._transport.is_closing():
            return
        self.request, self._keeps, self._chunks = self._turns.popleft()
        self._answering = self.request
        self.has_begun = False
        self._task = self._loop.create_task(self._run())
        self._task.add_done_callback(self._over)

    async def _run(self) -> Reply | None:
        reply = await self._server.answer(self)
        if reply is not None:
            self._send(reply)
        self._flush()
        return reply

    def _over(self, task: asyncio.Task[Reply | None]) -> None:
        """The end of a request: the next one, or the end of the connection."""
        self._task = None
        if task.cancelled() or self._transport.is_closing():
            self._transport.close()
            return
        error = task.exception()
        if error is not None:
            context = {"message": f"{self.request.method} {self.request.path} failed", "exception": error}
            self._loop.call_exception_handler(context)
            if self.has_begun:  # never a clean end of half an answer
                self._transport.abort()
                return
            self._send(_plain(ApiError(500, "the gateway failed; its log says how")))
        self._flush()
        self._answering = None
        self._since = time.monotonic()
        if not self._keeps or self._server.is_closing:
            self._part()
        else:
            self._hold(False)
            self._next()

    def _part(self) -> None:
        """Close, after what the client still sends of a request that was answered before it was whole."""
        self._turns.clear()
        if self._arriving is None:
            self._transport.close()
        else:
            self._linger()

    def _linger(self) -> None:
        self._lingers_until = time.monotonic() + LINGER_S
        self._hold(False)
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _refuse(self, error: ApiError) -> None:
        """What is no request: told where nobody else is being answered."""
        self._keeps = False
        self._turns.clear()
        if self._task is None:
            self._chunks, self.has_begun = True, False
            self._send(_plain(error))
            self._flush()
            self._linger()
        elif self._arriving is not None:
            self._arriving.fail(error)

    def check(self, now: float) -> None:
        """From time to time: has any of its times run out?"""
        limits = self._server.limits
        if self._stalled_at and now - self._stalled_at > limits.stall_s:
            self._transport.abort()
        elif self._lingers_until:
            if now > self._lingers_until:
                self._transport.close()
        elif self._in_head or (self._arriving is not None and not self._is_held):
            if now - self._since > limits.body_s:
                late = ApiError(408, f"the request did not arrive whole within {limits.body_s:g} s")
                self._refuse(late)
        elif self._task is None and now - self._since > KEEP_S:
            self._transport.close()

    def close(self) -> None:
        """What is being answered is broken off, and told so (`last`); `_over` ends the connection then."""
        if self._task is not None:
            self._task.cancel()
        else:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def _hold(self, wanted: bool) -> None:
        """Stop or go on reading from the client."""
        if wanted != self._is_held and not self._transport.is_closing():
            self._is_held = wanted
            if wanted:
                self._transport.pause_reading()
            else:
                self._since = time.monotonic()
                self._transport.resume_reading()

    # the answer

    def begin(self, status: int, kind: str, headers: dict[str, str]) -> None:
        """The head of an answer that comes in pieces."""
        more = dict(headers)
        if self._chunks:
            more["Transfer-Encoding"] = "chunked"
        else:
            self._keeps = False  # HTTP/1.0: it ends with the connection
        self._write(self._head(status, kind, more))

    async def write(self, piece: bytes) -> None:
        """A piece; those of one round of the loop go out together. Waits for a client that reads slowly."""
        if piece:
            self._write(b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunks else piece)
        while self._reads is not None:
            await self._reads

    def last(self, piece: bytes) -> None:
        """Of an answer that is broken off since the server ends; a client that left is told nothing."""
        if self._server.is_closing and not self._transport.is_closing() and self._reads is None:
            self._write(b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunks else piece)
            self.end()
            self._flush()

    def end(self) -> None:
        if self._chunks:
            self._write(b"0\r\n\r\n")

    def _send(self, reply: Reply) -> None:
        if self._arriving is not None and self._arriving is self._answering:
            self._keeps = False
        if reply.status in _BARE:
            self._write(self._head(reply.status, "", reply.headers))
            return
        head = self._head(reply.status, reply.kind, {**reply.headers, "Content-Length": str(len(reply.body))})
        is_bare = self._answering is not None and self._answering.method == "HEAD"
        self._write(head if is_bare else head + reply.body)

    def _head(self, status: int, kind: str, headers: object) -> bytes:
        assert isinstance(headers, dict)
        self.has_begun = True
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}"]
        if kind:
            lines.append(f"Content-Type: {kind}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if not self._keeps or self._server.is_closing:
            self._keeps = False
            lines.append("Connection: close")
        return "\r\n".join(lines).encode() + b"\r\n" + self._server.date + b"\r\n"

    def _write(self, piece: bytes) -> None:
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(piece)

    def _flush(self) -> None:
        if self._out:
            self._transport.write(b"".join(self._out))
            self._out.clear()


def _plain(error: ApiError) -> Reply:
    return Reply(status=error.status, body=msgspec.json.encode(error_body(error, "openai")))
