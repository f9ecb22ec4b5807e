"""One call of the runtime: HTTP/1.1 over a Unix socket, read by llhttp (httptools).

A connection for each: llama.cpp closes them after a stream, an idle one takes one of its few threads, and a kept one that dies
unanswered is an error that nobody made. The socket is used as it is: a transport would cost three rounds of the event loop,
and the request can go out in this one.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

import httptools

HELD_BYTES = 1 << 18
"""Of an answer that nobody has read yet: the runtime has to wait."""
READ_BYTES = 1 << 16
FULL_S = 0.005
"""Until the next try, where the runtime's queue of connections is full."""


class Broken(Exception):
    """The runtime is not there, or broke off. is_heard: some of its answer had come; is_sent: it may have seen the request."""

    def __init__(self, *, is_heard: bool, is_sent: bool) -> None:
        super().__init__("the model server broke the connection")
        self.is_heard = is_heard
        self.is_sent = is_sent


class Silent(Exception):
    """Nothing came within the time."""


class Patience(NamedTuple):
    """Seconds: until it is connected; between two signs of life."""

    connect_s: float
    silence_s: float


class Call:
    """status and headers (lower case) are there once `heard` has returned."""

    def __init__(self, connected: socket.socket, silence_s: float) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self._socket = connected
        self._fd = connected.fileno()
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._reads = self._is_whole = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._silence_s = silence_s
        self._last = self._loop.time()
        self._timer = self._loop.call_later(silence_s, self._check)
        self._read(True)

    async def heard(self) -> None:
        """Return when the head of the answer is there. Broken, Silent."""
        while not self.status:
            await self._more()

    async def piece(self) -> bytes:
        """What has come of the body; empty: it is whole. Broken, Silent."""
        while not self._pieces:
            if self._is_whole:
                return b""
            await self._more()
        found = self._pieces.popleft() if len(self._pieces) == 1 else b"".join(self._pieces)
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
        self._last = self._loop.time()
        try:
            sent = self._socket.send(piece)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise Broken(is_heard=bool(self.status), is_sent=True) from error
        if sent < len(piece):
            await self._write_rest(piece[sent:])

    def close(self) -> None:
        """The end of it; what is not there yet is wanted no more."""
        self._timer.cancel()
        self._read(False)
        self._socket.close()

    async def _write_rest(self, rest: bytes) -> None:
        try:
            async with asyncio.timeout(self._silence_s):
                await self._loop.sock_sendall(self._socket, rest)
        except TimeoutError as error:
            raise Silent from error
        except OSError as error:
            raise Broken(is_heard=bool(self.status), is_sent=True) from error

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        if not self._reads:
            self._last = self._loop.time()
            self._read(True)
        self._waiter = self._loop.create_future()
        await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _read(self, wanted: bool) -> None:
        if wanted == self._reads:
            return
        self._reads = wanted
        if wanted:
            self._loop.add_reader(self._fd, self._readable)
        else:
            self._loop.remove_reader(self._fd)

    def _readable(self) -> None:
        self._last = self._loop.time()
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(Broken(is_heard=True, is_sent=True))

    def _lost(self) -> None:
        """Its end, which is the end of an answer that tells no length."""
        self._read(False)
        if self.status and not {"content-length", "transfer-encoding"} & self.headers.keys():
            self._is_whole = True
        if not self._is_whole:
            self._fail(Broken(is_heard=bool(self.status), is_sent=True))
        self._wake()

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._read(False)
        self._wake()

    def _check(self) -> None:
        rest = self._last + self._silence_s - self._loop.time()
        if rest <= 0 and self._reads:
            self._fail(Silent())
        else:
            self._timer = self._loop.call_later(max(rest, 0.05), self._check)

    # what the parser tells

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._wake()

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > HELD_BYTES:
            self._read(False)
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
    patience: Patience,
    method: str = "POST",
) -> Call:
    """Connect to the socket at `path`, and send the head of a request and its body or the beginning of it. Broken."""
    made = Call(await _connected(path, patience.connect_s), patience.silence_s)
    lines = [f"{method} {target} HTTP/1.1", "Host: runtime", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    try:
        await made.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
    except BaseException:
        made.close()
        raise
    return made


async def _connected(path: str, connect_s: float) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    end = asyncio.get_running_loop().time() + connect_s
    while True:
        try:
            made.connect(path)
        except BlockingIOError:
            if asyncio.get_running_loop().time() > end:
                made.close()
                raise Broken(is_heard=False, is_sent=False) from None
            await asyncio.sleep(FULL_S)
        except OSError as error:
            made.close()
            raise Broken(is_heard=False, is_sent=False) from error
        else:
            return made
