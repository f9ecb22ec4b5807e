"""Anthropic's messages API through the gateway."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.serve.runtime import Client, with_gateway

from jitney.serve.errors import Json

HI = [{"role": "user", "content": "hi"}]
ASK: Json = {"model": "claude-x", "max_tokens": 20, "messages": HI}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FORCED: Json = {
    **ASK,
    "tools": [{"name": "weather", "input_schema": SCHEMA}],
    "tool_choice": {"type": "tool", "name": "weather"},
}


@pytest.mark.parametrize("path", ["/v1/messages", "/messages"])
def test_both_bases(tmp_path: Path, path: str) -> None:
    async def work(client: Client) -> None:
        reply = (await client.ask(path, {**ASK, "system": [{"type": "text", "text": "be kind"}]})).json
        assert (reply["type"], reply["role"], reply["model"]) == ("message", "assistant", "claude-x")
        assert reply["content"] == [{"type": "text", "text": "Hello"}]
        assert reply["stop_reason"] == "end_turn"
        assert reply["usage"]["input_tokens"] == 5
        assert client.runtime.body["messages"][0] == {"role": "system", "content": "be kind"}

    with_gateway(tmp_path, work)


def test_a_stream(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("/v1/messages", {**ASK, "stream": True})
        assert [one["type"] for one in reply.events] == [
            "message_start",
            "ping",
            "content_block_start",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
        assert b"event: message_start\n" in reply.raw
        assert reply.events[0]["message"]["usage"]["input_tokens"] == 5
        assert reply.events[6]["usage"]["output_tokens"] == 2

    with_gateway(tmp_path, work)


def test_a_forced_tool(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.pieces = ['{"city":', '"Rome"}']
        reply = (await client.ask("/v1/messages", FORCED)).json
        assert reply["stop_reason"] == "tool_use"
        assert (reply["content"][0]["name"], reply["content"][0]["input"]) == ("weather", {"city": "Rome"})
        events = (await client.ask("/v1/messages", {**FORCED, "stream": True})).events
        pieces = [one["delta"]["partial_json"] for one in events if one["type"] == "content_block_delta"]
        assert "".join(pieces) == '{"city":"Rome"}'

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    ("pieces", "words", "text", "stopped"),
    [
        (["one t", "wo three"], ["two"], "one ", "two"),
        (["one t", "wo three"], ["three", "wo"], "one t", "wo"),
        (["one t", "wo"], ["two three"], "one two", ""),
        (["END"], ["END"], "", "END"),
    ],
)
def test_the_stop_sequence_is_told_and_left_out(
    tmp_path: Path, pieces: list[str], words: list[str], text: str, stopped: str
) -> None:
    async def work(client: Client) -> None:
        client.runtime.pieces = pieces
        reply = (await client.ask("/v1/messages", {**ASK, "stop_sequences": words})).json
        assert "".join(one["text"] for one in reply["content"]) == text
        assert reply["stop_reason"] == ("stop_sequence" if stopped else "end_turn")
        assert reply["stop_sequence"] == (stopped or None)
        assert reply["usage"]["input_tokens"] == 5

    with_gateway(tmp_path, work)


def test_results_of_tools_become_messages(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.knows_tools = True
        messages = [
            *HI,
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t", "name": "weather", "input": {"city": "x"}}],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t",
                        "content": [{"type": "text", "text": "sunny"}],
                    }
                ],
            },
        ]
        await client.ask("/v1/messages", {**ASK, "messages": messages})
        assert client.runtime.body["messages"][2] == {"role": "tool", "content": "sunny", "tool_call_id": "t"}

    with_gateway(tmp_path, work)


def test_tokens_are_counted_after_the_template(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reply = (await client.ask("/v1/messages/count_tokens", {"model": "m", "messages": HI})).json
        assert reply == {"input_tokens": len("<user>hi<assistant>")}

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": HI}, "max_tokens: it is missing"),
        (
            {**ASK, "messages": [{"role": "user", "content": [{"type": "image"}]}]},
            "messages[0].content[0].type",
        ),
        ({**ASK, "tools": [{"type": "web_search_20250305", "name": "w"}]}, "tools[0].type"),
        (
            {**ASK, "tool_choice": {"type": "some"}, "tools": [{"name": "w", "input_schema": SCHEMA}]},
            "tool_choice.type",
        ),
    ],
)
def test_errors_in_anthropics_words(tmp_path: Path, body: Json, words: str) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("/v1/messages", body)
        assert (reply.status, reply.json["type"]) == (400, "error")
        assert reply.json["error"]["type"] == "invalid_request_error"
        assert words in reply.json["error"]["message"]

    with_gateway(tmp_path, work)
