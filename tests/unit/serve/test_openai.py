"""OpenAI's API through the gateway: what the runtime is asked, what the client is told."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any

import pytest
from tests.unit.serve.runtime import Client, with_gateway

from jitney.serve.errors import Json

HI = [{"role": "user", "content": "hi"}]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "weather", "description": "d", "parameters": CITY}}
CLOCK = {
    "type": "function",
    "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}},
}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/chat/completions",
        "//v1/chat/completions/",
        "/openai/v1/chat/completions",
        "/api/v1/chat/completions",
        "/v1beta/openai/chat/completions",
    ],
)
def test_the_same_answer_wherever_a_vendor_puts_its_path(tmp_path: Path, path: str) -> None:
    async def work(client: Client) -> None:
        reply = (await client.ask(path, {"model": "gpt-4o", "messages": HI})).json
        assert reply["model"] == "gpt-4o"
        assert reply["choices"][0]["message"]["content"] == "Hello"
        assert reply["choices"][0]["finish_reason"] == "stop"
        assert reply["usage"]["total_tokens"] == 7

    with_gateway(tmp_path, work)


def test_azures_path_names_the_model(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        path = "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"
        assert (await client.ask(path, {"messages": HI})).json["model"] == "my-gpt"

    with_gateway(tmp_path, work)


def test_a_stream_begins_with_a_role_and_ends_with_usage_where_it_was_asked_for(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        body = {"model": "m", "messages": HI, "stream": True, "stream_options": {"include_usage": True}}
        reply = await client.ask("/v1/chat/completions", body)
        assert reply.kind == "text/event-stream"
        assert reply.raw.endswith(b"data: [DONE]\n\n")
        first, *middle, end, usage = reply.events
        assert first["choices"][0]["delta"]["role"] == "assistant"
        assert "".join(one["choices"][0]["delta"]["content"] for one in middle) == "Hello"
        assert end["choices"][0]["finish_reason"] == "stop"
        assert (usage["choices"], usage["usage"]["completion_tokens"]) == ([], 2)
        plain = await client.ask("/v1/chat/completions", {"messages": HI, "stream": True})
        assert all("usage" not in one for one in plain.events)

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    ("extra", "tokens"),
    [
        ({}, 512),
        ({"max_tokens": 9}, 9),
        ({"max_completion_tokens": 2000}, 2000),
        ({"max_tokens": 99999}, 8192),
        ({"response_format": {"type": "json_object"}}, 1024),
        ({"tools": [TOOL]}, 1024),
    ],
)
def test_the_cap(tmp_path: Path, extra: Json, tokens: int) -> None:
    async def work(client: Client) -> None:
        await client.ask("/v1/chat/completions", {"messages": HI, **extra})
        assert client.runtime.body["max_tokens"] == tokens

    with_gateway(tmp_path, work)


def test_our_own_cap_is_said_once_and_a_programs_never(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.reason, client.runtime.tokens = "length", 512
        reply = await client.ask("/v1/chat/completions", {"messages": HI, "max_tokens": 3})
        assert reply.json["choices"][0]["finish_reason"] == "length"
        assert client.said == []
        for _ in range(3):
            await client.ask("/v1/chat/completions", {"messages": HI})
        assert len(client.said) == 1
        assert "cut at 512 tokens" in client.said[0]
        client.runtime.tokens = 100
        await client.ask("/v1/chat/completions", {"messages": HI})
        assert "context of 8192 tokens is full" in client.said[1]

    with_gateway(tmp_path, work)


def test_what_the_runtime_is_asked(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        messages = [
            {"role": "developer", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        ]
        await client.ask(
            "/v1/chat/completions", {"messages": messages, "stop": "X", "seed": -1, "user": "u", "top_p": 0.5}
        )
        body = client.runtime.body
        assert [(one["role"], one["content"]) for one in body["messages"]] == [
            ("system", "be brief"),
            ("user", "a\nb"),
        ]
        assert (body["stop"], body["seed"], body["top_p"]) == (["X"], 0xFFFFFFFF, 0.5)
        assert "user" not in body

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0].type"),
        ({"messages": HI, "temperature": "hot"}, "temperature"),
        ({"messages": HI, "top_p": 3}, "top_p"),
        ({"messages": HI, "max_tokens": 0}, "max_tokens"),
        ({"messages": HI, "max_tokens": True}, "max_tokens"),
        ({"messages": HI, "n": 99}, "n"),
        ({"messages": HI, "stream": "yes"}, "stream"),
        ({"messages": HI, "stop": [1]}, "stop"),
        ({"messages": HI, "model": 3}, "model"),
        ({"messages": HI, "tools": [{"type": "retrieval"}]}, "tools[0].type"),
        (
            {
                "messages": HI,
                "tools": [TOOL],
                "tool_choice": {"type": "function", "function": {"name": "no"}},
            },
            "tool_choice",
        ),
        ({"messages": HI, "tool_choice": "required"}, "tool_choice"),
        ({"messages": HI, "response_format": {"type": "xml"}}, "response_format.type"),
        ({"messages": HI, "response_format": {"type": "json_schema"}}, "response_format.json_schema.schema"),
        ({"messages": HI, "audio": {"voice": "alloy"}}, "audio"),
        ({"messages": HI, "top_logprobs": 3}, "top_logprobs"),
    ],
)
def test_a_bad_request_names_its_field(tmp_path: Path, body: Json, param: str) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("/v1/chat/completions", body)
        assert reply.status == 400
        assert reply.json["error"]["param"] == param
        assert reply.json["error"]["type"] == "invalid_request_error"
        assert not any(path.endswith("completions") for path, _ in client.runtime.asked)

    with_gateway(tmp_path, work)


def test_a_forced_tool_is_called_by_a_model_that_knows_none(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.pieces = ['{"city": ', '"Rome"}']
        choice = {"type": "function", "function": {"name": "weather"}}
        asked = {"messages": HI, "tools": [TOOL, CLOCK], "tool_choice": choice}
        message = (await client.ask("/v1/chat/completions", asked)).json["choices"][0]["message"]
        assert message["content"] is None
        assert message["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"city": "Rome"}'}
        held = client.runtime.body["response_format"]["json_schema"]["schema"]
        assert held["properties"]["city"]["maxLength"] > 0, "bounded, too"
        assert "weather" in client.runtime.body["messages"][0]["content"]
        streamed = (await client.ask("/v1/chat/completions", {**asked, "stream": True})).events
        pieces = [
            one["choices"][0]["delta"]["tool_calls"][0]
            for one in streamed
            if "tool_calls" in one["choices"][0]["delta"]
        ]
        assert pieces[0]["id"].startswith("call_")
        assert "".join(one["function"]["arguments"] for one in pieces) == '{"city": "Rome"}'
        assert streamed[-1]["choices"][0]["finish_reason"] == "tool_calls"

    with_gateway(tmp_path, work)


def test_of_several_tools_one_has_to_be_called(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.pieces = ['{"name": "weather", "arg', 'uments": {"city": "Rome"}}']
        asked = {"messages": HI, "tools": [TOOL, CLOCK], "tool_choice": "required"}
        choice = (await client.ask("/v1/chat/completions", asked)).json["choices"][0]
        assert choice["message"]["tool_calls"][0]["function"]["name"] == "weather"
        assert choice["finish_reason"] == "tool_calls"
        assert len(client.runtime.body["response_format"]["json_schema"]["schema"]["anyOf"]) == 2

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    ("pieces", "called"),
    [
        (["<tool_", 'call>{"name": "weather", "arguments": {"city": "Rome"}}', "</tool_call>"], True),
        (['{"name": "weather", "parameters": {"city": "Rome"}}'], True),
        (["It is", " sunny"], False),
        (['{"name": "other", "arguments": {}}'], False),
        (["<b>sunny</b>"], False),
    ],
)
def test_a_tool_that_may_be_called(tmp_path: Path, pieces: list[str], called: bool) -> None:
    async def work(client: Client) -> None:
        client.runtime.pieces = pieces
        choice = (await client.ask("/v1/chat/completions", {"messages": HI, "tools": [TOOL]})).json[
            "choices"
        ][0]
        assert ("tool_calls" in choice["message"]) == called
        assert choice["message"]["content"] == (None if called else "".join(pieces))
        assert choice["finish_reason"] == ("tool_calls" if called else "stop")

    with_gateway(tmp_path, work)


def test_a_model_that_knows_tools_gets_them(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.knows_tools = True
        client.runtime.pieces = []
        function = {"name": "weather", "arguments": '{"city":"Rome"}'}
        client.runtime.calls = [{"index": 0, "id": "c1", "function": function}]
        choice = {"type": "function", "function": {"name": "weather"}}
        asked = {"messages": HI, "tools": [TOOL, CLOCK], "tool_choice": choice}
        message = (await client.ask("/v1/chat/completions", asked)).json["choices"][0]["message"]
        assert message["tool_calls"][0] == {"id": "c1", "type": "function", "function": function}
        body = client.runtime.body
        assert (len(body["tools"]), body["tool_choice"]) == (1, "required"), (
            "the only one left, and it must be called"
        )

    with_gateway(tmp_path, work)


def test_what_tools_said_before_is_written_out_for_a_model_that_knows_none(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        call = {
            "id": "c",
            "type": "function",
            "function": {"name": "weather", "arguments": '{"city":"Rome"}'},
        }
        messages = [
            *HI,
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": "sunny"},
        ]
        await client.ask("/v1/chat/completions", {"messages": messages})
        _, said, heard = client.runtime.body["messages"]
        assert said["content"] == '<tool_call>{"name": "weather", "arguments": {"city":"Rome"}}</tool_call>'
        assert heard == {"role": "user", "content": "<tool_response>sunny</tool_response>"}

    with_gateway(tmp_path, work)


def test_functions_before_tools(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.pieces = ['{"city": "Rome"}']
        asked = {"messages": HI, "functions": [TOOL["function"]], "function_call": {"name": "weather"}}
        choice = (await client.ask("/v1/chat/completions", asked)).json["choices"][0]
        assert choice["message"]["function_call"]["name"] == "weather"
        assert choice["finish_reason"] == "function_call"

    with_gateway(tmp_path, work)


def test_json_without_a_schema_is_held_to_a_grammar_that_ends(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        for wanted in (
            {"type": "json_object"},
            {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}},
        ):
            await client.ask("/v1/chat/completions", {"messages": HI, "response_format": wanted})
            assert client.runtime.body["grammar"].startswith("root ::=")

    with_gateway(tmp_path, work)


def test_several_choices(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reply = (await client.ask("/v1/chat/completions", {"messages": HI, "n": 2, "seed": 5})).json
        assert [one["index"] for one in reply["choices"]] == [0, 1]
        assert (reply["usage"]["prompt_tokens"], reply["usage"]["completion_tokens"]) == (5, 4)
        assert [body["seed"] for path, body in client.runtime.asked if path.endswith("completions")] == [5, 6]

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(("prompt", "count"), [("a", 1), (["a", "b"], 2), ([1, 2], 1), ([[1], [2], [3]], 3)])
def test_completions_of_every_kind_of_prompt(tmp_path: Path, prompt: Any, count: int) -> None:
    async def work(client: Client) -> None:
        reply = (await client.ask("/v1/completions", {"model": "m", "prompt": prompt, "max_tokens": 2})).json
        assert [one["text"] for one in reply["choices"]] == ["Hello"] * count
        streamed = (await client.ask("/v1/completions", {"prompt": prompt, "stream": True})).events
        assert "".join(one["choices"][0]["text"] for one in streamed) == "Hello" * count

    with_gateway(tmp_path, work)


def test_an_echo_comes_first(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reply = (await client.ask("/v1/completions", {"prompt": "Oh. ", "echo": True})).json
        assert reply["choices"][0]["text"] == "Oh. Hello"

    with_gateway(tmp_path, work)


def test_embeddings_in_the_order_of_their_inputs(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reply = (await client.ask("/v1/embeddings", {"model": "e", "input": ["a", "b"]})).json
        assert [one["index"] for one in reply["data"]] == [0, 1]
        assert reply["data"][0]["embedding"] == [3.0, 4.0, 0.0]
        packed = (await client.ask("/v1/embeddings", {"input": "a", "encoding_format": "base64"})).json
        assert struct.unpack("<3f", base64.b64decode(packed["data"][0]["embedding"])) == (3.0, 4.0, 0.0)
        short = (await client.ask("/v1/embeddings", {"input": "a", "dimensions": 2})).json
        assert short["data"][0]["embedding"] == [0.6, 0.8]
        assert (await client.ask("/v1/embeddings", {"input": "a", "dimensions": 4})).status == 400
        assert (await client.ask("/v1/embeddings", {"input": []})).json["error"]["param"] == "input"

    with_gateway(tmp_path, work)


def test_every_name_is_a_model_and_those_asked_for_are_listed(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        await client.ask("/v1/chat/completions", {"model": "gpt-4o", "messages": HI})
        assert [one["id"] for one in (await client.ask("/v1/models")).json["data"]] == ["tiny", "gpt-4o"]
        assert (await client.ask("/v1/models/org/any:1b")).json["id"] == "org/any:1b"
        named = (await client.ask("/v1/models", **{"anthropic-version": "2023-06-01"})).json
        assert named["data"][0]["type"] == "model"

    with_gateway(tmp_path, work)
