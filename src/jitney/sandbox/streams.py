"""Streams inside the leash: connections that the program makes to allowed hosts, or that the client makes
into the box.

Each has a window a direction; whoever has taken bytes gives them back with `K` (docs/protocol.md §5).
"""

from __future__ import annotations

from typing import Protocol

from jitney.sandbox.frames import ProtocolError


class Post(Protocol):
    """How a stream sends frames of its own; is_full: rather wait for `resume`."""

    def post(self, kind: bytes, payload: bytes | memoryview, stream: int) -> None: ...
    @property
    def is_full(self) -> bool: ...
    def drop_stream(self, stream: int) -> None: ...


class Stream(Protocol):
    """What a stream is told. resume: the leash can take more."""

    def opened(self) -> None: ...
    def data(self, piece: bytes | memoryview) -> None: ...
    def ended(self) -> None: ...
    def credit(self, amount: int) -> None: ...
    def resume(self) -> None: ...
    def reset(self) -> None: ...


class Window:
    """What the other side may still send. Taken when it arrives, given back when it was passed on."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._size = size
        self._taken = 0

    def arrive(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise ProtocolError(f"the sandbox sent {-self._left} bytes more than a stream's window allows")

    def take(self, amount: int) -> int:
        """Bytes were passed on: how many to give back now (0: later, so that small pieces make no frames)."""
        self._taken += amount
        if self._taken < self._size // 4 and self._taken < self._size - self._left:
            return 0
        back, self._taken = self._taken, 0
        self._left += back
        return back
