"""A request of the responses API as a chat request."""

from __future__ import annotations

from typing import Any

from jitney.serve import checks
from jitney.serve.errors import Json, bad

REFUSED = {
    "background": "answers are not made in the background here",
    "conversation": "conversations are kept by previous_response_id alone",
    "prompt": "stored prompts are the vendor's",
}
FIELDS = frozenset(
    [
        "model",
        "input",
        "instructions",
        "tools",
        "tool_choice",
        "text",
        "max_output_tokens",
        "max_tool_calls",
        "stream",
        "stream_options",
        "previous_response_id",
        "store",
        "temperature",
        "top_p",
        "metadata",
        "user",
        "seed",
        "stop",
        "presence_penalty",
        "frequency_penalty",
        "parallel_tool_calls",
        "background",
        "conversation",
        "prompt",
        "truncation",
        "reasoning",
        "include",
        "service_tier",
        "safety_identifier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "top_logprobs",
        "context_management",
    ]
)
_PASSED = (
    "temperature",
    "top_p",
    "stream",
    "model",
    "metadata",
    "user",
    "seed",
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "parallel_tool_calls",
)


def chat_body(body: Json, messages: list[Json]) -> Json:
    """The rest of the request, in the words of chat completions. instructions: of this request alone, as the API has it."""
    checks.refuse(body, REFUSED)
    chat: Json = {name: body[name] for name in _PASSED if body.get(name) is not None}
    instructions = checks.text(body, "instructions")
    system = [{"role": "system", "content": instructions}] if instructions else []
    chat["messages"] = [*system, *messages]
    if (most := checks.whole(body, "max_output_tokens", 1)) is not None:
        chat["max_tokens"] = most
    wanted = checks.table(body.get("text") or {}, "text").get("format")
    if wanted is not None:
        chat["response_format"] = _format(checks.table(wanted, "text.format"))
    if body.get("tools"):
        chat["tools"] = [
            _tool(one, f"tools[{at}]") for at, one in enumerate(checks.listing(body["tools"], "tools"))
        ]
        chat["tool_choice"] = body.get("tool_choice")
    return chat


def _format(wanted: Json) -> Json:
    if wanted.get("type") != "json_schema":
        return wanted
    return {
        "type": "json_schema",
        "json_schema": {"name": wanted.get("name"), "schema": wanted.get("schema")},
    }


def _tool(one: Any, where: str) -> Json:
    one = checks.table(one, where)
    if one.get("type") != "function":
        raise bad(f"{where}.type", f"only functions can be called here, not {one.get('type')!r}")
    return {"type": "function", "function": {key: value for key, value in one.items() if key != "type"}}


def conversation(body: Json) -> list[Json]:
    """The input as messages."""
    given = body.get("input")
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    items = checks.listing(given, "input")
    found: list[Json] = []
    for at, item in enumerate(items):
        message = _item(checks.table(item, f"input[{at}]"), f"input[{at}]")
        if message is None:
            continue
        if "tool_calls" in message and found and "tool_calls" in found[-1]:
            found[-1]["tool_calls"] += message["tool_calls"]
        else:
            found.append(message)
    return found


def _item(item: Json, where: str) -> Json | None:
    kind = item.get("type", "message")
    if kind == "message":
        return {"role": item.get("role"), "content": item.get("content")}
    if kind == "function_call":
        function = {"name": item.get("name"), "arguments": item.get("arguments") or "{}"}
        call = {"id": item.get("call_id"), "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    if kind == "function_call_output":
        return {"role": "tool", "tool_call_id": item.get("call_id"), "content": item.get("output")}
    if kind == "reasoning":
        return None
    raise bad(f"{where}.type", f"messages, function calls and their outputs are read here, not {kind!r}")
