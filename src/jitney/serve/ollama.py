"""Ollama: chat and vectors, and the table of its calls."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import msgspec

from jitney.serve import checks, ollama_generate, ollama_models
from jitney.serve.answer import Call, End, Event, Text, Thought, Whole, take
from jitney.serve.chat import Ask, read_chat
from jitney.serve.errors import Json, error_body
from jitney.serve.exchange import LINES, Exchange, Pieces, line
from jitney.serve.ollama_in import Asked, chat_body
from jitney.serve.openai_text import MOST_INPUTS, embed, prompts_of
from jitney.serve.request import Reply


async def chat(exchange: Exchange) -> Reply | None:
    asked = await Asked.read(exchange)
    if not asked.body.get("messages"):
        return exchange.whole(asked.loaded({"message": {"role": "assistant", "content": ""}}))
    model = exchange.model
    ask = read_chat(chat_body(asked), await model.caps(), asked.model)
    if checks.flag(asked.body, "stream", True):
        pieces = _stream(exchange, asked, ask)
        return await exchange.stream(pieces, LINES, lambda error: line(error_body(error, "ollama")))
    whole = Whole()
    async for event in model.answer(ask):
        take(whole, event)
    message: Json = {"role": "assistant", "content": whole.text}
    if whole.calls:
        message["tool_calls"] = [_call(call) for call in whole.calls]
    return exchange.whole({**asked.head(), "message": message, **asked.ending(whole.end)})


def _call(call: Call) -> Json:
    """Arguments are an object here; those of an answer that was cut are none any more."""
    try:
        arguments = msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        arguments = {"_incomplete": call.arguments}
    return {"id": call.id, "function": {"index": call.index, "name": call.name, "arguments": arguments}}


async def _stream(exchange: Exchange, asked: Asked, ask: Ask) -> Pieces:
    """Text as it comes; a call when it is whole."""
    whole = Whole()
    async with aclosing(exchange.model.answer(ask)) as events:
        async for event in events:
            take(whole, event)
            if isinstance(event, End):
                if whole.calls:
                    calls = [_call(call) for call in whole.calls]
                    yield line({**asked.head(), "message": _said(Text(""), calls), "done": False})
                yield line({**asked.head(), "message": _said(Text("")), **asked.ending(event)})
            elif isinstance(event, Text | Thought):
                yield line({**asked.head(), "message": _said(event), "done": False})


def _said(event: Event, calls: list[Json] | None = None) -> Json:
    message: Json = {"role": "assistant", "content": event.text if isinstance(event, Text) else ""}
    if isinstance(event, Thought):
        message["thinking"] = event.text
    return {**message, "tool_calls": calls} if calls else message


async def embed_many(exchange: Exchange) -> Reply | None:
    asked = await Asked.read(exchange, "embeddings")
    given: Any = asked.body.get("input")
    if given in (None, "", []):
        return exchange.whole({"model": asked.model, "embeddings": []})
    vectors, tokens = await embed(
        exchange, prompts_of(given, "input", MOST_INPUTS), checks.whole(asked.body, "dimensions", 1)
    )
    found = {"model": asked.model, "embeddings": vectors, "total_duration": asked.nanoseconds()}
    return exchange.whole({**found, "load_duration": 0, "prompt_eval_count": tokens})


async def embed_one(exchange: Exchange) -> Reply | None:
    asked = await Asked.read(exchange, "embeddings")
    prompt = checks.text(asked.body, "prompt")
    if not prompt:
        return exchange.whole({"embedding": []})
    vectors, _ = await embed(exchange, [prompt], None)
    return exchange.whole({"embedding": vectors[0]})


OPERATIONS = {
    "chat": "chat",
    "generate": "text_completion",
    "embed": "embeddings",
    "embeddings": "embeddings",
}
ROUTES = {
    "chat": chat,
    "generate": ollama_generate.generate,
    "embed": embed_many,
    "embeddings": embed_one,
    "tags": ollama_models.tags,
    "ps": ollama_models.running,
    "show": ollama_models.show,
    "version": ollama_models.version,
    "pull": ollama_models.pull,
    "push": ollama_models.push,
    "create": ollama_models.create,
    "copy": ollama_models.copy,
    "delete": ollama_models.delete,
}
