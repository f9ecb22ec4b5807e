"""OpenAI: completions, embeddings, models, and the side calls."""

from __future__ import annotations

import os
import time
from base64 import b64encode
from contextlib import aclosing
from math import sqrt
from struct import pack
from typing import Any

import msgspec

from jitney.serve import checks
from jitney.serve.answer import End, Text, Usage
from jitney.serve.chat import COMMON, Ask, for_text, limit, sampling, structure
from jitney.serve.errors import ApiError, Json, bad, error_body
from jitney.serve.exchange import EVENTS, Exchange, Pieces, gathered, sse
from jitney.serve.middle import fill
from jitney.serve.openai_chat import DONE, choices, numbered, plus, usage_of
from jitney.serve.request import Reply

MOST_PROMPTS = 64
MOST_INPUTS = 2048
Prompt = str | list[int]
TEXT_FIELDS = COMMON | {"prompt", "suffix", "echo", "best_of", "logprobs"}
VECTOR_FIELDS = frozenset({"model", "input", "encoding_format", "dimensions", "user"})


async def completions(exchange: Exchange, model: str = "") -> Reply | None:
    body = await exchange.body()
    checks.known(body, TEXT_FIELDS, exchange.gateway)
    chosen = exchange.choose(checks.text(body, "model") or model, "completions")
    caps = await chosen.caps("completions")
    if (best := checks.whole(body, "best_of", 1)) and best > choices(body):
        raise bad("best_of", "more than n answers are not made")
    tokens, capped = limit(body, caps, structured=False)
    made = {**sampling(body, caps.offers), "max_tokens": tokens}
    structure(body, tokens, made, caps.offers)
    if chosen.is_native:
        for_text(made)
    echo = checks.flag(body, "echo")
    if (count := checks.whole(body, "logprobs", 0)) is not None:
        caps.offers.need("logprobs", "logprobs")
        if echo:  # the prompt's too, which the runtime alone knows
            caps.offers.need("echo", "echo")
            made["echo"], echo = True, False
        made["logprobs"] = count
    name = checks.text(body, "model") or model or chosen.about.name
    ask = Ask(body=made, model=name, tokens=tokens, capped=capped)
    asks = [
        numbered(msgspec.structs.replace(ask, body={**made, **each}), index)
        for each in await _prompts(exchange, body)
        for index in range(choices(body))
    ]
    if checks.flag(body, "stream"):
        options = checks.table(body.get("stream_options") or {}, "stream_options")
        pieces = _stream(exchange, asks, echo, bool(options.get("include_usage")))
        return await exchange.stream(pieces, EVENTS, lambda error: sse(error_body(error, "openai")) + DONE)
    return exchange.whole(await _whole(exchange, asks, echo))


async def _prompts(exchange: Exchange, body: Json) -> list[Json]:
    """A string, tokens, or several of either; with a suffix, what fills the middle."""
    prompts = prompts_of(body.get("prompt", ""), "prompt", MOST_PROMPTS)
    suffix = checks.text(body, "suffix")
    if not suffix:
        return [{"prompt": one} for one in prompts]
    if not all(isinstance(one, str) for one in prompts):
        raise bad("suffix", "only with a prompt that is text")
    return [await fill(exchange.model, str(one), suffix) for one in prompts]


def prompts_of(value: Any, where: str, most: int) -> list[Prompt]:
    if isinstance(value, str):
        return [value]
    found = checks.listing(value, where)
    if not found:
        raise bad(where, "it is empty")
    if all(isinstance(one, int) and not isinstance(one, bool) for one in found):
        return [found]
    for at, one in enumerate(found):
        if not isinstance(one, str) and not (isinstance(one, list) and all(isinstance(n, int) for n in one)):
            raise bad(f"{where}[{at}]", "a string or an array of tokens is expected")
    if len(found) > most:
        raise bad(where, f"at most {most}, not {len(found)}")
    return list(found)


def _head(ask: Ask) -> Json:
    return {
        "id": f"cmpl-{os.urandom(12).hex()}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": ask.model,
    }


def _choice(index: int, text: str, finish: str | None, logprobs: Any = None) -> Json:
    return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": finish}


def _probabilities(tokens: list[Json], offset: int) -> Json:
    """In the words of this old API: parallel lists. offset: in characters, of the first token in the text."""
    made: Json = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
    for one in tokens:
        made["tokens"].append(one.get("token", ""))
        made["token_logprobs"].append(one.get("logprob"))
        made["top_logprobs"].append(_tops(one))
        made["text_offset"].append(offset)
        offset += len(one.get("token", ""))
    return made


def _tops(one: Json) -> Json | None:
    """None: the first token of a prompt, which follows upon nothing."""
    if one.get("logprob") is None:
        return None
    return {top["token"]: top["logprob"] for top in one.get("top_logprobs") or ()}


async def _whole(exchange: Exchange, asks: list[Ask], echo: bool) -> Json:
    model = exchange.model
    made, usage = [], Usage()
    for index, ask in enumerate(asks):
        whole = await gathered(model.complete(ask.body))
        model.watch(whole.end, ask.tokens, capped=ask.capped)
        begin = ask.body["prompt"] if echo and isinstance(ask.body["prompt"], str) else ""
        probabilities = _probabilities(whole.logprobs, len(begin)) if "logprobs" in ask.body else None
        made.append(_choice(index, begin + whole.text, whole.end.reason, probabilities))
        usage = plus(usage, whole.end.usage)
    return {**_head(asks[0]), "choices": made, "usage": usage_of(usage)}


async def _stream(exchange: Exchange, asks: list[Ask], echo: bool, with_usage: bool) -> Pieces:
    model = exchange.model
    head = _head(asks[0])
    usage = Usage()
    for index, ask in enumerate(asks):
        if echo and isinstance(ask.body["prompt"], str):
            yield sse({**head, "choices": [_choice(index, ask.body["prompt"], None)]})
        async with aclosing(model.complete(ask.body)) as events:
            async for event in events:
                if isinstance(event, Text):
                    found = event.logprobs.get("content") if isinstance(event.logprobs, dict) else None
                    probabilities = _probabilities(found, 0) if found else None
                    yield sse({**head, "choices": [_choice(index, event.text, None, probabilities)]})
                elif isinstance(event, End):
                    model.watch(event, ask.tokens, capped=ask.capped)
                    usage = plus(usage, event.usage)
                    yield sse({**head, "choices": [_choice(index, "", event.reason)]})
    if with_usage:
        yield sse({**head, "choices": [], "usage": usage_of(usage)})
    yield DONE


async def embeddings(exchange: Exchange, model: str = "") -> Reply | None:
    body = await exchange.body()
    checks.known(body, VECTOR_FIELDS, exchange.gateway)
    chosen = exchange.choose(checks.text(body, "model") or model, "embeddings")
    inputs = prompts_of(body.get("input"), "input", MOST_INPUTS)
    form = checks.text(body, "encoding_format", "float")
    if form not in ("float", "base64"):
        raise bad("encoding_format", f"float or base64 is expected, not {form!r}")
    vectors, tokens = await embed(exchange, inputs, checks.whole(body, "dimensions", 1))
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector, form)}
        for index, vector in enumerate(vectors)
    ]
    name = checks.text(body, "model") or model or chosen.about.name
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return exchange.whole({"object": "list", "data": data, "model": name, "usage": usage})


async def embed(
    exchange: Exchange, inputs: list[Prompt], dimensions: int | None
) -> tuple[list[list[float]], int]:
    """Vectors in the order of the inputs, and the tokens read. dimensions: fewer than the model's: cut and made unit again."""
    model = exchange.model
    if not model.gives_vectors:
        raise model.offers.refusal("embeddings", "model")
    with model.meter.asking():
        found = await model.upstream.embed(
            {"model": model.about.name, "input": inputs, "encoding_format": "float"}
        )
    data = sorted(found.get("data", []), key=lambda one: one.get("index", 0))
    if len(data) != len(inputs):
        raise ApiError(502, "the model server gave another number of vectors than was asked for")
    vectors = [one["embedding"] for one in data]
    if dimensions:
        if dimensions > len(vectors[0]):
            raise bad("dimensions", f"this model's vectors have {len(vectors[0])}")
        vectors = [_unit(vector[:dimensions]) for vector in vectors]
    return vectors, (found.get("usage") or {}).get("prompt_tokens", 0)


def _unit(vector: list[float]) -> list[float]:
    length = sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]


def _encoded(vector: list[float], form: str) -> list[float] | str:
    return b64encode(pack(f"<{len(vector)}f", *vector)).decode() if form == "base64" else vector


async def models(exchange: Exchange) -> Reply | None:
    """The served models; where one answers to every name, also those that were asked for."""
    found = exchange.gateway.models
    names = list(dict.fromkeys([*(one.about.name for one in found.all), *found.asked]))
    data = [_model(exchange, name) for name in names]
    if exchange.dialect == "anthropic":
        return exchange.whole({"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]})
    return exchange.whole({"object": "list", "data": data})


async def model(exchange: Exchange) -> Reply | None:
    exchange.choose(exchange.rest)
    return exchange.whole(_model(exchange, exchange.rest))


def _model(exchange: Exchange, name: str) -> Json:
    if exchange.dialect == "anthropic":
        return {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
    found = exchange.gateway.models.of(name)
    more = {"runtime": found.about.runtime, "features": found.told_features()}
    return {"id": name, "object": "model", "created": 1767225600, "owned_by": "jitney", **more}


async def traces(exchange: Exchange) -> Reply | None:
    """Traces of agents have nowhere to go; who sends them wants a yes."""
    await exchange.request.read()
    return Reply(status=204)
