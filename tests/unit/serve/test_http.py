"""HTTP as it really comes: in bits, in heaps, wrong, slow, and by clients that go away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.serve.runtime import Client, with_gateway

BODY = b'{"messages":[{"role":"user","content":"hi"}]}'
ASK = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
WHOLE = ASK + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


async def say(folder: Path, *pieces: bytes, ends: bool = True, pause: float = 0.0) -> bytes:
    """Send the pieces, read to the end; `ends`: half-close after them."""
    reader, writer = await asyncio.open_unix_connection(str(folder / "gateway.sock"))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        if ends:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def test_a_request_in_single_bytes(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        pieces = [bytes([one]) for one in WHOLE.replace(b"Host: x", b"Connection: close")]
        assert b'"content":"Hello"' in await say(tmp_path, *pieces, ends=False)

    with_gateway(tmp_path, work)


def test_several_requests_in_one_piece_are_answered_in_turn(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        last = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        said = await say(
            tmp_path, WHOLE + b"GET /api/version HTTP/1.1\r\nHost: x\r\n\r\n" + WHOLE + last, ends=False
        )
        found = [said.find(one) for one in (b"Hello", b"version", b'"status":"ok"')]
        assert found == sorted(found)
        assert said.count(b"HTTP/1.1 200 OK") == 4
        assert said.count(b"Hello") == 2

    with_gateway(tmp_path, work)


def test_a_body_in_chunks_and_after_a_question(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in (BODY[:9], BODY[9:])) + b"0\r\n\r\n"
        head = ASK + b"Connection: close\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
        said = await say(tmp_path, head, chunks, ends=False)
        assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")

    with_gateway(tmp_path, work)


def test_http_1_0_ends_with_its_connection(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        old = WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0").replace(BODY, BODY[:-1] + b',"stream":true}')
        old = old.replace(b"Content-Length: %d" % len(BODY), b"Content-Length: %d" % (len(BODY) + 14))
        said = await say(tmp_path, old, ends=False)
        assert b"chunked" not in said
        assert said.endswith(b"data: [DONE]\n\n")

    with_gateway(tmp_path, work)


def test_an_offer_of_http_2_is_not_taken(tmp_path: Path) -> None:
    """As Java's client makes it, with every request."""

    async def work(client: Client) -> None:
        offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"
        head = ASK + offer + b"Content-Length: %d\r\n\r\n" % len(BODY)
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "gateway.sock"))
        for _ in range(2):
            writer.write(head + BODY)
            assert b"200 OK" in await asyncio.wait_for(reader.readline(), 5)
            await reader.readuntil(b"}}")
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n" + offer + b"\r\n")
        assert b"ok" in await asyncio.wait_for(reader.readuntil(b'"ok"}'), 5)
        writer.close()

    with_gateway(tmp_path, work)


def test_head_has_no_body(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        said = await say(tmp_path, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ends=False)
        assert said.startswith(b"HTTP/1.1 200 OK")
        assert said.endswith(b"\r\n\r\n")

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (ASK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        (ASK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (ASK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", 400),
        (ASK + b"Content-Length: -1\r\n\r\n", 400),
        (b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"BREW /coffee HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ],
)
def test_what_is_no_http(tmp_path: Path, sent: bytes, status: int) -> None:
    async def work(client: Client) -> None:
        pieces = [sent[at : at + 4096] for at in range(0, len(sent), 4096)]
        said = await say(tmp_path, *pieces, ends=False)
        assert said.startswith(b"HTTP/1.1 %d " % status), said
        assert (await client.ask("/health")).status == 200

    with_gateway(tmp_path, work)


def test_a_body_beyond_the_limit_is_told_before_it_has_all_come(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        head = ASK + b"Content-Length: 50000000\r\n\r\n"
        said = await say(tmp_path, head + b" " * 70_000, b" " * 70_000, ends=False)
        assert said.startswith(b"HTTP/1.1 413 ")
        assert b"Connection: close" in said

    with_gateway(tmp_path, work, body_bytes=1 << 16)


def test_a_head_that_never_ends(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        said = await say(tmp_path, b"GET / HTTP/1.1\r\nX: ", ends=False)
        assert said.startswith(b"HTTP/1.1 408 ")

    with_gateway(tmp_path, work, body_s=0.2)


def test_a_client_that_does_not_read_is_left(tmp_path: Path) -> None:
    """It holds a place of the runtime's; and what is kept for it has a bound."""

    async def work(client: Client) -> None:
        client.runtime.pieces = ["x" * 60_000] * 400
        _, writer = await asyncio.open_unix_connection(str(tmp_path / "gateway.sock"), limit=1024)
        writer.write(WHOLE.replace(BODY, BODY[:-1] + b',"stream":true}').replace(b"45", b"59"))
        await asyncio.sleep(0.2)
        (channel,) = client.server.channels
        assert channel.kept_bytes < 1 << 20
        for _ in range(200):
            await asyncio.sleep(0.02)
            if client.runtime.cancelled:
                break
        assert client.runtime.cancelled
        assert not client.server.channels
        writer.close()

    with_gateway(tmp_path, work, stall_s=0.3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mangled_requests_harm_nobody(tmp_path: Path, data: st.DataObject) -> None:
    base = data.draw(
        st.sampled_from(
            [WHOLE, WHOLE + WHOLE, ASK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
        )
    )
    at = data.draw(st.integers(0, len(base) - 1))
    mangled = base[:at] + data.draw(st.binary(max_size=8)) + base[at + data.draw(st.integers(0, 8)) :]
    pieces = [mangled[:at], mangled[at:]]

    async def work(client: Client) -> None:
        said = await say(tmp_path, *pieces)
        assert said == b"" or said.startswith(b"HTTP/1.1 ")
        assert (await client.ask("/health")).status == 200

    with_gateway(tmp_path, work, body_s=0.2)


def form(*fields: tuple[str, bytes]) -> tuple[bytes, str]:
    parts = [
        b'--edge\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
        % (name.encode(), b'; filename="a.wav"' if name == "file" else b"", value)
        for name, value in fields
    ]
    return b"".join(parts) + b"--edge--\r\n", "multipart/form-data; boundary=edge"


def test_sound_goes_on_as_it_arrives(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        body, kind = form(("file", b"\0" * 3_000_000), ("model", b"whisper"))
        head = b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nContent-Type: %b\r\n" % kind.encode()
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "gateway.sock"))
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body[:1_000_000])
        await writer.drain()
        for _ in range(100):
            await asyncio.sleep(0.02)
            if sum(client.runtime.heard) > 500_000:
                break
        assert sum(client.runtime.heard) > 500_000, "it does not wait for the end"
        writer.write(body[1_000_000:])
        assert b"200 OK" in await asyncio.wait_for(reader.readline(), 5)
        assert b'"text": "hello"' in await reader.readuntil(b"}")
        assert sum(client.runtime.heard) == len(body)
        writer.close()

    with_gateway(tmp_path, work, about=_hears())


def test_subtitles_and_errors_come_back_as_they_are(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        body, kind = form(("model", b"whisper"), ("response_format", b"text/srt"), ("file", b"\0" * 100))
        told = await client.ask("/v1/audio/transcriptions", body, **{"Content-Type": kind})
        assert (told.status, told.raw, told.kind) == (200, b"1\nhello", "application/x-subrip")
        client.runtime.status, client.runtime.form = 400, b""
        body, kind = form(("model", b"whisper"), ("file", b""))
        told = await client.ask("/v1/audio/transcriptions", body, **{"Content-Type": kind})
        assert (told.status, told.json["error"]["message"]) == (400, "no sound")
        for path, form_kind in (("translations", kind), ("transcriptions", "application/json")):
            assert (await client.ask(f"/v1/audio/{path}", body, **{"Content-Type": form_kind})).status == 400

    with_gateway(tmp_path, work, about=_hears())


def test_a_model_of_text_hears_nothing(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        body, kind = form(("model", b"tiny"), ("file", b"\0" * 100_000))
        told = await client.ask("/v1/audio/transcriptions", body, **{"Content-Type": kind})
        assert (told.status, told.json["error"]["code"]) == (400, "not_supported")

    with_gateway(tmp_path, work)


def _hears() -> object:
    from tests.unit.serve.runtime import ABOUT

    return msgspec.structs.replace(ABOUT, name="whisper", features=("transcription",))
