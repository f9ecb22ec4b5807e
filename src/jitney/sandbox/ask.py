"""One small HTTP exchange with a server inside a box, through the leash: is it ready, what can it do."""

from __future__ import annotations

from jitney.sandbox.streams import Post, Window

MOST = 1 << 20
"""Bytes of a reply above which it is given up."""


class Exchange:
    """A stream that sends one request and gathers the reply. `reply`: None while, or when, there is none."""

    def __init__(self, post: Post, window: int, request: bytes) -> None:
        self.reply: bytes | None = None
        self.is_done = False
        self.number = 0
        self._post = post
        self._window = Window(window)
        self._request = request
        self._got = bytearray()

    def opened(self) -> None:
        """The request is small: it fits the first window."""
        self._post.post(b"M", self._request, self.number)

    def data(self, piece: bytes | memoryview) -> None:
        self._window.arrive(len(piece))
        self._got += piece
        if back := self._window.take(len(piece)):
            self._post.post(b"K", back.to_bytes(4, "big"), self.number)
        if is_whole(self._got):
            self._end(bytes(self._got))
        elif len(self._got) > MOST:
            self._end(None)

    def ended(self) -> None:
        self._end(bytes(self._got) if self._got else None)

    def credit(self, amount: int) -> None:
        pass

    def resume(self) -> None:
        pass

    def reset(self) -> None:
        self.is_done = True

    def give_up(self) -> None:
        if not self.is_done:
            self._end(None)

    def _end(self, reply: bytes | None) -> None:
        if self.is_done:
            return
        self.reply = reply
        self.is_done = True
        self._post.post(b"R", b"", self.number)
        self._post.drop_stream(self.number)


def is_whole(reply: bytes | bytearray) -> bool:
    """A whole HTTP/1.1 response, by its length or its last chunk. One that ends with its connection is never
    whole here."""
    head, blank, body = bytes(reply).partition(b"\r\n\r\n")
    if not blank:
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit():
            return len(body) >= int(value)
        if name.lower() == b"transfer-encoding":
            return body == b"0\r\n\r\n" or body.endswith(b"\r\n0\r\n\r\n")
    return head.split(b" ", 2)[1:2] in ([b"204"], [b"304"])
