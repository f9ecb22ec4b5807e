"""Ollama: the models there are. Where one is served, every name that was asked for, pulled, copied or made leads to it; of
several, each has its name."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from jitney.serve import checks
from jitney.serve.errors import ApiError, Json, bad
from jitney.serve.exchange import LINES, Exchange, Pieces, line
from jitney.serve.models import Model, plain_name
from jitney.serve.ollama_in import now
from jitney.serve.request import Reply

MOST_CREATED = 256
SERVED_SINCE = 1767225600.0
VERSION = "0.33.0"
"""Of the API that is spoken; clients compare it."""


async def alive(exchange: Exchange) -> Reply | None:
    return exchange.plain(b"Ollama is running", "text/plain; charset=utf-8")


async def version(exchange: Exchange) -> Reply | None:
    return exchange.whole({"version": VERSION})


async def tags(exchange: Exchange) -> Reply | None:
    """The served ones, and the names that lead to one."""
    models = exchange.gateway.models
    names: dict[str, tuple[Model, float]] = {}
    for model in models.all:
        names.setdefault(_tagged(model.about.name), (model, SERVED_SINCE))
    for name, seen in models.asked.items():
        names.setdefault(_tagged(name), (models.of(name), seen))
    return exchange.whole({"models": [_listed(model, name, seen) for name, (model, seen) in names.items()]})


async def running(exchange: Exchange) -> Reply | None:
    found = []
    for model in exchange.gateway.models.all:
        more = {"expires_at": "2318-01-01T00:00:00Z", "size_vram": 0, "context_length": model.about.context}
        found.append({**_listed(model, model.about.name, SERVED_SINCE), **more})
    return exchange.whole({"models": found})


def _tagged(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _details(model: Model) -> Json:
    about = model.about
    millions = about.parameters / 1e6
    size = f"{millions / 1000:.1f}B" if millions >= 1000 else f"{millions:.2f}M"
    return {
        "parent_model": "",
        "format": about.format,
        "family": about.family,
        "families": [about.family],
        "parameter_size": size,
        "quantization_level": about.quantisation,
    }


def _listed(model: Model, name: str, seen: float) -> Json:
    return {
        "name": _tagged(name),
        "model": _tagged(name),
        "modified_at": datetime.fromtimestamp(seen, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "size": model.about.bytes,
        "digest": model.about.digest.removeprefix("sha256:"),
        "details": _details(model),
    }


async def show(exchange: Exchange) -> Reply | None:
    name = _name(await exchange.body())
    model = exchange.choose(name)
    about = model.about
    made = exchange.gateway.models.made.get(plain_name(name), {})
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
            "details": _details(model),
            "model_info": info,
            "capabilities": _abilities(model),
            "modified_at": now(),
        }
    )


def _abilities(model: Model) -> list[str]:
    offers = model.offers
    found = ["completion"] if offers.features & {"chat", "completions"} else []
    if offers.has("tools") or (found and offers.has("json-schema")):
        found.append("tools")
    if offers.has("vision"):
        found.append("vision")
    return found or ["embedding"]


def _name(body: Json) -> str:
    name = checks.text(body, "model") or checks.text(body, "name")
    if not name:
        raise bad("model", "it is missing")
    return name


async def pull(exchange: Exchange) -> Reply | None:
    """Nothing is fetched: the name leads to the model that is here, from now on also in the list."""
    body = await exchange.body()
    exchange.choose(_name(body))
    return await _reported(
        exchange, body, ["pulling manifest", "verifying sha256 digest", "writing manifest", "success"]
    )


async def _reported(exchange: Exchange, body: Json, steps: list[str]) -> Reply | None:
    if not checks.flag(body, "stream", True):
        return exchange.whole({"status": steps[-1]})

    async def pieces() -> Pieces:
        for step in steps:
            yield line({"status": step})

    return await exchange.stream(pieces(), LINES, lambda error: line({"error": error.message}))


async def push(exchange: Exchange) -> Reply | None:
    raise ApiError(403, "push: there is no registry to reach from here")


async def create(exchange: Exchange) -> Reply | None:
    """A model made of the one that is here: with a system text, parameters, a template, messages."""
    body = await exchange.body()
    name = _name(body)
    if body.get("files") or body.get("adapters"):
        raise bad("files", "weights cannot be handed over here; jitney run --model takes them")
    made = {key: body[key] for key in ("system", "template", "parameters", "messages") if body.get(key)}
    if body.get("modelfile"):
        made |= _modelfile(checks.text(body, "modelfile"))
    models = exchange.gateway.models
    base = checks.text(body, "from") or str(made.pop("from", ""))
    made["from"] = models.of(base).about.name
    models.made[plain_name(name)] = made
    if len(models.made) > MOST_CREATED:
        del models.made[next(iter(models.made))]
    models.list(name)
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
        else:
            made[word.lower()] = value
    return made


def _value(text: str) -> Any:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d*\.\d+", text) else text


async def copy(exchange: Exchange) -> Reply | None:
    body = await exchange.body()
    source, target = checks.text(body, "source"), checks.text(body, "destination")
    if not source or not target:
        raise bad("source" if not source else "destination", "it is missing")
    models = exchange.gateway.models
    of = models.of(source).about.name
    models.made[plain_name(target)] = {"from": of, **models.made.get(plain_name(source), {})}
    models.list(target)
    return Reply()


async def delete(exchange: Exchange) -> Reply | None:
    """The name goes from the list; the served model stays."""
    name = _name(await exchange.body())
    models = exchange.gateway.models
    models.of(name)
    models.made.pop(plain_name(name), None)
    for known in [one for one in models.asked if plain_name(one) == plain_name(name)]:
        del models.asked[known]
    return Reply()


async def blob(exchange: Exchange) -> Reply | None:
    if exchange.request.method == "POST":
        raise ApiError(403, "blobs: weights cannot be handed over here; jitney run --model takes them")
    return Reply(status=404)
