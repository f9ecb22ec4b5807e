"""Ollama: the models there are. One is served; every name that was asked for, pulled, copied or made leads to it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from jitney.serve import checks
from jitney.serve.errors import ApiError, Json, bad
from jitney.serve.exchange import LINES, Exchange, Pieces, line
from jitney.serve.ollama_in import now, plain_name

MOST_CREATED = 256
VERSION = "0.33.0"
"""Of the API that is spoken; clients compare it."""


async def alive(exchange: Exchange) -> web.StreamResponse:
    return web.Response(text="Ollama is running")


async def version(exchange: Exchange) -> web.StreamResponse:
    return exchange.whole({"version": VERSION})


async def tags(exchange: Exchange) -> web.StreamResponse:
    return exchange.whole({"models": [_listed(exchange, name) for name in _names(exchange)]})


async def running(exchange: Exchange) -> web.StreamResponse:
    about = exchange.gateway.settings.about
    more = {"expires_at": "2318-01-01T00:00:00Z", "size_vram": 0, "context_length": about.context}
    return exchange.whole({"models": [{**_listed(exchange, about.name), **more}]})


def _names(exchange: Exchange) -> list[str]:
    gateway = exchange.gateway
    return list(dict.fromkeys(_tagged(name) for name in (gateway.settings.about.name, *gateway.names)))


def _tagged(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _details(exchange: Exchange) -> Json:
    about = exchange.gateway.settings.about
    millions = about.parameters / 1e6
    size = f"{millions / 1000:.1f}B" if millions >= 1000 else f"{millions:.2f}M"
    return {
        "parent_model": "",
        "format": "gguf",
        "family": about.family,
        "families": [about.family],
        "parameter_size": size,
        "quantization_level": about.quantisation,
    }


def _listed(exchange: Exchange, name: str) -> Json:
    about = exchange.gateway.settings.about
    seen = datetime.fromtimestamp(exchange.gateway.names.get(name, 1767225600.0), UTC)
    return {
        "name": _tagged(name),
        "model": _tagged(name),
        "modified_at": seen.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "size": about.bytes,
        "digest": about.digest.removeprefix("sha256:"),
        "details": _details(exchange),
    }


async def show(exchange: Exchange) -> web.StreamResponse:
    body = await exchange.body()
    gateway = exchange.gateway
    about = gateway.settings.about
    name = gateway.note(_name(body))
    made = gateway.created.get(plain_name(name), {})
    abilities = ["embedding"] if about.vectors else ["completion", "tools"]
    parameters = "\n".join(f"{key} {value}" for key, value in (made.get("parameters") or {}).items())
    system = made.get("system") or ""
    info = {
        "general.architecture": about.family,
        "general.parameter_count": about.parameters,
        f"{about.family}.context_length": about.context,
        f"{about.family}.embedding_length": about.embedding,
    }
    return exchange.whole(
        {
            "modelfile": f"FROM {about.name}\n" + (f'SYSTEM """{system}"""\n' if system else ""),
            "parameters": parameters,
            "template": made.get("template") or "{{ .Prompt }}",
            "system": system,
            "details": _details(exchange),
            "model_info": info,
            "capabilities": abilities,
            "modified_at": now(),
        }
    )


def _name(body: Json) -> str:
    name = checks.text(body, "model") or checks.text(body, "name")
    if not name:
        raise bad("model", "it is missing")
    return name


async def pull(exchange: Exchange) -> web.StreamResponse:
    """Nothing is fetched: the name leads to the model that is here, from now on also in the list."""
    body = await exchange.body()
    exchange.gateway.note(_name(body))
    return await _reported(
        exchange, body, ["pulling manifest", "verifying sha256 digest", "writing manifest", "success"]
    )


async def _reported(exchange: Exchange, body: Json, steps: list[str]) -> web.StreamResponse:
    if not checks.flag(body, "stream", True):
        return exchange.whole({"status": steps[-1]})

    async def pieces() -> Pieces:
        for step in steps:
            yield line({"status": step})

    return await exchange.stream(pieces(), LINES, lambda error: line({"error": error.message}))


async def push(exchange: Exchange) -> web.StreamResponse:
    raise ApiError(403, "push: there is no registry to reach from here")


async def create(exchange: Exchange) -> web.StreamResponse:
    """A model made of the one that is here: with a system text, parameters, a template, messages."""
    body = await exchange.body()
    name = _name(body)
    if body.get("files") or body.get("adapters"):
        raise bad("files", "weights cannot be handed over here; jitney run --model takes them")
    made = {key: body[key] for key in ("system", "template", "parameters", "messages") if body.get(key)}
    if body.get("modelfile"):
        made |= _modelfile(checks.text(body, "modelfile"))
    created = exchange.gateway.created
    created[plain_name(name)] = made
    if len(created) > MOST_CREATED:
        del created[next(iter(created))]
    exchange.gateway.note(name)
    return await _reported(exchange, body, ["using existing layer", "writing manifest", "success"])


def _modelfile(text: str) -> Json:
    """FROM, SYSTEM, TEMPLATE, PARAMETER of a Modelfile."""
    made: Json = {}
    pattern = r'(?ims)^(FROM|SYSTEM|TEMPLATE|PARAMETER)\s+(?:"""(.*?)"""|([^\n]*))'
    for word, block, rest in re.findall(pattern, text):
        value = (block or rest).strip().strip('"')
        if word.upper() == "PARAMETER":
            key, _, said = value.partition(" ")
            made.setdefault("parameters", {})[key] = _value(said.strip().strip('"'))
        elif word.upper() != "FROM":
            made[word.lower()] = value
    return made


def _value(text: str) -> Any:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d*\.\d+", text) else text


async def copy(exchange: Exchange) -> web.StreamResponse:
    body = await exchange.body()
    source, target = checks.text(body, "source"), checks.text(body, "destination")
    if not source or not target:
        raise bad("source" if not source else "destination", "it is missing")
    made = exchange.gateway.created.get(plain_name(source))
    if made is not None:
        exchange.gateway.created[plain_name(target)] = made
    exchange.gateway.note(target)
    return web.Response()


async def delete(exchange: Exchange) -> web.StreamResponse:
    """The name goes from the list; the served model stays."""
    name = _name(await exchange.body())
    exchange.gateway.created.pop(plain_name(name), None)
    for known in [one for one in exchange.gateway.names if plain_name(one) == plain_name(name)]:
        del exchange.gateway.names[known]
    return web.Response()


async def blob(exchange: Exchange) -> web.StreamResponse:
    if exchange.request.method == "POST":
        raise ApiError(403, "blobs: weights cannot be handed over here; jitney run --model takes them")
    return web.Response(status=404)
