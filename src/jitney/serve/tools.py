"""Tools: which ones a request may or must call, and how a model is brought to do it.

native   the model's template knows tools: the runtime does it; one that must be called is the only one left
told     it does not: the tools stand in the system message, and an answer that begins with <tool_call> is one
forced   it does not, and one must be called: the answer is held to the JSON of a call
"""

from __future__ import annotations

import os
from contextlib import aclosing
from typing import Any, Literal

import msgspec

from jitney.serve import checks
from jitney.serve.answer import Begin, Call, End, Events, Text
from jitney.serve.bounds import bounded
from jitney.serve.errors import Json, bad

Way = Literal["none", "native", "told", "forced"]
OPENING = "<tool_call>"
MOST_TOOLS = 128


class Tools(msgspec.Struct, frozen=True):
    """tools: as the runtime takes them, bounded. must: at least one has to be called."""

    way: Way = "none"
    tools: tuple[Json, ...] = ()
    must: bool = False

    @property
    def names(self) -> list[str]:
        return [one["function"]["name"] for one in self.tools]


def read_tools(body: Json, tokens: int, *, knows_tools: bool) -> Tools:
    """Of an OpenAI chat request: tools and tool_choice. tokens: the room of an answer."""
    if body.get("tools") is None:
        if body.get("tool_choice") not in (None, "none", "auto"):
            raise bad("tool_choice", "there are no tools to choose from")
        return Tools()
    given = checks.listing(body["tools"], "tools")
    if len(given) > MOST_TOOLS:
        raise bad("tools", f"at most {MOST_TOOLS}, not {len(given)}")
    tools = [_tool(one, f"tools[{at}]", tokens) for at, one in enumerate(given)]
    tools, must = _chosen(tools, body.get("tool_choice"))
    if not tools:
        return Tools()
    if knows_tools:
        return Tools("native", tuple(tools), must)
    return Tools("forced" if must else "told", tuple(tools), must)


def _tool(one: Any, where: str, tokens: int) -> Json:
    one = checks.table(one, where)
    if one.get("type", "function") != "function":
        raise bad(f"{where}.type", f"only functions can be called here, not {one.get('type')!r}")
    function = checks.table(one.get("function"), f"{where}.function")
    name = checks.text(function, "name", where=f"{where}.function.")
    if not name:
        raise bad(f"{where}.function.name", "a tool has a name")
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    schema = checks.table(schema, f"{where}.function.parameters")
    made = {
        "name": name,
        "parameters": bounded({"type": "object", **schema}, tokens // 2, f"{where}.function.parameters"),
    }
    if description := checks.text(function, "description", where=f"{where}.function."):
        made["description"] = description
    return {"type": "function", "function": made}


def _chosen(tools: list[Json], choice: Any) -> tuple[list[Json], bool]:
    if choice in (None, "auto"):
        return tools, False
    if choice == "none":
        return [], False
    if choice in ("required", "any"):
        if not tools:
            raise bad("tool_choice", "there are no tools to choose from")
        return tools, True
    choice = checks.table(choice, "tool_choice")
    if choice.get("type") == "allowed_tools":
        return _allowed(tools, checks.table(choice.get("allowed_tools", choice), "tool_choice.allowed_tools"))
    name = (choice.get("function") or choice).get("name")
    return _named(tools, {name}), True


def _allowed(tools: list[Json], allowed: Json) -> tuple[list[Json], bool]:
    listed = checks.listing(allowed.get("tools"), "tool_choice.allowed_tools.tools")
    names = {(one.get("function") or one).get("name") for one in listed if isinstance(one, dict)}
    return _named(tools, names), allowed.get("mode") == "required"


def _named(tools: list[Json], names: set[Any]) -> list[Json]:
    found = [one for one in tools if one["function"]["name"] in names]
    if not found:
        known = ", ".join(one["function"]["name"] for one in tools) or "none"
        raise bad("tool_choice", f"{', '.join(map(str, names))} is not among the tools ({known})")
    return found


def apply(tools: Tools, body: Json) -> None:
    """Put the tools into the runtime's request."""
    if tools.way == "native":
        body["tools"] = list(tools.tools)
        body["tool_choice"] = "required" if tools.must else "auto"
    elif tools.way != "none":
        _tell(tools, body["messages"])
    if tools.way == "forced":
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "call", "schema": call_schema(tools)},
        }


def call_schema(tools: Tools) -> Json:
    """What a forced answer looks like: the arguments of the only tool, or a call with its name."""
    if len(tools.tools) == 1:
        return dict(tools.tools[0]["function"]["parameters"])
    calls = [
        {
            "type": "object",
            "properties": {
                "name": {"const": one["function"]["name"]},
                "arguments": one["function"]["parameters"],
            },
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for one in tools.tools
    ]
    return {"anyOf": calls}


def _tell(tools: Tools, messages: list[Json]) -> None:
    functions = "\n".join(msgspec.json.encode(one["function"]).decode() for one in tools.tools)
    if tools.way == "told":
        how = f'To call one, answer with {OPENING}{{"name": …, "arguments": {{…}}}}</tool_call> and nothing else.'
    elif len(tools.tools) == 1:
        how = f"Answer with the JSON of the arguments for {tools.names[0]}."
    else:
        how = 'Answer with the JSON of one call: {"name": …, "arguments": {…}}.'
    told = f"You have these tools:\n{functions}\n{how}"
    if messages and messages[0]["role"] == "system":
        messages[0] = {**messages[0], "content": f"{messages[0]['content']}\n\n{told}"}
    else:
        messages.insert(0, {"role": "system", "content": told})


def call_id() -> str:
    return f"call_{os.urandom(12).hex()}"


async def read_calls(tools: Tools, events: Events) -> Events:
    """The events of an answer, with tool calls for what is one."""
    reader = {"forced": _read_forced, "told": _read_told}.get(tools.way, _read_native)
    async with aclosing(reader(tools, events)) as found:
        async for event in found:
            yield event


async def _read_native(tools: Tools, events: Events) -> Events:
    async for event in events:
        if isinstance(event, Call) and event.name and not event.id:
            yield Call(event.index, event.arguments, call_id(), event.name)
        else:
            yield event


async def _read_forced(tools: Tools, events: Events) -> Events:
    """Of one tool the arguments are passed on as they come; of several the call is read when it is whole."""
    is_one = len(tools.tools) == 1
    is_open = not is_one
    text = ""
    async for event in events:
        if not is_open and not isinstance(event, Begin):
            is_open = True
            yield Call(0, "", call_id(), tools.names[0])
        if isinstance(event, Text):
            text += event.text
            if is_one:
                yield Call(0, event.text)
        elif isinstance(event, End):
            call = None if is_one else _call_in(text, tools.names)
            if call is not None:
                yield call
            elif not is_one:
                yield Text(text)
            done = is_one or call is not None
            yield (
                msgspec.structs.replace(event, reason="tool_calls")
                if done and event.reason == "stop"
                else event
            )
        else:
            yield event


async def _read_told(tools: Tools, events: Events) -> Events:
    """Text is held back as long as it may become a call."""
    held, is_text = "", False
    async for event in events:
        if isinstance(event, Text) and not is_text:
            held += event.text
            start = held.lstrip()
            if not (OPENING.startswith(start[: len(OPENING)]) or start.startswith(("{", "["))):
                is_text = True
                yield Text(held, event.logprobs)
        elif isinstance(event, End) and not is_text and held:
            call = _call_in(held.strip().removeprefix(OPENING).removesuffix("</tool_call>"), tools.names)
            yield call or Text(held)
            yield msgspec.structs.replace(event, reason="tool_calls") if call else event
        else:
            yield event


def _call_in(text: str, names: list[str]) -> Call | None:
    """A call of a known tool, or None."""
    try:
        found = msgspec.json.decode(text.strip())
    except msgspec.DecodeError:
        return None
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, dict) or found.get("name") not in names:
        return None
    arguments = found.get("arguments", found.get("parameters", {}))
    return Call(0, msgspec.json.encode(arguments).decode(), call_id(), found["name"])
