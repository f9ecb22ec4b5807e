"""HTTP/1.1 as a client reads it: heads, and bodies that have a length, come in chunks, or end with the connection.

Strict (RFC 9112): folded lines, a body framed twice, lengths that differ and unknown codings are errors. Trailers are read
and dropped. Nothing here knows sockets or time: `pull` gives the next bytes, b"" where the connection has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

MAX_HEAD = 64 << 10
"""Bytes of a head, or of all trailers together."""
MAX_CHUNK_LINE = 1024
MAX_CHUNK_DIGITS = 15
"""Hexadecimal digits of a chunk's size: less than an exbibyte."""

_END = b"\r\n"
_TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HEX = b"0123456789abcdefABCDEF"
_NO_TEXT = b"\r\n\0"

Headers = tuple[tuple[str, str], ...]


class HttpError(Exception):
    """The answer is not HTTP/1.1, or it was cut."""


class Head:
    """The head of an answer. headers: names in lower case, values that came several times joined by commas.

    length: bytes of the body, None where it ends with the connection. keeps: the connection can serve another request.
    """

    __slots__ = ("headers", "is_chunked", "keeps", "length", "status")

    def __init__(self, version: bytes, status: int, headers: dict[str, str]) -> None:
        self.status = status
        self.headers = headers
        coding = headers.get("transfer-encoding", "").lower()
        lengths = {text.strip() for text in headers.get("content-length", "").split(",")} - {""}
        if coding not in ("", "chunked"):
            raise HttpError(f"the body has the coding {coding!r}, expected chunked or none")
        if len(lengths) > 1 or (lengths and coding) or not all(_is_number(text) for text in lengths):
            raise HttpError("the body's length is not one number")
        self.is_chunked = bool(coding)
        self.length = int(lengths.pop()) if lengths else None
        if status < 200 or status in (204, 304):
            self.is_chunked, self.length = False, 0
        options = {option.strip().lower() for option in headers.get("connection", "").split(",")}
        is_framed = self.is_chunked or self.length is not None
        self.keeps = version == b"HTTP/1.1" and "close" not in options and is_framed


def request_head(method: str, target: str, headers: Headers) -> bytes:
    """The bytes of a request's head. ValueError: a line break or a blank where it would start another line or word."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    words = (method, target, *(name for name, _ in headers))
    if any(set(word) & set(" \t\r\n\0") for word in words) or any(
        set(line) & set("\r\n\0") for line in lines
    ):
        raise ValueError(f"{method} {target}: a header or the target has a line break or a blank")
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def chunk(data: bytes) -> bytes:
    """One chunk of a request's body; empty data is its end."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Reader:
    """Takes the answers of one connection apart, one after the other: `head`, then `body` to its end, then `head` …"""

    def __init__(self, pull: Callable[[], bytes]) -> None:
        self._pull = pull
        self._held = bytearray()

    def head(self) -> Head:
        first, *lines = self._until(b"\r\n\r\n", MAX_HEAD).split(_END)
        version, _, rest = first.partition(b" ")
        code, _, _reason = rest.partition(b" ")
        if version not in (b"HTTP/1.1", b"HTTP/1.0") or not code.isdigit() or len(code) != 3 or code < b"100":
            raise HttpError(f"the answer begins with {bytes(first[:40])!r}, expected an HTTP status")
        headers: dict[str, str] = {}
        for line in lines:
            name, value = _field(line)
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return Head(version, int(code), headers)

    def body(self, head: Head) -> Iterator[bytes]:
        """The pieces as they come. HttpError: it ends early, or a chunk is malformed."""
        if head.is_chunked:
            yield from self._chunks()
        elif head.length is not None:
            yield from self._exactly(head.length)
        else:
            yield from self._to_the_end()

    def rest(self) -> bytes:
        """What came behind the answer: the first bytes of an upgraded connection."""
        held, self._held = bytes(self._held), bytearray()
        return held

    def _chunks(self) -> Iterator[bytes]:
        while size := self._chunk_size():
            yield from self._exactly(size)
            self._until(_END, 0)  # nothing stands between a chunk and its line's end
        left = MAX_HEAD
        while line := self._until(_END, left):
            _field(line)
            left -= len(line)

    def _chunk_size(self) -> int:
        digits = self._until(_END, MAX_CHUNK_LINE).partition(b";")[0].rstrip(b" \t")
        if not digits or len(digits) > MAX_CHUNK_DIGITS or digits.translate(None, _HEX):
            raise HttpError(f"a chunk's size is {digits[:20]!r}, expected hexadecimal digits")
        return int(digits, 16)

    def _exactly(self, count: int) -> Iterator[bytes]:
        while count:
            if not self._held:
                self._more()
            piece = bytes(self._held[:count])
            del self._held[:count]
            count -= len(piece)
            yield piece

    def _to_the_end(self) -> Iterator[bytes]:
        if held := self.rest():
            yield held
        while data := self._pull():
            yield data

    def _until(self, mark: bytes, most: int) -> bytes:
        """What stands before the next mark, which is dropped: at most so many bytes."""
        while (at := self._held.find(mark, 0, most + len(mark))) < 0:
            if len(self._held) >= most + len(mark):
                raise HttpError(f"a line or head is longer than {most} bytes")
            self._more()
        found = bytes(self._held[:at])
        del self._held[: at + len(mark)]
        return found

    def _more(self) -> None:
        data = self._pull()
        if not data:
            raise HttpError("it ended in the middle of an answer")
        self._held += data


def _field(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon or not name or name.translate(None, _TOKEN) or value != value.translate(None, _NO_TEXT):
        raise HttpError(f"{line[:40]!r} is not a header")
    return name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
