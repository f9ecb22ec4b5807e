"""HTTP/1.1 over the engine's socket: calls, streams, and the hijacked connection of an attach.

    Wire ── idle connections, kept alive; a connection serves one exchange at a time
     ├── call()    a small answer, read whole
     ├── stream()  an answer read piece by piece; leaving the `with` early closes its connection
     └── hijack()  the socket itself, and the bytes that came behind the reply's head

Nothing is sent twice: a request that fails has failed. Socket errors become EngineGone here and nowhere else.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from jitney.engine.address import Address, dial
from jitney.engine.http import Head, Headers, HttpError, Reader, chunk, request_head
from jitney.errors import EngineError, EngineGone

READ_SIZE = 256 << 10
ANSWER_TIMEOUT_S = 120.0
"""A busy engine took up to 8 s to start a container in the measurements; this is far beyond that."""

NEWEST_API = (1, 50)
"""The newest API whose answers this code has been written for."""

T = TypeVar("T")
Query = dict[str, str] | list[tuple[str, str]] | None


class RefusedError(EngineError):
    """The engine answered with an error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"the engine refused: {message}")
        self.status = status
        self.reason = message


class Reply:
    """Status, headers (names in lower case), and the body: whole after `read`, in pieces by iterating."""

    def __init__(self, exchange: _Exchange, head: Head) -> None:
        self.status = head.status
        self.headers = head.headers
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        return self._exchange.body()

    def read(self) -> bytes:
        return b"".join(self)

    def raise_for_status(self) -> None:
        if self.status < 400:
            return
        text = self.read()
        try:
            message = str(msgspec.json.decode(text)["message"])
        except (msgspec.DecodeError, KeyError, TypeError):
            message = text.decode("utf-8", "replace").strip() or f"status {self.status}"
        raise RefusedError(self.status, message)


class _Exchange:
    """One connection, for one request at a time. is_done: the answer was read whole, and another request may follow."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.socket = dial(address)
        self.reader = Reader(self._pull)
        self.is_done = True
        self._head: Head | None = None

    def is_alive(self) -> bool:
        """An idle connection has nothing to say: whatever can be read is its end."""
        return not select.select([self.socket], [], [], 0)[0]

    def close(self) -> None:
        self.socket.close()

    def request(
        self,
        method: str,
        target: str,
        headers: Headers,
        body: bytes | Iterable[bytes] | None,
        meanwhile: Callable[[], None] | None = None,
    ) -> Reply:
        """meanwhile: called once the engine has the request, before its answer is read."""
        assert self.is_done, "one request at a time"
        self.is_done = False
        try:
            self._put(method, target, headers, body)
            is_sent = True
        except (BrokenPipeError, ConnectionResetError):
            is_sent = False  # it may have refused early: its answer is still to be read, and says why
        if meanwhile is not None:
            meanwhile()
        self._head = self._answer()
        self._head.keeps = self._head.keeps and is_sent
        return Reply(self, self._head)

    def body(self) -> Iterator[bytes]:
        head = self._head
        assert head is not None, "the head comes first"
        pieces = self.reader.body(head)
        while (piece := self._translated(lambda: next(pieces, None))) is not None:
            yield piece
        self.is_done = head.keeps

    def _put(self, method: str, target: str, headers: Headers, body: bytes | Iterable[bytes] | None) -> None:
        head = request_head(method, target, _headers(headers, body))
        if body is None or isinstance(body, bytes):
            self._send(head + (body or b""))
            return
        self._send(head)
        for piece in body:
            if piece:
                self._send(chunk(piece))
        self._send(chunk(b""))

    def _send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise
        except TimeoutError as error:
            raise self._silent() from error
        except OSError as error:
            raise self._gone(error) from error

    def _answer(self) -> Head:
        """The final head: what an engine says before it (100, 103) is passed over."""
        while True:
            head = self._translated(self.reader.head)
            if head.status >= 200 or head.status == 101:
                return head

    def _pull(self) -> bytes:
        return self.socket.recv(READ_SIZE)

    def _translated(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except TimeoutError as error:
            raise self._silent() from error
        except (OSError, HttpError) as error:
            raise self._gone(error) from error

    def _gone(self, error: Exception) -> EngineGone:
        return EngineGone(
            f"the engine at {self.address.url} closed the connection in the middle of a request ({error})"
        )

    def _silent(self) -> EngineError:
        waited = self.socket.gettimeout()
        return EngineGone(
            f"the engine at {self.address.url} did not answer within {waited:.0f} s", "jitney doctor"
        )


def _headers(headers: Headers, body: bytes | Iterable[bytes] | None) -> Headers:
    lines = (("Host", "docker"), ("User-Agent", "jitney"), *headers)
    if isinstance(body, bytes):
        return (*lines, ("Content-Length", str(len(body))))
    if body is None:
        return (*lines, ("Content-Length", "0"))
    return (*lines, ("Transfer-Encoding", "chunked"))


class Wire:
    """The way to one engine. The API version is agreed on at the first request. A forked child gets
    connections of its own."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._idle: list[_Exchange] = []
        self._owner = os.getpid()
        self._prefix: str | None = None

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def call(
        self,
        method: str,
        path: str,
        query: Query = None,
        body: object = None,
        headers: Headers = (),
        timeout_s: float = ANSWER_TIMEOUT_S,
        meanwhile: Callable[[], None] | None = None,
    ) -> Any:
        """The decoded JSON of the answer, None where it has no body. RefusedError for an error status.

        meanwhile: work of ours that is done while the engine does the engine's.
        """
        payload = None if body is None else msgspec.json.encode(body)
        lines = headers if payload is None else (*headers, ("Content-Type", "application/json"))
        with self.stream(method, path, query, payload, lines, timeout_s, meanwhile) as reply:
            text = reply.read()
        if not text or not reply.headers.get("content-type", "").startswith("application/json"):
            return None
        return msgspec.json.decode(text)

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        query: Query = None,
        body: bytes | Iterable[bytes] | None = None,
        headers: Headers = (),
        timeout_s: float = ANSWER_TIMEOUT_S,
        meanwhile: Callable[[], None] | None = None,
    ) -> Iterator[Reply]:
        """timeout_s: the longest silence, not the whole time."""
        exchange = self._exchange(timeout_s)
        try:
            reply = exchange.request(method, self._target(exchange, path, query), headers, body, meanwhile)
            reply.raise_for_status()
            yield reply
        finally:
            self._put_back(exchange)

    def hijack(self, path: str, query: dict[str, str]) -> tuple[socket.socket, bytes]:
        """POST with Upgrade: the raw socket, and what the engine had already sent behind its reply."""
        exchange = self._exchange(ANSWER_TIMEOUT_S)
        try:
            upgrade = (("Connection", "Upgrade"), ("Upgrade", "tcp"))
            reply = exchange.request("POST", self._target(exchange, path, query), upgrade, None)
            reply.raise_for_status()
            if reply.status != 101:
                raise EngineError(f"the engine answered an attach with status {reply.status}, expected 101")
        except BaseException:
            exchange.close()
            raise
        return exchange.socket, exchange.reader.rest()

    def _target(self, exchange: _Exchange, path: str, query: Query) -> str:
        if self._prefix is None:
            self._prefix = _negotiate(exchange)
        items = query.items() if isinstance(query, dict) else query or ()
        pairs = "&".join(f"{name}={quote(value, safe='')}" for name, value in items)
        return self._prefix + path + (f"?{pairs}" if pairs else "")

    def _exchange(self, timeout_s: float) -> _Exchange:
        if self._owner != os.getpid():
            self.close()
            self._owner = os.getpid()
        while self._idle:
            exchange = self._idle.pop()
            if exchange.is_alive():
                break
            exchange.close()
        else:
            exchange = _Exchange(self.address)
        exchange.socket.settimeout(timeout_s)
        return exchange

    def _put_back(self, exchange: _Exchange) -> None:
        if exchange.is_done:
            self._idle.append(exchange)
        else:
            exchange.close()


def _negotiate(exchange: _Exchange) -> str:
    """`/v1.41`: the engine's newest API that is not newer than ours."""
    reply = exchange.request("GET", "/_ping", (), None)
    reply.read()
    major, _, minor = reply.headers.get("api-version", "").partition(".")
    if not (major.isdigit() and minor.isdigit()):
        raise EngineError(
            f"what listens at {exchange.address.url} is not a container engine", "jitney doctor"
        )
    newest = min((int(major), int(minor)), NEWEST_API)
    return f"/v{newest[0]}.{newest[1]}"
