"""The HTTP reader, byte by byte: what is HTTP/1.1 is read however it is cut, what is not is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitney.engine.http import MAX_HEAD, HttpError, Reader, chunk, request_head

OK = b"HTTP/1.1 200 OK\r\n"


def fed(data: bytes, size: int = 1 << 20) -> Callable[[], bytes]:
    """A connection that brings `data` in pieces of `size` bytes and ends."""
    pieces: Iterator[bytes] = (data[at : at + size] for at in range(0, len(data), size))
    return lambda: next(pieces, b"")


def read(data: bytes, size: int = 1 << 20) -> tuple[int, bytes, bytes]:
    """Status and body of one answer, and what is left behind it."""
    reader = Reader(fed(data, size))
    head = reader.head()
    body = b"".join(reader.body(head))
    return head.status, body, reader.rest()


ANSWERS = [
    ("length", OK + b"Content-Length: 5\r\n\r\nhello", b"hello"),
    ("same length twice", OK + b"Content-Length: 5\r\ncontent-length: 5\r\n\r\nhello", b"hello"),
    ("empty", OK + b"Content-Length: 0\r\n\r\n", b""),
    ("no content", b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ("no reason", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"ok"),
    ("chunks", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", b"hello!"),
    ("extension", OK + b"Transfer-Encoding: Chunked\r\n\r\nA ;x=y\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    ("trailers", OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n00\r\nX-Sum: 1\r\n\r\n", b"a"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 20])
@pytest.mark.parametrize(("data", "want"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_answers_are_read_however_they_are_cut(data: bytes, want: bytes, size: int) -> None:
    assert read(data, size)[1] == want


@pytest.mark.parametrize("data", [row[1] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_every_cut_is_noticed(data: bytes) -> None:
    for end in range(len(data)):
        with pytest.raises(HttpError, match="ended in the middle"):
            read(data[:end])


@pytest.mark.parametrize("data", [row[1] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_the_next_answer_begins_where_this_one_ends(data: bytes) -> None:
    reader = Reader(fed(data + OK + b"Content-Length: 4\r\n\r\nnext"))
    for _ in reader.body(first := reader.head()):
        pass
    assert first.keeps
    assert b"".join(reader.body(reader.head())) == b"next"


def test_a_body_without_a_length_lasts_as_long_as_its_connection() -> None:
    reader = Reader(fed(OK + b"\r\nall of it", 4))
    head = reader.head()
    assert (b"".join(reader.body(head)), head.keeps) == (b"all of it", False)


@pytest.mark.parametrize(
    "head", [OK + b"Connection: keep-alive, Close\r\n", b"HTTP/1.0 200 OK\r\n"], ids=["close", "1.0"]
)
def test_a_connection_that_is_closed_serves_no_other_request(head: bytes) -> None:
    assert not Reader(fed(head + b"Content-Length: 0\r\n\r\n")).head().keeps


def test_what_stands_behind_an_upgrade_is_kept() -> None:
    assert read(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n\r\nearly") == (101, b"", b"early")


def test_headers() -> None:
    head = Reader(fed(OK + b"Api-Version:1.41 \r\nX-A: 1\r\nx-a: 2\r\nX-Empty:\r\n\r\n")).head()
    assert head.headers == {"api-version": "1.41", "x-a": "1, 2", "x-empty": ""}


MALFORMED = {
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "status 099": b"HTTP/1.1 099 OK\r\n\r\n",
    "folded line": OK + b"X-A: 1\r\n 2\r\n\r\n",
    "no colon": OK + b"X-A\r\n\r\n",
    "blank before the colon": OK + b"X-A : 1\r\n\r\n",
    "line feed in a value": OK + b"X-A: 1\nX-B: 2\r\n\r\n",
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "negative length": OK + b"Content-Length: -1\r\n\r\n",
    "length in other digits": OK + "Content-Length: ²\r\n\r\n".encode("latin-1"),
    "framed twice": OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unknown coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "no chunk size": OK + b"Transfer-Encoding: chunked\r\n\r\n\r\n",
    "signed chunk size": OK + b"Transfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
    "huge chunk size": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 16 + b"\r\n",
    "chunk that goes on": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
    "endless head": OK + b"X-A: " + b"a" * MAX_HEAD,
    "endless chunk line": OK + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 5000,
    "endless trailers": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: 1\r\n" * MAX_HEAD,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_http_is_refused(data: bytes) -> None:
    with pytest.raises(HttpError) as caught:
        read(data)
    assert "ended in the middle" not in str(caught.value), "refused for what it is, not for its end"


@given(st.binary(max_size=400), st.integers(0, len(ANSWERS) - 1), st.integers(0, 80))
def test_noise_is_an_answer_or_an_error(noise: bytes, which: int, at: int) -> None:
    data = ANSWERS[which][1]
    try:
        status, _, _ = read(data[:at] + noise + data[at:])
    except HttpError:
        return
    assert 100 <= status <= 999


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5))
def test_our_chunks_are_read_as_they_were_written(pieces: list[bytes]) -> None:
    sent = b"".join(map(chunk, [*pieces, b""]))
    assert read(OK + b"Transfer-Encoding: chunked\r\n\r\n" + sent) == (200, b"".join(pieces), b"")


def test_a_request() -> None:
    assert request_head("POST", "/a?b=1", (("Host", "docker"), ("X-B", "two words"))) == (
        b"POST /a?b=1 HTTP/1.1\r\nHost: docker\r\nX-B: two words\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("target", "name", "value"),
    [("/a b", "X", "1"), ("/a\r\nX: 1", "X", "1"), ("/a", "X\r\nY", "1"), ("/a", "X", "1\r\nY: 2")],
)
def test_a_request_cannot_be_split(target: str, name: str, value: str) -> None:
    with pytest.raises(ValueError, match="line break or a blank"):
        request_head("GET", target, ((name, value),))
