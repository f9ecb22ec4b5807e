"""An OpenAI chat request, checked and made into one that the runtime honours. The other APIs become such a request first."""

from __future__ import annotations

from typing import Any

import msgspec

from jitney.serve import checks
from jitney.serve.bounds import JSON_OBJECT, bounded
from jitney.serve.errors import Json, bad
from jitney.serve.offers import Offers
from jitney.serve.pictures import picture
from jitney.serve.tools import OPENING, Tools, apply, read_tools

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
NUMBERS = {
    "temperature": (0, 100),
    "top_p": (0, 1),
    "min_p": (0, 1),
    "typical_p": (0, 1),
    "presence_penalty": (-10, 10),
    "frequency_penalty": (-10, 10),
    "repeat_penalty": (0, 10),
    "mirostat_tau": (0, 100),
    "mirostat_eta": (0, 10),
}
WHOLES = ("top_k", "repeat_last_n", "mirostat")
PENALTIES = ("presence_penalty", "frequency_penalty", "repeat_penalty")
EVERYWHERE = ("top_k", "min_p")
"""What all runtimes take besides temperature and top_p."""
CALLED_REPETITION = ("vllm", "sglang")
NEUTRAL = {
    "top_k": (0, -1),
    "min_p": (0,),
    "typical_p": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "repeat_penalty": (1,),
    "repeat_last_n": (),
    "mirostat": (0,),
    "mirostat_tau": (),
    "mirostat_eta": (),
}
"""Values that ask for nothing: a runtime without the knob is not bothered with them."""

COMMON = frozenset(
    [
        "model",
        "stream",
        "stream_options",
        "max_tokens",
        "n",
        "seed",
        "stop",
        "logit_bias",
        "user",
        "metadata",
        "response_format",
        "grammar",
        "service_tier",
        "store",
        "safety_identifier",
        "prompt_cache_key",
        "prompt_cache_retention",
    ]
) | {*NUMBERS, *WHOLES}
FIELDS = COMMON | frozenset(
    [
        "messages",
        "max_completion_tokens",
        "logprobs",
        "top_logprobs",
        "tools",
        "tool_choice",
        "functions",
        "function_call",
        "parallel_tool_calls",
        "reasoning_effort",
        "verbosity",
        "prediction",
        "modalities",
        "audio",
        "web_search_options",
    ]
)
"""Of a chat request: everything else is unknown (checks.known)."""

UNTOLD = {
    "audio": "this model gives no audio",
    "web_search_options": "there is no search here",
}


class Ask(msgspec.Struct, kw_only=True):
    """One request for the runtime. capped: it set no limit of its own; tokens: the limit that counts; streams: it wants pieces;
    model: as it was asked for."""

    body: Json
    model: str
    tokens: int
    capped: bool
    tools: Tools = Tools()
    streams: bool = False


class Caps(msgspec.Struct, frozen=True):
    """What counts where a request says nothing, and what the model can. context: tokens at most."""

    text: int
    structured: int
    context: int
    knows_tools: bool
    offers: Offers


def read_chat(body: Json, caps: Caps, default_model: str) -> Ask:
    """Raises ApiError 400, naming the field, for what is wrong or cannot be honoured."""
    checks.refuse(body, UNTOLD)
    if "audio" in (body.get("modalities") or ()):
        raise bad("modalities", "this model gives text only")
    form = checks.table(body.get("response_format") or {}, "response_format")
    structured = bool(body.get("tools")) or form.get("type", "text") != "text"
    tokens, capped = limit(body, caps, structured=structured)
    made = sampling(body, caps.offers)
    made["messages"] = messages(body.get("messages"), caps)
    made["max_tokens"] = tokens
    tools = read_tools(body, tokens, knows_tools=caps.knows_tools)
    if tools.way != "none" and not caps.knows_tools:
        _need_tools(tools, caps.offers)
    structure(body, tokens, made, caps.offers)
    apply(tools, made)
    _log_probabilities(body, made, caps.offers)
    return Ask(
        body=made,
        model=checks.text(body, "model") or default_model,
        tokens=tokens,
        capped=capped,
        tools=tools,
        streams=checks.flag(body, "stream"),
    )


def limit(body: Json, caps: Caps, *, structured: bool) -> tuple[int, bool]:
    """The cap, and whether it is ours. Neither goes beyond the context."""
    asked = checks.whole(body, "max_completion_tokens", 1) or checks.whole(body, "max_tokens", 1)
    ours = caps.structured if structured else caps.text
    return min(asked or ours, caps.context), asked is None


def _need_tools(tools: Tools, offers: Offers) -> None:
    """Tools that the gateway itself tells the model of: without a hold on the answer they are a guess, and refused."""
    if not offers.has("json-schema"):
        raise offers.refusal("tools", "tool_choice" if tools.must else "tools")


def sampling(body: Json, offers: Offers) -> Json:
    """The knobs that the runtime has too."""
    made: Json = {}
    for name in [name for name in NUMBERS if name in body]:
        if (value := checks.number(body, name, *NUMBERS[name])) is not None:
            made[name] = value
    for name in [name for name in WHOLES if name in body]:
        if (count := checks.whole(body, name)) is not None:
            made[name] = count
    if not offers.has("native"):
        _only_common(made, offers)
    if (seed := checks.whole(body, "seed")) is not None:
        offers.need("seed", "seed")
        made["seed"] = seed & 0xFFFFFFFF
    if words := checks.stops(body):
        made["stop"] = words
    if body.get("logit_bias"):
        offers.need("logit-bias", "logit_bias")
        made["logit_bias"] = checks.table(body["logit_bias"], "logit_bias")
    return made


def _only_common(made: Json, offers: Offers) -> None:
    """llama.cpp's knobs, for another runtime: what asks for nothing goes, what it does not have is refused."""
    for name in [name for name in NEUTRAL if name in made]:
        if made[name] in NEUTRAL[name]:
            del made[name]
        elif name not in EVERYWHERE:
            offers.need("penalties" if name in PENALTIES else "native", name)
    if "repeat_penalty" in made and offers.runtime in CALLED_REPETITION:
        made["repetition_penalty"] = made.pop("repeat_penalty")


def _log_probabilities(body: Json, made: Json, offers: Offers) -> None:
    if not checks.flag(body, "logprobs"):
        if body.get("top_logprobs"):
            raise bad("top_logprobs", "only together with logprobs: true")
        return
    offers.need("logprobs", "logprobs")
    made["logprobs"] = True
    made["top_logprobs"] = checks.whole(body, "top_logprobs", 0) or 1


def structure(body: Json, tokens: int, made: Json, offers: Offers) -> None:
    """response_format: a schema with bounds, or any JSON object that ends. grammar: one of llama.cpp's."""
    wanted = body.get("response_format")
    if grammar := checks.text(body, "grammar"):
        offers.need("grammar", "grammar")
        if wanted is not None:
            raise bad("grammar", "not together with response_format")
        made["grammar"] = grammar
    if wanted is None:
        return
    wanted = checks.table(wanted, "response_format")
    kind = wanted.get("type", "text")
    if kind in ("json_object", "json_schema"):
        offers.need("json-schema", "response_format")
    if kind == "json_object" and isinstance(wanted.get("schema"), dict):
        hold_to(wanted["schema"], tokens, made, "response_format.schema", offers)
    elif kind == "json_object":
        _hold_to_an_object(made, offers)
    elif kind == "json_schema":
        where = "response_format.json_schema"
        schema = checks.table(wanted.get("json_schema", wanted), where).get("schema")
        hold_to(checks.table(schema, f"{where}.schema"), tokens, made, f"{where}.schema", offers)
    elif kind != "text":
        raise bad("response_format.type", f"text, json_object or json_schema is expected, not {kind!r}")


def _hold_to_an_object(made: Json, offers: Offers) -> None:
    if offers.has("grammar"):
        made["grammar"] = JSON_OBJECT
    else:
        made["response_format"] = {"type": "json_object"}


def hold_to(schema: Json, tokens: int, made: Json, where: str, offers: Offers) -> None:
    """Hold an answer to a schema."""
    if schema.get("type", "object") == "object" and not (
        schema.keys() - {"type", "title", "description", "$schema"}
    ):
        _hold_to_an_object(made, offers)
        return
    held = {"name": "answer", "schema": bounded(schema, tokens, where)}
    made["response_format"] = {"type": "json_schema", "json_schema": held}


def for_text(made: Json) -> None:
    """llama.cpp takes a schema for a bare text under another name."""
    if "response_format" in made:
        made["json_schema"] = made.pop("response_format")["json_schema"]["schema"]


def messages(given: Any, caps: Caps) -> list[Json]:
    """Messages as every chat template takes them: text, and images where the model sees; developer as system, calls written
    out where need be."""
    found = checks.listing(given, "messages")
    if not found:
        raise bad("messages", "there is none")
    return [_message(one, f"messages[{at}]", caps) for at, one in enumerate(found)]


def _message(one: Any, where: str, caps: Caps) -> Json:
    knows_tools = caps.knows_tools
    one = checks.table(one, where)
    role = checks.text(one, "role", where=f"{where}.")
    if role not in ROLES:
        raise bad(f"{where}.role", f"one of {', '.join(ROLES)} is expected, not {role!r}")
    if role == "user" and (parts := seen(one.get("content"), f"{where}.content", caps.offers)) is not None:
        return {"role": role, "content": parts}
    content = plain(one.get("content"), f"{where}.content")
    if role in ("tool", "function"):
        return _result(one, content, knows_tools)
    calls = _calls(one, where)
    if role != "assistant" and one.get("content") is None:
        raise bad(f"{where}.content", "it is missing")
    if not calls:
        return {"role": "system" if role == "developer" else role, "content": content}
    if knows_tools:
        return {"role": role, "content": content, "tool_calls": calls}
    written = "".join(f"{OPENING}{_written(call)}</tool_call>" for call in calls)
    return {"role": role, "content": content + written}


def _result(one: Json, content: str, knows_tools: bool) -> Json:
    if knows_tools:
        return {
            "role": "tool",
            "content": content,
            "tool_call_id": str(one.get("tool_call_id") or one.get("name") or ""),
        }
    return {"role": "user", "content": f"<tool_response>{content}</tool_response>"}


def _calls(one: Json, where: str) -> list[Json]:
    given = one.get("tool_calls")
    if given is None and one.get("function_call"):
        given = [{"type": "function", "function": one["function_call"]}]
    calls = []
    for at, call in enumerate(checks.listing(given, f"{where}.tool_calls") if given else ()):
        place = f"{where}.tool_calls[{at}]"
        function = checks.table(checks.table(call, place).get("function"), f"{place}.function")
        name = checks.text(function, "name", where=f"{place}.function.")
        arguments = function.get("arguments") or "{}"
        if not isinstance(arguments, str):
            arguments = msgspec.json.encode(arguments).decode()
        made = {"id": str(call.get("id") or f"call_{at}"), "type": "function"}
        calls.append({**made, "function": {"name": name, "arguments": arguments}})
    return calls


def _written(call: Json) -> str:
    function = call["function"]
    return (
        f'{{"name": {msgspec.json.encode(function["name"]).decode()}, "arguments": {function["arguments"]}}}'
    )


def seen(content: Any, where: str, offers: Offers) -> list[Json] | None:
    """Parts with images among them, as the runtime takes them; None: there is none."""
    if not isinstance(content, list) or not any(
        isinstance(part, dict) and part.get("type") in ("image_url", "input_image", "image")
        for part in content
    ):
        return None
    made: list[Json] = []
    for at, part in enumerate(content):
        place = f"{where}[{at}]"
        if isinstance(part, dict) and part.get("type") in ("image_url", "input_image", "image"):
            offers.need("vision", f"{place}.type")
            made.append(picture(part, place))
        else:
            made.append({"type": "text", "text": plain([part], where)})
    return made


def plain(content: Any, where: str) -> str:
    """Text, or parts that are all text."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    words = []
    for at, part in enumerate(checks.listing(content, where)):
        if isinstance(part, str):
            words.append(part)
            continue
        part = checks.table(part, f"{where}[{at}]")
        kind = part.get("type", "text")
        if kind not in ("text", "input_text", "output_text", "refusal"):
            raise bad(f"{where}[{at}].type", f"this model reads text only, not {kind!r}")
        words.append(checks.text(part, "refusal" if kind == "refusal" else "text", where=f"{where}[{at}]."))
    return "\n".join(words)
