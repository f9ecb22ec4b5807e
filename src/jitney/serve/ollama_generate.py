"""Ollama: generate. A prompt through the model's template (or raw), with what was said before as tokens (`context`)."""

from __future__ import annotations

import re
from contextlib import aclosing
from typing import NamedTuple

from jitney.serve import checks
from jitney.serve.answer import End, Events, Text, Whole, take
from jitney.serve.chat import Ask, for_text, limit, read_chat, sampling, structure
from jitney.serve.errors import Json, bad, error_body
from jitney.serve.exchange import LINES, Exchange, Pieces, line
from jitney.serve.middle import fill
from jitney.serve.models import Model
from jitney.serve.ollama_in import Asked, with_images
from jitney.serve.request import Reply


class _Made(NamedTuple):
    """ask: for the model. prompt: where its template is applied here, which is how a conversation as tokens can go on."""

    ask: Ask
    prompt: str | list[int] | None


async def generate(exchange: Exchange) -> Reply | None:
    asked = await Asked.read(exchange)
    body = asked.body
    if not checks.text(body, "prompt") and not body.get("suffix"):
        return exchange.whole(asked.loaded({"response": ""}))
    made = await _made(exchange, asked)
    if checks.flag(body, "stream", True):
        pieces = _stream(exchange, asked, made)
        return await exchange.stream(pieces, LINES, lambda error: line(error_body(error, "ollama")))
    whole = Whole()
    async for event in _events(exchange, made):
        take(whole, event)
    context = await _context(exchange, asked, made, whole.text)
    return exchange.whole({**asked.head(), "response": whole.text, **asked.ending(whole.end), **context})


async def _events(exchange: Exchange, made: _Made) -> Events:
    model, ask = exchange.model, made.ask
    if made.prompt is None:
        async with aclosing(model.answer(ask)) as events:
            async for event in events:
                yield event
        return
    async with aclosing(model.complete(ask.body)) as events:
        async for event in events:
            model.watch(event, ask.tokens, capped=ask.capped)
            yield event


async def _made(exchange: Exchange, asked: Asked) -> _Made:
    body, model = asked.body, exchange.model
    is_bare = checks.flag(body, "raw") or bool(_template(asked)) or bool(body.get("suffix"))
    if body.get("images") or not (is_bare or model.is_native):
        return _Made(read_chat(_as_chat(asked), await model.caps(), asked.model), None)
    caps = await model.caps("completions")
    form, chosen = asked.form(), asked.sampling()
    tokens, capped = limit(chosen, caps, structured=form is not None)
    request = {**sampling(chosen, caps.offers), "max_tokens": tokens}
    structure({"response_format": form}, tokens, request, caps.offers)
    if model.is_native:
        for_text(request)
    request |= await _prompt(model, asked)
    return _Made(Ask(body=request, model=asked.model, tokens=tokens, capped=capped), request["prompt"])


def _as_chat(asked: Asked) -> Json:
    """For runtimes whose template is applied by themselves, and for images."""
    body = asked.body
    if body.get("context"):
        raise bad(
            "context", "this model's runtime takes no conversation as tokens; /api/chat takes one as messages"
        )
    prompt = checks.text(body, "prompt")
    content = with_images(asked, prompt, body["images"], "images") if body.get("images") else prompt
    system = asked.system()
    messages: list[Json] = [{"role": "system", "content": system}] if system else []
    messages += [*(asked.made.get("messages") or []), {"role": "user", "content": content}]
    chat = {"model": asked.model, **asked.sampling(), "messages": messages}
    return {**chat, "response_format": asked.form()}


def _template(asked: Asked) -> str:
    return checks.text(asked.body, "template") or str(asked.made.get("template") or "")


async def _prompt(model: Model, asked: Asked) -> Json:
    body, upstream = asked.body, model.upstream
    prompt = checks.text(body, "prompt")
    if checks.flag(body, "raw"):
        return {"prompt": prompt}
    if suffix := checks.text(body, "suffix"):
        return await fill(model, prompt, suffix)
    if template := _template(asked):
        text = _rendered(template, asked.system(), prompt)
    else:
        system = asked.system()
        messages = [{"role": "system", "content": system}] if system else []
        messages += [*(asked.made.get("messages") or []), {"role": "user", "content": prompt}]
        text = await upstream.template(messages)
    before = checks.listing(body.get("context") or [], "context")
    if before and not all(isinstance(one, int) for one in before):
        raise bad("context", "an array of tokens is expected, as an answer gave it")
    if not before:
        return {"prompt": text}
    return {"prompt": [*before, *await upstream.tokenize(text, special=True)]}


def _rendered(template: str, system: str, prompt: str) -> str:
    """Ollama's templates are Go's; of these the variables and `if` are understood. 400: anything else."""
    values = {"System": system, "Prompt": prompt, "Response": "", "Suffix": ""}

    def chosen(match: re.Match[str]) -> str:
        return match[2] if values.get(match[1]) else ""

    text = re.sub(
        r"\{\{-?\s*if \.(\w+)\s*-?\}\}(.*?)\{\{-?\s*end\s*-?\}\}", chosen, template, flags=re.DOTALL
    )
    text = re.sub(r"\{\{-?\s*\.Response\s*-?\}\}.*", "", text, flags=re.DOTALL)
    text = re.sub(r"\{\{-?\s*\.(System|Prompt|Suffix)\s*-?\}\}", lambda match: values[match[1]], text)
    if left := re.search(r"\{\{.*?\}\}", text):
        raise bad("template", f"{left[0]} is not understood here, only .System, .Prompt, .Response and if")
    return text


async def _context(exchange: Exchange, asked: Asked, made: _Made, text: str) -> Json:
    """The conversation as tokens, for the next request; raw prompts have none."""
    prompt = made.prompt
    if prompt is None or not exchange.model.is_native or checks.flag(asked.body, "raw"):
        return {}
    upstream = exchange.model.upstream
    before = prompt if isinstance(prompt, list) else await upstream.tokenize(prompt, special=True)
    return {"context": [*before, *await upstream.tokenize(text)]}


async def _stream(exchange: Exchange, asked: Asked, made: _Made) -> Pieces:
    text = ""
    async with aclosing(_events(exchange, made)) as events:
        async for event in events:
            if isinstance(event, Text):
                text += event.text
                yield line({**asked.head(), "response": event.text, "done": False})
            elif isinstance(event, End):
                context = await _context(exchange, asked, made, text)
                yield line({**asked.head(), "response": "", **asked.ending(event), **context})
