"""OpenAI's responses API: objects, the order and numbers of a stream's events, conversations that are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.serve.runtime import Client, with_gateway

from jitney.serve.errors import Json

TOOL = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def test_an_answer(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reply = (
            await client.ask("/v1/responses", {"model": "gpt-4o", "input": "hi", "instructions": "be kind"})
        ).json
        assert (reply["object"], reply["status"], reply["model"]) == ("response", "completed", "gpt-4o")
        assert reply["output"][0]["content"][0]["text"] == "Hello"
        assert reply["usage"]["input_tokens_details"] == {"cached_tokens": 1}
        assert client.runtime.body["messages"][0] == {"role": "system", "content": "be kind"}

    with_gateway(tmp_path, work)


def test_a_stream_tells_each_step_in_order(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        events = (await client.ask("/v1/responses", {"input": "hi", "stream": True})).events
        assert [one["type"].removeprefix("response.") for one in events] == [
            "created",
            "in_progress",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "completed",
        ]
        assert [one["sequence_number"] for one in events] == list(range(10))
        texts = events[3:8]
        assert {(one["output_index"], one["content_index"], one["item_id"]) for one in texts} == {
            (0, 0, events[2]["item"]["id"])
        }
        assert events[-1]["response"]["output"][0]["content"][0]["text"] == "Hello"

    with_gateway(tmp_path, work)


def test_a_forced_tool_streams_its_arguments(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.pieces = ['{"city":', '"Rome"}']
        asked = {
            "input": "hi",
            "tools": [TOOL],
            "tool_choice": {"type": "function", "name": "weather"},
            "stream": True,
        }
        events = (await client.ask("/v1/responses", asked)).events
        kinds = [one["type"].removeprefix("response.") for one in events]
        assert kinds[2:-1] == [
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
        ]
        item = events[-1]["response"]["output"][0]
        assert (item["type"], item["name"], item["arguments"]) == (
            "function_call",
            "weather",
            '{"city":"Rome"}',
        )

    with_gateway(tmp_path, work)


def test_an_answer_that_is_cut_says_so(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.reason = "length"
        reply = (await client.ask("/v1/responses", {"input": "hi", "max_output_tokens": 20})).json
        assert reply["status"] == "incomplete"
        assert reply["incomplete_details"] == {"reason": "max_output_tokens"}
        assert client.runtime.body["max_tokens"] == 20
        events = (await client.ask("/v1/responses", {"input": "hi", "stream": True})).events
        assert events[-1]["type"] == "response.incomplete"

    with_gateway(tmp_path, work)


def test_a_schema_holds_the_answer(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
        wanted = {"format": {"type": "json_schema", "name": "x", "schema": schema}}
        await client.ask("/v1/responses", {"input": "hi", "text": wanted})
        held = client.runtime.body["response_format"]["json_schema"]["schema"]
        assert held["properties"]["a"]["maxLength"] > 0

    with_gateway(tmp_path, work)


def test_a_conversation_goes_on(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        first = (await client.ask("/v1/responses", {"input": "one"})).json
        await client.ask("/v1/responses", {"input": "two", "previous_response_id": first["id"]})
        said = [(one["role"], one["content"]) for one in client.runtime.body["messages"]]
        assert said == [("user", "one"), ("assistant", "Hello"), ("user", "two")]
        assert (await client.ask(f"/v1/responses/{first['id']}")).json["id"] == first["id"]
        assert (await client.ask(f"/v1/responses/{first['id']}", method="DELETE")).json["deleted"]
        assert (await client.ask(f"/v1/responses/{first['id']}")).status == 404

    with_gateway(tmp_path, work)


def test_calls_and_their_outputs_are_read(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.runtime.knows_tools = True
        items = [
            {"role": "user", "content": [{"type": "input_text", "text": "weather?"}]},
            {"type": "reasoning", "summary": []},
            {"type": "function_call", "call_id": "c", "name": "weather", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "sunny"},
        ]
        await client.ask("/v1/responses", {"input": items})
        roles = [one["role"] for one in client.runtime.body["messages"]]
        assert roles == ["user", "assistant", "tool"]
        assert client.runtime.body["messages"][2]["tool_call_id"] == "c"

    with_gateway(tmp_path, work)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": "x", "previous_response_id": "resp_no"}, "previous_response_id"),
        ({"input": "x", "background": True}, "background"),
        ({"input": "x", "conversation": "c"}, "conversation"),
        ({"input": "x", "tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "messages[0].content[0].type"),
    ],
)
def test_what_is_not_honoured_is_refused_by_its_name(tmp_path: Path, body: Json, param: str) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("/v1/responses", body)
        assert (reply.status, reply.json["error"]["param"]) == (400, param)

    with_gateway(tmp_path, work)
