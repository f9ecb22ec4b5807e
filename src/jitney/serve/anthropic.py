"""Anthropic: messages, whole and streamed, and the counting of tokens."""

from __future__ import annotations

import os
from contextlib import aclosing

import msgspec

from jitney.serve import checks
from jitney.serve.answer import Begin, Call, End, Event, Events, Text, Thought, Usage, Whole, take
from jitney.serve.anthropic_in import FIELDS, chat_body
from jitney.serve.chat import Ask, read_chat
from jitney.serve.errors import ApiError, Json, error_body
from jitney.serve.exchange import EVENTS, Exchange, Pieces, gathered, sse
from jitney.serve.request import Reply
from jitney.serve.stopping import Stopped, stop_at

_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


async def create(exchange: Exchange) -> Reply | None:
    body = await exchange.body()
    checks.known(body, FIELDS, exchange.gateway)
    model = exchange.choose(checks.text(body, "model"), "chat")
    ask = read_chat(chat_body(body), await model.caps(), model.about.name)
    if model.is_native:
        ask.body["timings_per_token"] = True  # what the prompt took is told at the beginning
    stopped = Stopped(checks.stops(body, "stop_sequences"))
    events = stop_at(model.answer(ask), stopped)
    if ask.streams:
        return await exchange.stream(_stream(ask, events, stopped), EVENTS, _broken)
    whole = Whole()
    async with aclosing(events):
        async for event in events:
            take(whole, event)
    content: list[Json] = [{"type": "text", "text": whole.text}] if whole.text else []
    content += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call.arguments)}
        for call in whole.calls
    ]
    made = {**_message(ask), "content": content, **_ending(whole.end, stopped)}
    return exchange.whole({**made, "usage": _usage(whole.end.usage)})


async def count(exchange: Exchange) -> Reply | None:
    """Tokens of the prompt that the messages become."""
    body = await exchange.body()
    model = exchange.choose(checks.text(body, "model"), "chat")
    ask = read_chat(chat_body(body, counts=True), await model.caps(), "")
    if not model.is_native:  # it is asked for one token, and says how many it has read
        whole = await gathered(model.answer(msgspec.structs.replace(ask, body={**ask.body, "max_tokens": 1})))
        return exchange.whole({"input_tokens": whole.end.usage.prompt})
    native = {name: ask.body[name] for name in ("tools", "tool_choice") if name in ask.body}
    prompt = await model.upstream.template(ask.body["messages"], **native)
    return exchange.whole({"input_tokens": len(await model.upstream.tokenize(prompt, special=True))})


def _broken(error: ApiError) -> bytes:
    return sse(error_body(error, "anthropic"), "error")


def _message(ask: Ask) -> Json:
    return {
        "id": f"msg_{os.urandom(12).hex()}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _usage(usage: Usage) -> Json:
    """Anthropic counts cached tokens apart; here they cost the same and are input."""
    return {
        "input_tokens": usage.prompt,
        "output_tokens": usage.answer,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }


def _ending(end: End, stopped: Stopped) -> Json:
    if stopped.word:
        return {"stop_reason": "stop_sequence", "stop_sequence": stopped.word}
    return {"stop_reason": _REASONS[end.reason], "stop_sequence": None}


def _input(arguments: str) -> Json:
    """An answer that was cut may be no JSON any more: then what there is of it is kept as text."""
    try:
        found = msgspec.json.decode(arguments or "{}")
    except msgspec.DecodeError:
        return {"_incomplete": arguments}
    return found if isinstance(found, dict) else {"value": found}


class _Blocks:
    """Content blocks of a stream: one is open at a time."""

    def __init__(self) -> None:
        self._index = -1
        self._key: object = None

    def piece(self, event: Event) -> list[bytes]:
        if isinstance(event, Text):
            out = self._at("text", {"type": "text", "text": ""})
            return [*out, self._delta({"type": "text_delta", "text": event.text})]
        if isinstance(event, Call):
            block = {"type": "tool_use", "id": event.id, "name": event.name, "input": {}}
            out = self._at(event.index, block)
            return [*out, self._delta({"type": "input_json_delta", "partial_json": event.arguments})]
        return []

    def close(self) -> list[bytes]:
        if self._key is None:
            return []
        self._key = None
        return [_event("content_block_stop", index=self._index)]

    def _at(self, key: object, block: Json) -> list[bytes]:
        if key == self._key:
            return []
        out = self.close()
        self._index += 1
        self._key = key
        return [*out, _event("content_block_start", index=self._index, content_block=block)]

    def _delta(self, delta: Json) -> bytes:
        return _event("content_block_delta", index=self._index, delta=delta)


def _event(kind: str, **fields: object) -> bytes:
    return sse({"type": kind, **fields}, kind)


async def _stream(ask: Ask, events: Events, stopped: Stopped) -> Pieces:
    blocks = _Blocks()
    is_open = False
    async with aclosing(events):
        async for event in events:
            if not is_open:
                is_open = True
                usage = event.usage if isinstance(event, Begin) else Usage()
                yield _event("message_start", message={**_message(ask), "usage": _usage(usage)})
                yield _event("ping")
            if isinstance(event, End):
                for piece in blocks.close():
                    yield piece
                yield _event("message_delta", delta=_ending(event, stopped), usage=_usage(event.usage))
            elif not isinstance(event, Thought):
                for piece in blocks.piece(event):
                    yield piece
    yield _event("message_stop")
