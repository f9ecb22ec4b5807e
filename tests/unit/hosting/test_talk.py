"""Answers of a runtime, read as they come: whole, in pieces, broken off, refused."""

from __future__ import annotations

import msgspec
import pytest

from jitney.hosting.questions import Question, Refused, ask_transcript
from jitney.hosting.talk import Answer
from jitney.sandbox.call import Call


class Post:
    """Takes frames; is never full."""

    is_full = False

    def __init__(self) -> None:
        self.frames: list[tuple[bytes, bytes]] = []

    def post(self, kind: bytes, payload: bytes | memoryview, stream: int) -> None:
        self.frames.append((kind, bytes(payload)))

    def drop_stream(self, stream: int) -> None:
        self.frames.append((b"drop", b""))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def answer(pieces: list[bytes], *, ends: bool = True) -> Answer:
    """Of a server that sends these pieces, one each time it is waited for."""
    call = Call(Post(), 1 << 16, b"")
    rest = list(pieces)

    def wait() -> None:
        if rest:
            call.data(rest.pop(0))
        elif ends:
            call.ended()
        else:
            call.reset()

    return Answer(call, wait)


def texts(found: Answer) -> list[object]:
    return [msgspec.json.decode(raw) for raw in found]


def test_events_come_whole_however_they_are_cut() -> None:
    body = b'data: {"a": "\xc3\xa4"}\n\ndata: {"b": 2}\n\ndata: [DONE]\n\n'
    whole = HEAD + chunk(body[:13]) + chunk(body[13:]) + b"0\r\n\r\n"
    for size in (1, 7, 64, len(whole)):
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        assert texts(answer(pieces)) == [{"a": "ä"}, {"b": 2}]


def test_an_answer_that_does_not_stream_is_one_piece() -> None:
    data = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"a": [1]}'
    assert texts(answer([data])) == [{"a": [1]}]


def test_an_error_is_the_servers_own_word() -> None:
    body = b'{"error": {"message": "too long", "code": 400}}'
    data = b"HTTP/1.1 400 Bad\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
    with pytest.raises(Refused, match="the runtime refused: too long"):
        texts(answer([data % (len(body), body)]))


def test_an_error_in_the_midst_of_a_stream_is_raised() -> None:
    body = b'data: {"a": 1}\n\ndata: {"error": {"message": "gone"}}\n\n'
    with pytest.raises(Refused, match="gone"):
        texts(answer([HEAD + chunk(body) + b"0\r\n\r\n"]))


@pytest.mark.parametrize("ends", [True, False])
def test_a_broken_answer_is_no_end(ends: bool) -> None:
    found = answer([HEAD + chunk(b'data: {"a": 1}\n\n')], ends=ends)
    with pytest.raises(ConnectionError):
        texts(found)


def test_nobody_there() -> None:
    with pytest.raises(ConnectionError, match="nobody answers"):
        texts(answer([], ends=False))


def test_a_large_request_goes_as_there_is_room() -> None:
    post = Post()
    call = Call(post, 1000, b"x" * 2500)
    call.opened()
    assert sum(len(data) for kind, data in post.frames if kind == b"M") == 1000
    call.credit(1200)
    call.credit(1200)
    assert sum(len(data) for kind, data in post.frames if kind == b"M") == 2500


def test_who_leaves_is_seen_to_leave() -> None:
    post = Post()
    call = Call(post, 1000, b"x")
    call.close()
    call.close()
    assert [kind for kind, _ in post.frames] == [b"R", b"drop"]


def test_an_audio_file_is_a_form_field() -> None:
    question = ask_transcript("m", 'a "b"\r\n.wav', b"RIFF")
    assert b'filename="a__b___.wav"' in question.body
    assert question.kind.startswith("multipart/form-data; boundary=")
    assert Question(path="/x", body=b"{}").request().endswith(b"\r\n\r\n{}")
