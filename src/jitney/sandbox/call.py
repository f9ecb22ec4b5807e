"""An HTTP exchange with a server inside a box, through the leash, its answer read as it comes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from jitney.sandbox.streams import Post, Stream, Window

PIECE = 32 << 10


class Call:
    """A stream that sends a request, however large, and keeps the answer's bytes until they are taken.

    `is_over`: nothing more will come. `failed`: nobody listens there, or the connection broke.
    """

    def __init__(self, post: Post, window: int, request: bytes) -> None:
        self.is_over = False
        self.failed = False
        self._post = post
        self._window = Window(window)
        self._room = window
        self._rest = memoryview(request)
        self._pieces: deque[bytes] = deque()
        self._number = 0

    def open(self, open_stream: Callable[[Stream, int], int], port: int) -> Call:
        self._number = open_stream(self, port)
        return self

    @property
    def has_news(self) -> bool:
        return bool(self._pieces) or self.is_over

    def take(self) -> bytes:
        """What came since the last call; the other side may send as much again."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        if not self.is_over and (back := self._window.take(len(data))):
            self._post.post(b"K", back.to_bytes(4, "big"), self._number)
        return data

    def close(self) -> None:
        """The other side sees its client leave. Twice is harmless."""
        if not self.is_over:
            self._post.post(b"R", b"", self._number)
            self._post.drop_stream(self._number)
        self.is_over = True

    # what the wire tells

    def opened(self) -> None:
        self._send()

    def data(self, piece: bytes | memoryview) -> None:
        self._window.arrive(len(piece))
        self._pieces.append(bytes(piece))

    def ended(self) -> None:
        self.close()

    def credit(self, amount: int) -> None:
        self._room += amount
        self._send()

    def resume(self) -> None:
        self._send()

    def reset(self) -> None:
        self.failed = self.failed or not self.is_over
        self.is_over = True

    def _send(self) -> None:
        while self._rest and self._room and not self._post.is_full:
            size = min(PIECE, self._room, len(self._rest))
            self._room -= size
            piece, self._rest = self._rest[:size], self._rest[size:]
            self._post.post(b"M", piece, self._number)
