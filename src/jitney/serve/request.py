"""A request as it arrives, and what it is answered with."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from urllib.parse import unquote

import msgspec

from jitney.serve.errors import ApiError

HELD_BYTES = 1 << 18
"""Of a body that nobody has read yet: more is not taken from the connection."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer. headers: besides content-type and those of the connection."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = {}


class Request:
    """method; path: decoded, without its query; headers: names in lower case. hold: stops and starts the reading of what
    still comes; limit: bytes of its body, more is a 413."""

    def __init__(
        self, method: str, path: str, headers: dict[str, str], *, limit: int, hold: Callable[[bool], None]
    ) -> None:
        self.method = method
        self.path = unquote(path)
        self.headers = headers
        self.is_whole = False
        self._limit = limit
        self._hold = hold
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._held = 0
        self._is_gathered = False
        self._error: ApiError | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "")

    async def read(self) -> bytes:
        """The whole body. ApiError: 413, 408, 400 where it broke off."""
        self._is_gathered = True
        self._hold(False)
        while not self.is_whole:
            self._check()
            await self._more()
        self._check()
        body = b"".join(self._pieces)
        self._pieces = deque((body,))  # it may be read again
        return body

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes; what is read is kept nowhere."""
        while True:
            self._check()
            while self._pieces:
                piece = self._pieces.popleft()
                self._held -= len(piece)
                yield piece
                self._check()
            if self.is_whole:
                return
            self._hold(False)
            await self._more()

    def take(self, piece: bytes) -> None:
        """From the connection."""
        self._size += len(piece)
        if self._size > self._limit:
            self.fail(ApiError(413, f"the request is larger than {self._limit >> 20} MiB"))
            self._pieces.clear()
            return
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > HELD_BYTES and not self._is_gathered:
            self._hold(True)
        self._wake()

    def end(self) -> None:
        self.is_whole = True
        self._wake()

    def fail(self, error: ApiError) -> None:
        """It will not arrive: who reads it is told."""
        self._error = self._error or error
        self._wake()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    async def _more(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
