"""The server: it listens, watches over time limits, and drains."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable

import msgspec

from jitney.serve.channel import Channel
from jitney.serve.request import Reply

BACKLOG = 1024
LAST_S = 0.05
"""For last words to those that are broken off."""


class Limits(msgspec.Struct, frozen=True):
    """body_bytes: of a request; body_s: until it is whole; stall_s: that a client may leave an answer unread."""

    body_bytes: int
    body_s: float
    stall_s: float


class Server:
    """answer: gives a whole answer, or None when it has streamed one through the Channel."""

    def __init__(self, answer: Callable[[Channel], Awaitable[Reply | None]], limits: Limits) -> None:
        self.answer = answer
        self.limits = limits
        self.channels: set[Channel] = set()
        self.is_closing = False
        self.date = b""
        self._sweeper: asyncio.Task[None] | None = None
        self._servers: list[asyncio.Server] = []

    async def listen(self, bound: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        self._tick()
        loop = asyncio.get_running_loop()
        made = await loop.create_server(lambda: Channel(self), sock=bound, ssl=tls, backlog=BACKLOG)
        self._servers.append(made)
        self._sweeper = self._sweeper or loop.create_task(self._sweep())

    async def drained(self, limit_s: float) -> None:
        """What runs may end; afterwards nothing is open. New requests meet `is_closing`."""
        self.is_closing = True
        end = time.monotonic() + limit_s
        while any(one.is_busy for one in self.channels) and time.monotonic() < end:
            await asyncio.sleep(0.01)
        await self.close()

    async def close(self) -> None:
        for one in self._servers:
            one.close()
        self.is_closing = True
        for channel in list(self.channels):
            channel.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
        await asyncio.sleep(LAST_S if any(one.is_busy for one in self.channels) else 0)
        for channel in list(self.channels):
            channel.abort()

    async def _sweep(self) -> None:
        pause = min(1.0, self.limits.body_s / 4, self.limits.stall_s / 4)
        while True:
            await asyncio.sleep(pause)
            self._tick()
            now = time.monotonic()
            for channel in list(self.channels):
                channel.check(now)

    def _tick(self) -> None:
        self.date = time.strftime("Date: %a, %d %b %Y %H:%M:%S GMT\r\n", time.gmtime()).encode()
