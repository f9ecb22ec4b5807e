"""Who is let in: keys, and no web pages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.unit.serve.runtime import Client, with_gateway

from jitney.serve.errors import Json

HI: Json = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}], "stream": False}


@pytest.fixture
def keys(tmp_path: Path) -> str:
    path = tmp_path / "keys"
    path.write_text("first-key\n\n  second-key \n")
    return str(path)


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/v1/chat/completions", "openai"), ("/v1/messages", "anthropic"), ("/api/chat", "ollama")],
)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic first-key"}, 401),
        ({"Authorization": "Bearer first-ke"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"x-api-key": "schlüssel"}, 401),
        ({"Authorization": "Bearer first-key"}, 200),
        ({"authorization": "bearer second-key"}, 200),
        ({"x-api-key": "second-key"}, 200),
        ({"api-key": "first-key"}, 200),
    ],
)
def test_a_key_is_wanted(
    tmp_path: Path, keys: str, path: str, kind: str, headers: dict[str, str], status: int
) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask(path, HI, **headers)
        assert reply.status == status
        if status == 401:
            assert reply.headers["WWW-Authenticate"] == "Bearer"
            assert client.runtime.asked == []
            told = {"openai": "invalid_api_key", "anthropic": "authentication_error", "ollama": "key"}[kind]
            assert told in reply.raw.decode()
            assert "first-key" not in reply.raw.decode()

    with_gateway(tmp_path, work, api_key_file=keys)


def test_who_watches_over_it_needs_none(tmp_path: Path, keys: str) -> None:
    async def work(client: Client) -> None:
        assert (await client.ask("/health")).status == 200
        assert (await client.ask("/ready")).status == 200
        assert (await client.ask("/metrics")).status == 401
        assert (await client.ask("/v1/models")).status == 401

    with_gateway(tmp_path, work, api_key_file=keys)


def test_a_key_comes_by_a_pipe_too(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.write(writes, b"piped")
    os.close(writes)

    async def work(client: Client) -> None:
        assert (await client.ask("/v1/models")).status == 401
        assert (await client.ask("/v1/models", **{"x-api-key": "piped"})).status == 200

    with_gateway(tmp_path, work, api_key_fd=reads)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1:8000"}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "api.localhost:8000"}, 200),
        ({"Host": "evil.example:8000"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "localhost", "Origin": "http://localhost"}, 200),
        ({"Host": "localhost", "Origin": "https://evil.example"}, 403),
        ({"Host": "localhost", "Origin": "null"}, 403),
        ({"Host": "localhost", "Origin": "https://good.example"}, 200),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
    ],
)
def test_pages_and_foreign_names_stay_out(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("/v1/chat/completions", HI, **headers)
        assert reply.status == status
        assert (len(client.runtime.asked) > 0) == (status == 200)
        allowed = reply.headers.get("Access-Control-Allow-Origin")
        assert allowed == ("https://good.example" if "good" in headers.get("Origin", "") else None)

    with_gateway(tmp_path, work, guarded=True, origins=("https://good.example",))


def test_a_browser_asks_before_it_asks(tmp_path: Path) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}

    async def work(client: Client) -> None:
        good = await client.ask("/v1/models", method="OPTIONS", Origin="https://good.example", **asked)
        assert good.status == 204
        assert good.headers["Access-Control-Allow-Origin"] == "https://good.example"
        assert good.headers["Access-Control-Allow-Headers"] == "authorization"
        bad = await client.ask("/v1/models", method="OPTIONS", Origin="https://evil.example", **asked)
        assert bad.status == 403
        assert "Access-Control-Allow-Origin" not in bad.headers
        stream = await client.ask(
            "/v1/chat/completions", {**HI, "stream": True}, Origin="https://good.example"
        )
        assert stream.headers["Access-Control-Allow-Origin"] == "https://good.example"

    with_gateway(tmp_path, work, guarded=True, origins=("https://good.example",))
