"""Frames of the leash (docs/protocol.md §1): header of 8 bytes, payload of at most 64 KiB, in both
directions.

The decoder is incremental and holds at most one frame; program output (`o`, `e`) is passed on piece by piece,
as views into what was received, and is never copied here.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from jitney.errors import SandboxError

VERSION = 1
MAX_PAYLOAD = 65536

_HEADER = Struct(">BBHI")
HEADER_SIZE = _HEADER.size

FROM_INIT = frozenset(b"rgoekbCmqRKAx!")
TO_INIT = frozenset(b"JFfGDESWTHOMQRK")
STREAMED = frozenset(b"oe")
"""Types whose payload may be passed on before it is whole."""

Frame = tuple[int, int, bytes | memoryview]
"""Type (the letter's code), stream id, payload."""


class ProtocolError(SandboxError):
    """The other end said something that docs/protocol.md does not allow."""


def encode(kind: bytes, payload: bytes | memoryview = b"", stream: int = 0) -> bytes:
    """One frame. kind: the letter; payload at most MAX_PAYLOAD bytes."""
    size = len(payload)
    assert size <= MAX_PAYLOAD, f"frame {kind!r} of {size} bytes"
    return b"".join((_HEADER.pack(kind[0], 0, stream, size), payload))


def encode_long(kind: bytes, payload: bytes | memoryview, stream: int = 0) -> Iterator[bytes]:
    """As many frames of one type as the payload needs; none for an empty payload."""
    view = memoryview(payload)
    for at in range(0, len(view), MAX_PAYLOAD):
        yield encode(kind, view[at : at + MAX_PAYLOAD], stream)


class Decoder:
    """Bytes in, frames out, in any number of pieces. Memory: one header and one payload.

    kinds: the letters that may arrive here; anything else, a reserved byte that is not 0 or a length over
    MAX_PAYLOAD raises ProtocolError. Views that were handed out stay valid as long as the chunk they came
    from.
    """

    def __init__(self, kinds: frozenset[int] = FROM_INIT, streamed: frozenset[int] = STREAMED) -> None:
        self._kinds = kinds
        self._streamed = streamed
        self._header = bytearray()
        self._body = bytearray()
        self._kind = 0
        self._stream = 0
        self._left = 0

    @property
    def is_between_frames(self) -> bool:
        return self._left == 0 and not self._header

    @property
    def held(self) -> int:
        """Bytes kept until the rest of their frame comes."""
        return len(self._header) + len(self._body)

    def feed(self, chunk: bytes | memoryview) -> Iterator[Frame]:
        view = memoryview(chunk)
        at, end = 0, len(view)
        while at < end:
            if self._left == 0:
                at = self._take_header(view, at)
                if self._left == 0 and not self._header:
                    yield self._kind, self._stream, b""
                continue
            piece = view[at : at + self._left]
            at += len(piece)
            self._left -= len(piece)
            if self._kind in self._streamed or (self._left == 0 and not self._body):
                yield self._kind, self._stream, piece
                continue
            self._body += piece
            if self._left == 0:
                whole = bytes(self._body)
                self._body.clear()
                yield self._kind, self._stream, whole

    def _take_header(self, view: memoryview, at: int) -> int:
        """Read a header, or the part of it that is there; returns where the rest begins."""
        if self._header or len(view) - at < HEADER_SIZE:
            until = at + HEADER_SIZE - len(self._header)
            self._header += view[at:until]
            if len(self._header) < HEADER_SIZE:
                return len(view)
            self._open(self._header, 0)
            self._header.clear()
            return until
        self._open(view, at)
        return at + HEADER_SIZE

    def _open(self, source: memoryview | bytearray, at: int) -> None:
        kind, reserved, stream, size = _HEADER.unpack_from(source, at)
        if kind not in self._kinds:
            raise ProtocolError(f"the sandbox sent a frame of unknown type {chr(kind)!r}")
        if reserved:
            raise ProtocolError(
                f"the sandbox sent a frame {chr(kind)!r} whose reserved byte is {reserved}, not 0"
            )
        if size > MAX_PAYLOAD:
            raise ProtocolError(f"the sandbox sent a frame of {size} bytes, more than {MAX_PAYLOAD}")
        self._kind, self._stream, self._left = kind, stream, size
