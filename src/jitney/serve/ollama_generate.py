"""Ollama: generate. A prompt through the model's template (or raw), with what was said before as tokens (`context`)."""

from __future__ import annotations

import re
from contextlib import aclosing

from aiohttp import web

from jitney.serve import checks
from jitney.serve.answer import End, Text, Whole, take
from jitney.serve.chat import Ask, limit, sampling, structure
from jitney.serve.errors import Json, bad, error_body
from jitney.serve.exchange import LINES, Exchange, Pieces, line
from jitney.serve.middle import fill
from jitney.serve.ollama_in import Asked


async def generate(exchange: Exchange) -> web.StreamResponse:
    asked = await Asked.read(exchange)
    body = asked.body
    if body.get("images"):
        raise bad("images", "this model reads no images")
    if not checks.text(body, "prompt") and not body.get("suffix"):
        return exchange.whole(asked.loaded({"response": ""}))
    ask = await _ask(exchange, asked)
    if checks.flag(body, "stream", True):
        pieces = _stream(exchange, asked, ask)
        return await exchange.stream(pieces, LINES, lambda error: line(error_body(error, "ollama")))
    whole = Whole()
    async for event in exchange.gateway.upstream.complete(ask.body):
        take(whole, event)
    exchange.gateway.watch(whole.end, ask.tokens, capped=ask.capped)
    context = await _context(exchange, asked, ask, whole.text)
    return exchange.whole({**asked.head(), "response": whole.text, **asked.ending(whole.end), **context})


async def _ask(exchange: Exchange, asked: Asked) -> Ask:
    form = asked.form()
    chosen = asked.sampling()
    tokens, capped = limit(chosen, await exchange.gateway.caps(), structured=form is not None)
    made = {**sampling(chosen), "max_tokens": tokens}
    structure(form, tokens, made)
    if "response_format" in made:  # the runtime takes a schema for a bare text under another name
        made["json_schema"] = made.pop("response_format")["json_schema"]["schema"]
    made |= await _prompt(exchange, asked)
    return Ask(body=made, model=asked.model, tokens=tokens, capped=capped)


async def _prompt(exchange: Exchange, asked: Asked) -> Json:
    body, upstream = asked.body, exchange.gateway.upstream
    prompt = checks.text(body, "prompt")
    if checks.flag(body, "raw"):
        return {"prompt": prompt}
    if suffix := checks.text(body, "suffix"):
        return await fill(upstream, prompt, suffix)
    template = checks.text(body, "template") or str(asked.made.get("template") or "")
    if template:
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


async def _context(exchange: Exchange, asked: Asked, ask: Ask, text: str) -> Json:
    """The conversation as tokens, for the next request; raw prompts have none."""
    if checks.flag(asked.body, "raw"):
        return {}
    upstream, prompt = exchange.gateway.upstream, ask.body["prompt"]
    before = prompt if isinstance(prompt, list) else await upstream.tokenize(prompt, special=True)
    return {"context": [*before, *await upstream.tokenize(text)]}


async def _stream(exchange: Exchange, asked: Asked, ask: Ask) -> Pieces:
    text = ""
    async with aclosing(exchange.gateway.upstream.complete(ask.body)) as events:
        async for event in events:
            if isinstance(event, Text):
                text += event.text
                yield line({**asked.head(), "response": event.text, "done": False})
            elif isinstance(event, End):
                exchange.gateway.watch(event, ask.tokens, capped=ask.capped)
                context = await _context(exchange, asked, ask, text)
                yield line({**asked.head(), "response": "", **asked.ending(event), **context})
