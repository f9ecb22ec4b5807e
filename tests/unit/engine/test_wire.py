"""HTTP to the engine, against a server that says exactly what a test wants, byte by byte."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from jitney.engine.address import Address
from jitney.engine.attachment import SocketAttachment
from jitney.engine.docker import DockerEngine
from jitney.engine.wire import RefusedError, Wire
from jitney.errors import EngineError, EngineGone

PING = b"HTTP/1.1 200 OK\r\nApi-Version: 1.99\r\nContent-Length: 2\r\n\r\nOK"
Serve = Callable[..., Address]


def answer(body: bytes, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(first, second, …)`: each connection answers its requests with these bytes in turn; b"" hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []

    def talk(replies: list[bytes]) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                while replies:
                    request = connection.recv(65536)
                    if not request:
                        break
                    asked.append(request)
                    reply = replies.pop(0)
                    if not reply:
                        break
                    connection.sendall(reply)

    def start(*replies: bytes, log: list[bytes] | None = None) -> Address:
        nonlocal asked
        asked = log if log is not None else asked
        threading.Thread(target=talk, args=(list(replies),), daemon=True).start()
        host, port = listener.getsockname()
        return Address(host=host, port=port)

    yield start
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_the_version_is_agreed_on_once_and_the_connection_kept(serve: Serve) -> None:
    log: list[bytes] = []
    wire = Wire(serve(PING, answer(b"[1]"), answer(b"[2]"), log=log))
    assert wire.call("GET", "/a", {"x": "1 2&3"}) == [1]
    assert wire.call("GET", "/b") == [2]
    wire.close()
    lines = [request.split(b"\r\n")[0] for request in log]
    assert lines == [b"GET /_ping HTTP/1.1", b"GET /v1.50/a?x=1%202%263 HTTP/1.1", b"GET /v1.50/b HTTP/1.1"]


def test_a_refusal_has_the_engine_s_words(serve: Serve) -> None:
    wire = Wire(serve(PING, answer(b'{"message": "no such thing"}', "404 Not Found")))
    with pytest.raises(RefusedError, match="no such thing") as caught:
        wire.call("GET", "/a")
    assert caught.value.status == 404
    wire.close()


def test_an_engine_that_dies_in_a_request_is_gone(serve: Serve) -> None:
    wire = Wire(serve(PING, b""))
    with pytest.raises(EngineGone, match="in the middle of a request"):
        wire.call("GET", "/a")
    wire.close()


def test_an_engine_that_dies_in_an_answer_is_gone(serve: Serve) -> None:
    wire = Wire(serve(PING, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", b""))
    with pytest.raises(EngineGone), wire.stream("GET", "/a", timeout_s=0.5) as reply:
        reply.read()
    wire.close()


def test_silence_ends(serve: Serve) -> None:
    wire = Wire(serve(PING, b"HTTP/1.1 200 OK\r\n", b"never"))
    began = time.monotonic()
    with pytest.raises(EngineGone, match="did not answer"):
        wire.call("GET", "/a", timeout_s=0.3)
    assert time.monotonic() - began < 3
    wire.close()


def test_something_else_listens_there(serve: Serve) -> None:
    wire = Wire(serve(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    with pytest.raises(EngineError, match="not a container engine"):
        wire.call("GET", "/a")
    wire.close()


def test_an_idle_connection_that_was_closed_is_not_used(serve: Serve) -> None:
    address = serve(PING, answer(b"1"), b"", answer(b"2"))
    wire = Wire(address)
    assert wire.call("GET", "/a") == 1
    idle = wire._idle[0]
    idle.socket.sendall(b"GET /bye HTTP/1.1\r\n\r\n")
    time.sleep(0.1)
    assert wire.call("GET", "/b") == 2
    wire.close()


def test_bytes_behind_the_reply_of_an_attach_are_kept(serve: Serve) -> None:
    early = b"\x01\0\0\0\0\0\0\x05early"
    head = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    engine = DockerEngine(serve(PING, head + early, b""))
    attachment = engine.attach("x")
    assert attachment.recv_stdout() == b"early"
    attachment.close()
    engine.close()


def test_an_error_in_the_middle_of_progress(serve: Serve) -> None:
    lines = b'{"status":"Pulling"}\r\n{"error":"manifest unknown"}\r\n'
    engine = DockerEngine(serve(PING, answer(lines)))
    seen: list[str] = []
    with pytest.raises(EngineError, match="manifest unknown"):
        engine.pull("x:1", on_line=seen.append)
    assert seen == ["Pulling"]
    engine.close()


@pytest.fixture
def pair() -> Iterator[tuple[SocketAttachment, socket.socket]]:
    near, far = socket.socketpair()
    attachment = SocketAttachment(near, b"")
    yield attachment, far
    attachment.close()
    far.close()


def test_streams_are_told_apart_whatever_the_pieces(pair: tuple[SocketAttachment, socket.socket]) -> None:
    attachment, far = pair
    sent = (
        b"\x01\0\0\0\0\0\0\x03abc"
        + b"\x02\0\0\0\0\0\0\x03ERR"
        + b"\x01\0\0\0\0\0\0\0"
        + b"\x01\0\0\0\0\0\0\x02de"
    )
    got = b""
    for at in range(len(sent)):
        far.sendall(sent[at : at + 1])
        got += attachment.recv_stdout()
    assert (got, attachment.stderr_tail, attachment.eof) == (b"abcde", b"ERR", False)
    assert attachment.recv_stdout() == b""
    assert attachment.eof is False
    far.close()
    assert attachment.recv_stdout() == b""
    assert attachment.eof is True


def test_stderr_is_kept_short(pair: tuple[SocketAttachment, socket.socket]) -> None:
    attachment, far = pair
    far.sendall(b"\x02\0\0\0" + (60_000).to_bytes(4) + b"x" * 59_999 + b"!")
    while attachment.recv_stdout() or not attachment.stderr_tail.endswith(b"!"):
        pass
    assert len(attachment.stderr_tail) == 16 << 10


def test_a_full_pipe_takes_nothing_and_does_not_block(pair: tuple[SocketAttachment, socket.socket]) -> None:
    attachment, _ = pair
    while attachment.send(bytes(65536)):
        pass
    assert attachment.send(b"x") == 0
