"""What clients are told, and how soon, when something is wrong; and that nothing goes on for nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from tests.unit.serve.runtime import ABOUT, Client, with_gateway

from jitney.serve.errors import Json
from jitney.serve.news import hear

HI: Json = {"model": "m", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}
EVERY = ["/v1/chat/completions", "/v1/messages", "/api/chat"]


@pytest.mark.parametrize("path", EVERY)
def test_a_dead_runtime_is_a_502_at_once(tmp_path: Path, path: str) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask(path, HI)
        assert reply.status == 502
        assert b"does not answer" in reply.raw

    with_gateway(tmp_path, work, upstream=str(tmp_path / "nobody.sock"))


def test_it_is_ready_when_its_runtime_is_and_alive_before(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        assert (await client.ask("/ready")).json == {"status": "ok", "models": {"tiny": "ready"}}
        client.runtime.status = 503
        reply = await client.ask("/ready")
        assert (reply.status, reply.json["models"]) == (503, {"tiny": "loading"})
        assert (await client.ask("/health")).status == 200

    with_gateway(tmp_path, work)


def test_with_a_dead_runtime_it_is_not_ready(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("/ready")
        assert (reply.status, reply.json["models"]) == (503, {"tiny": "no answer"})

    with_gateway(tmp_path, work, upstream=str(tmp_path / "nobody.sock"))


@pytest.mark.parametrize(
    ("path", "last"),
    [
        ("/v1/chat/completions", b"broke the connection"),
        ("/v1/responses", b"response.failed"),
        ("/v1/messages", b"event: error"),
        ("/api/chat", b'{"error":"the model server is gone'),
        ("/api/generate", b'{"error":"the model server is gone'),
    ],
)
def test_a_stream_that_breaks_ends_with_an_error(tmp_path: Path, path: str, last: bytes) -> None:
    async def work(client: Client) -> None:
        client.runtime.breaks_after = 1
        body = {**HI, "input" if path.endswith("responses") else "prompt": "hi"}
        reply = await client.ask(path, {**body, "stream": True})
        assert reply.status == 200
        assert b"Hel" in reply.raw
        assert last in reply.raw
        whole = await client.ask(path, {**body, "stream": False})
        assert whole.status == 502

    with_gateway(tmp_path, work)


@pytest.mark.parametrize("path", EVERY)
def test_a_request_of_which_nothing_was_sent_is_sent_once_more(tmp_path: Path, path: str) -> None:
    async def work(client: Client) -> None:
        client.runtime.dies = 1
        assert (await client.ask(path, {**HI, "stream": True})).status == 200
        client.runtime.dies = 2
        assert (await client.ask(path, HI)).status == 502

    with_gateway(tmp_path, work, load_s=5.0)


def test_a_runtime_that_is_started_again_is_waited_for(tmp_path: Path) -> None:
    """Its socket comes back after the request: a stand-in that listens late."""

    async def work(client: Client) -> None:
        asked = asyncio.create_task(client.ask("/v1/chat/completions", HI))
        await asyncio.sleep(0.1)
        assert not asked.done()
        (tmp_path / "late.sock").symlink_to(tmp_path / "runtime.sock")
        begun = asyncio.get_running_loop().time()
        assert (await asked).status == 200
        assert asyncio.get_running_loop().time() - begun < 0.3

    with_gateway(tmp_path, work, upstream=str(tmp_path / "late.sock"), load_s=10.0)


def test_a_runtime_that_loads_is_waited_for_and_not_for_ever(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.status = 503
        reply = await client.ask("/v1/chat/completions", HI)
        assert (reply.status, reply.headers["Retry-After"]) == (503, "2")
        asked = asyncio.create_task(client.ask("/v1/chat/completions", HI))
        await asyncio.sleep(0.1)
        client.runtime.status = 200
        assert (await asked).status == 200

    with_gateway(tmp_path, work, load_s=0.4)


@pytest.mark.parametrize("path", EVERY)
def test_a_runtime_that_will_not_come_back_is_told_at_once(tmp_path: Path, path: str) -> None:
    async def work(client: Client) -> None:
        waiting = asyncio.create_task(client.ask(path, HI))
        await asyncio.sleep(0.05)
        hear(client.models, "gone tiny not enough memory")
        for reply in (await waiting, await client.ask(path, HI)):
            assert reply.status == 503
            assert b"not enough memory" in reply.raw
        hear(client.models, "back tiny")
        assert not client.models.all[0].upstream.gone

    with_gateway(tmp_path, work, upstream=str(tmp_path / "none.sock"), load_s=60.0)


def test_a_runtime_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.gate = asyncio.Event()
        reply = await client.ask("/v1/chat/completions", HI)
        assert reply.status == 504
        assert b"said nothing" in reply.raw

    with_gateway(tmp_path, work, idle_s=0.2)


def test_a_client_that_leaves_ends_what_it_asked_for(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.gate = asyncio.Event()
        data = msgspec.json.encode({**HI, "stream": True})
        async with client.session.post("http://gateway/v1/chat/completions", data=data) as reply:
            assert b"Hel" in await reply.content.readuntil(b"Hel")
            reply.close()
        for _ in range(100):
            await asyncio.sleep(0.02)
            if client.runtime.cancelled:
                return
        pytest.fail("the runtime went on")

    with_gateway(tmp_path, work)


def test_what_the_runtime_refuses_is_passed_on(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        await client.ask("/v1/chat/completions", HI)
        client.runtime.status = 400
        reply = await client.ask("/v1/chat/completions", HI)
        assert (reply.status, reply.json["error"]["message"]) == (400, "no good")

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/moderations", 404),
        ("/v1/files", 404),
        ("/v1/audio/speech", 404),
        ("/v1/images/generations", 404),
        ("/v1/threads/x/runs", 404),
        ("/v1beta/models/gemini-pro:generateContent", 404),
        ("/v1/traces/ingest", 204),
        ("/nothing/at/all", 404),
    ],
)
def test_side_calls_are_answered_or_refused(tmp_path: Path, path: str, status: int) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask(path, {})
        assert reply.status == status, "nothing that a client would try again"
        if status == 404:
            assert path in reply.json["error"]["message"]
        assert client.runtime.asked == []

    with_gateway(tmp_path, work)


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff\xfe", b""])
def test_what_is_no_json_object(tmp_path: Path, data: bytes) -> None:
    async def work(client: Client) -> None:
        for path in EVERY:
            assert (await client.ask(path, data)).status == 400

    with_gateway(tmp_path, work)


def test_half_a_character_does_no_harm(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        data = b'{"messages": [{"role": "user", "content": "cut \\ud83d"}]}'
        assert (await client.ask("/v1/chat/completions", data)).status == 200
        assert client.runtime.body["messages"][0]["content"] == "cut ?"

    with_gateway(tmp_path, work)


def test_another_method(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        assert (await client.ask("/v1/chat/completions")).status == 405

    with_gateway(tmp_path, work)


def test_a_request_that_is_too_large(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("/v1/chat/completions", b" " * 5000)
        assert (reply.status, reply.json["error"]["type"]) == (413, "invalid_request_error")

    with_gateway(tmp_path, work, body_bytes=4096)


def test_a_request_that_does_not_arrive(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "gateway.sock"))
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert b" 408 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()

    with_gateway(tmp_path, work, body_s=0.2)


def test_a_model_of_vectors_gives_no_text(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("/v1/chat/completions", HI)
        assert (reply.status, reply.json["error"]["param"]) == (400, "model")
        assert (await client.ask("/v1/embeddings", {"input": "a"})).status == 200

    with_gateway(tmp_path, work, about=msgspec.structs.replace(ABOUT, features=("embeddings",)))


def test_a_server_of_vectors_is_asked_for_once(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        asked = [client.ask("/v1/embeddings", {"input": "a"}) for _ in range(3)]
        assert [reply.status for reply in await asyncio.gather(*asked)] == [503] * 3
        assert client.said == ["want: embeddings"]

    with_gateway(
        tmp_path, work, embeddings=str(tmp_path / "none.sock"), embeddings_on_demand=True, vectors_s=0.2
    )
