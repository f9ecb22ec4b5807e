"""A request of Anthropic's messages API as a chat request."""

from __future__ import annotations

from typing import Any

import msgspec

from jitney.serve import checks
from jitney.serve.errors import Json, bad

REFUSED = {"mcp_servers": "there is no network here", "container": "there are no containers for code here"}
FIELDS = frozenset(
    [
        "model",
        "messages",
        "system",
        "max_tokens",
        "temperature",
        "top_p",
        "top_k",
        "stop_sequences",
        "stream",
        "tools",
        "tool_choice",
        "metadata",
        "thinking",
        "output_format",
        "output_config",
        "service_tier",
        "mcp_servers",
        "container",
        "context_management",
        "betas",
        "cache_control",
        "inference_geo",
        "speed",
    ]
)
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def chat_body(body: Json, *, counts: bool = False) -> Json:
    """counts: only the messages and tools are of interest."""
    checks.refuse(body, REFUSED)
    chat: Json = {"model": body.get("model"), "messages": messages(body)}
    for name in ("temperature", "top_p", "top_k", "stream"):
        if body.get(name) is not None:
            chat[name] = body[name]
    if not counts:
        most = checks.whole(body, "max_tokens", 1)
        if most is None:
            raise bad("max_tokens", "it is missing")
        chat["max_tokens"] = most
    if body.get("tools"):
        given = checks.listing(body["tools"], "tools")
        chat["tools"] = [_tool(one, f"tools[{at}]") for at, one in enumerate(given)]
        chat["tool_choice"] = _choice(body.get("tool_choice"))
    wanted = body.get("output_format") or checks.table(body.get("output_config") or {}, "output_config").get(
        "format"
    )
    if wanted:
        schema = checks.table(wanted, "output_format").get("schema")
        chat["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    return chat


def _tool(one: Any, where: str) -> Json:
    one = checks.table(one, where)
    if one.get("type", "custom") != "custom":
        raise bad(f"{where}.type", f"the vendor's own tools are not here ({one.get('type')})")
    function = {"name": one.get("name"), "parameters": one.get("input_schema") or {}}
    if one.get("description"):
        function["description"] = one["description"]
    return {"type": "function", "function": function}


def _choice(choice: Any) -> Any:
    if choice is None:
        return None
    choice = checks.table(choice, "tool_choice")
    kind = choice.get("type")
    if kind == "tool":
        return {"type": "function", "function": {"name": choice.get("name")}}
    if kind not in _CHOICES:
        raise bad("tool_choice.type", f"auto, any, tool or none is expected, not {kind!r}")
    return _CHOICES[kind]


def messages(body: Json) -> list[Json]:
    """The system text first, then each message; results of tools become messages of their own."""
    found: list[Json] = []
    if body.get("system"):
        found.append({"role": "system", "content": body["system"]})
    given = checks.listing(body.get("messages"), "messages")
    if not given:
        raise bad("messages", "there is none")
    for at, one in enumerate(given):
        where = f"messages[{at}]"
        one = checks.table(one, where)
        role = one.get("role")
        if role not in ("user", "assistant", "system"):
            raise bad(f"{where}.role", f"user or assistant is expected, not {role!r}")
        found += _message(role, one.get("content"), where)
    return found


def _message(role: str, content: Any, where: str) -> list[Json]:
    if isinstance(content, str):
        return [{"role": role, "content": content}]
    texts: list[str] = []
    images: list[Json] = []
    calls: list[Json] = []
    results: list[Json] = []
    for at, block in enumerate(checks.listing(content, f"{where}.content")):
        place = f"{where}.content[{at}]"
        block = checks.table(block, place)
        kind = block.get("type")
        if kind == "text":
            texts.append(checks.text(block, "text", where=f"{place}."))
        elif kind == "tool_use":
            arguments = msgspec.json.encode(block.get("input") or {}).decode()
            function = {"name": block.get("name"), "arguments": arguments}
            calls.append({"id": block.get("id"), "type": "function", "function": function})
        elif kind == "tool_result":
            results.append(
                {"role": "tool", "tool_call_id": block.get("tool_use_id"), "content": block.get("content")}
            )
        elif kind == "image":
            images.append(block)
        elif kind not in ("thinking", "redacted_thinking"):
            raise bad(f"{place}.type", f"this model reads text only, not {kind!r}")
    if images:
        return [
            *results,
            {"role": role, "content": [block for block in content if block.get("type") in ("text", "image")]},
        ]
    if calls:
        return [{"role": role, "content": "\n".join(texts), "tool_calls": calls}]
    return [*results, {"role": role, "content": "\n".join(texts)}] if texts or not results else results
