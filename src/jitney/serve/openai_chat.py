"""OpenAI: chat completions, whole and streamed."""

from __future__ import annotations

import os
import time
from contextlib import aclosing
from typing import Any

import msgspec

from jitney.serve import checks
from jitney.serve.answer import Begin, Call, End, Event, Text, Thought, Usage, Whole
from jitney.serve.chat import FIELDS, Ask, read_chat
from jitney.serve.errors import Json, bad, error_body
from jitney.serve.exchange import EVENTS, Exchange, Pieces, gathered, sse
from jitney.serve.request import Reply

MOST_CHOICES = 16
DONE = b"data: [DONE]\n\n"


async def chat(exchange: Exchange, model: str = "") -> Reply | None:
    """model: of a path that names it (Azure's deployments)."""
    body = await exchange.body()
    checks.known(body, FIELDS, exchange.gateway)
    legacy = _modern(body)
    chosen = exchange.choose(checks.text(body, "model") or model, "chat")
    ask = read_chat(body, await chosen.caps(), model or chosen.about.name)
    count = choices(body)
    if ask.streams:
        options = checks.table(body.get("stream_options") or {}, "stream_options")
        pieces = _stream(exchange, ask, count, bool(options.get("include_usage")), legacy)
        return await exchange.stream(pieces, EVENTS, lambda error: sse(error_body(error, "openai")) + DONE)
    made: list[Json] = []
    usage = Usage()
    for index in range(count):
        whole = await gathered(chosen.answer(numbered(ask, index)))
        made.append(_choice(whole, index, ask, legacy))
        usage = plus(usage, whole.end.usage)
    return exchange.whole({**_head(ask, "chat.completion"), "choices": made, "usage": usage_of(usage)})


def choices(body: Json) -> int:
    count = checks.whole(body, "n", 1) or 1
    if count > MOST_CHOICES:
        raise bad("n", f"at most {MOST_CHOICES}")
    return count


def numbered(ask: Ask, index: int) -> Ask:
    """The same for another choice: with a seed of its own, where there is one."""
    if not index or "seed" not in ask.body:
        return ask
    return msgspec.structs.replace(ask, body={**ask.body, "seed": (ask.body["seed"] + index) & 0xFFFFFFFF})


def plus(one: Usage, other: Usage) -> Usage:
    """Of several choices: the prompt counts once."""
    return Usage(max(one.prompt, other.prompt), one.answer + other.answer, max(one.cached, other.cached))


def usage_of(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.answer,
        "total_tokens": usage.prompt + usage.answer,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _modern(body: Json) -> bool:
    """`functions` and `function_call`, which tools replaced; says whether the answer has to be in the old words."""
    if body.get("functions") is None or body.get("tools") is not None:
        return False
    functions = checks.listing(body["functions"], "functions")
    body["tools"] = [{"type": "function", "function": one} for one in functions]
    choice = body.get("function_call")
    if isinstance(choice, dict):
        choice = {"type": "function", "function": choice}
    body["tool_choice"] = choice
    return True


def _head(ask: Ask, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{os.urandom(12).hex()}",
        "object": kind,
        "created": int(time.time()),
        "model": ask.model,
        "system_fingerprint": "jitney",
    }


def _finish(end: End, legacy: bool) -> str:
    return "function_call" if legacy and end.reason == "tool_calls" else end.reason


def _choice(whole: Whole, index: int, ask: Ask, legacy: bool) -> Json:
    message: Json = {"role": "assistant", "content": whole.text if whole.text or not whole.calls else None}
    message["refusal"] = None
    if whole.thought:
        message["reasoning_content"] = whole.thought
    if whole.calls and legacy:
        message["function_call"] = {"name": whole.calls[0].name, "arguments": whole.calls[0].arguments}
    elif whole.calls:
        message["tool_calls"] = [_call(call) for call in whole.calls]
    probabilities = {"content": whole.logprobs, "refusal": None} if ask.body.get("logprobs") else None
    return {
        "index": index,
        "message": message,
        "logprobs": probabilities,
        "finish_reason": _finish(whole.end, legacy),
    }


def _call(call: Call) -> Json:
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}


async def _stream(exchange: Exchange, ask: Ask, count: int, with_usage: bool, legacy: bool) -> Pieces:
    head = _head(ask, "chat.completion.chunk")
    usage = Usage()

    def chunk(index: int, delta: Json, finish: str | None = None, logprobs: Any = None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return sse({**head, "choices": [choice], **({"usage": None} if with_usage else {})})

    for index in range(count):
        is_first = True
        async with aclosing(exchange.model.answer(numbered(ask, index))) as events:
            async for event in events:
                if isinstance(event, Begin):
                    continue
                if is_first:
                    yield chunk(index, {"role": "assistant", "content": "", "refusal": None})
                    is_first = False
                if isinstance(event, End):
                    usage = plus(usage, event.usage)
                    yield chunk(index, {}, _finish(event, legacy))
                else:
                    yield chunk(index, _delta(event, legacy), None, getattr(event, "logprobs", None))
    if with_usage:
        yield sse({**head, "choices": [], "usage": usage_of(usage)})
    yield DONE


def _delta(event: Event, legacy: bool) -> Json:
    if isinstance(event, Text):
        return {"content": event.text}
    if isinstance(event, Thought):
        return {"reasoning_content": event.text}
    assert isinstance(event, Call), "a Begin and an End have no delta"
    function: Json = {"arguments": event.arguments}
    if event.name:
        function = {"name": event.name, "arguments": event.arguments}
    if legacy:
        return {"function_call": function}
    begin = {"id": event.id, "type": "function"} if event.id else {}
    return {"tool_calls": [{"index": event.index, **begin, "function": function}]}
