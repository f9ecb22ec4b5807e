"""One call of the runtime: HTTP/1.1 over a Unix socket, read by llhttp (httptools). A connection for each: the runtimes close
them after a stream, and a kept one that dies unanswered is an error that nobody made."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping

import httptools

HELD_BYTES = 1 << 18
"""Of an answer that nobody has read yet: the runtime has to wait."""


class Broken(Exception):
    """The runtime is not there, or broke off. is_heard: some of its answer had come; is_sent: it may have seen the request."""

    def __init__(self, *, is_heard: bool, is_sent: bool) -> None:
        super().__init__("the model server broke the connection")
        self.is_heard = is_heard
        self.is_sent = is_sent


class Silent(Exception):
    """Nothing came within the time."""


class Call(asyncio.Protocol):
    """status and headers (lower case) are there once `heard` has returned."""

    def __init__(self, silence_s: float) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._is_held = self._is_whole = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._silence_s = silence_s
        self._last = self._loop.time()
        self._timer = self._loop.call_later(silence_s, self._check)

    async def heard(self) -> None:
        """Return when the head of the answer is there. Broken, Silent."""
        while not self.status:
            await self._more()

    async def piece(self) -> bytes:
        """What has come of the body; empty: it is whole. Broken, Silent."""
        while not self._pieces:
            if self._is_whole:
                return b""
            self._go_on()
            await self._more()
        found = b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        return found

    async def read(self) -> bytes:
        found = []
        while piece := await self.piece():
            found.append(piece)
        return b"".join(found)

    async def write(self, piece: bytes) -> None:
        """More of the request; waits while the runtime does not take it."""
        if self._error is not None:
            raise self._error
        self._last = self._loop.time()
        self._transport.write(piece)
        while self._writable is not None:
            await self._writable

    def close(self) -> None:
        """The end of it; what is not there yet is wanted no more."""
        self._timer.cancel()
        self._transport.abort()

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self.resume_writing()
        self._wake()

    def _check(self) -> None:
        rest = self._last + self._silence_s - self._loop.time()
        if rest <= 0 and not self._is_held:
            self._fail(Silent())
        else:
            self._timer = self._loop.call_later(max(rest, 0.05), self._check)

    def _go_on(self) -> None:
        if self._is_held:
            self._is_held = False
            self._last = self._loop.time()
            self._transport.resume_reading()

    # what asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._last = self._loop.time()
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(Broken(is_heard=True, is_sent=True))
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        lengths = {"content-length", "transfer-encoding"}
        if self.status and error is None and not lengths & self.headers.keys():
            self._is_whole = True
        if self._is_whole:
            self._wake()
        else:
            self._fail(Broken(is_heard=bool(self.status), is_sent=True))

    def pause_writing(self) -> None:
        self._writable = self._writable or self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # what the parser tells

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._wake()

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > HELD_BYTES and not self._is_held:
            self._is_held = True
            self._transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        self._is_whole = True
        self._wake()


async def begin(
    path: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    connect_s: float,
    silence_s: float,
    method: str = "POST",
) -> Call:
    """Connect and send the head of a request and the beginning of its body. Broken: nobody is there."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(connect_s):
            _, made = await loop.create_unix_connection(lambda: Call(silence_s), path)
    except (OSError, TimeoutError) as error:
        raise Broken(is_heard=False, is_sent=False) from error
    lines = [f"{method} {target} HTTP/1.1", "Host: runtime", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    await made.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
    return made
