"""Which path is answered by whom. Vendors put the same paths below different ones (`/v1`, `/openai/v1`, `/api/v1`,
`/v1beta/openai`, nothing at all), so what counts is how a path ends."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from aiohttp import web

from jitney.serve import anthropic, native, ollama, ollama_models, openai_chat, openai_text, responses
from jitney.serve.errors import ApiError, Dialect
from jitney.serve.exchange import Exchange, Gateway

Handler = Callable[[Exchange], Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    """pattern: matched against the whole path; its group, if any, is the exchange's rest."""

    methods: str
    pattern: str
    handler: Handler
    dialect: Dialect = "openai"


def _azure(path: str, handler: Callable[[Exchange, str], Awaitable[web.StreamResponse]]) -> Route:
    async def named(exchange: Exchange) -> web.StreamResponse:
        return await handler(exchange, exchange.rest)

    return Route("POST", rf".*/deployments/([^/]+)/{path}", named)


ROUTES = (
    Route("GET HEAD", r"/", ollama_models.alive, "ollama"),
    Route("GET", r"/health", native.health),
    *(
        Route("GET HEAD POST DELETE", rf"/api/({name})", handler, "ollama")
        for name, handler in ollama.ROUTES.items()
    ),
    Route("GET HEAD POST", r"/api/blobs/(.+)", ollama_models.blob, "ollama"),
    _azure("chat/completions", openai_chat.chat),
    _azure("completions", openai_text.completions),
    _azure("embeddings", openai_text.embeddings),
    Route("POST", r".*/chat/completions", openai_chat.chat),
    Route("POST", r".*/completions", openai_text.completions),
    Route("POST", r".*/embeddings", openai_text.embeddings),
    Route("POST", r".*/responses", responses.create),
    Route("GET DELETE", r".*/responses/([^/]+)", responses.kept),
    Route("POST", r".*/messages/count_tokens", anthropic.count, "anthropic"),
    Route("POST", r".*/messages", anthropic.create, "anthropic"),
    Route("GET", r".*/models", openai_text.models),
    Route("GET", r".*/models/(.+)", openai_text.model),
    Route("POST", r".*/traces/ingest", openai_text.traces),
    *(Route(method, rf"/{name}", native.passed) for name, method in native.PATHS.items()),
)

REFUSED = (
    "assistants",
    "audio",
    "batches",
    "containers",
    "conversations",
    "evals",
    "files",
    "fine_tuning",
    "images",
    "moderations",
    "organization",
    "realtime",
    "rerank",
    "threads",
    "uploads",
    "vector_stores",
    "videos",
)
"""Families of calls that a model for text cannot answer: refused by their names, at once."""


def make_app(gateway: Gateway) -> web.Application:
    app = web.Application(client_max_size=gateway.settings.body_bytes)
    app.router.add_route("*", "/{path:.*}", partial(_answer, gateway))
    return app


async def _answer(gateway: Gateway, request: web.Request) -> web.StreamResponse:
    path = re.sub(r"/{2,}", "/", request.path).rstrip("/") or "/"
    dialect = _spoken(path, request)
    try:
        route, rest = _find(path, request.method)
        exchange = Exchange(gateway, request, _of(route, dialect), rest)
        await _arrived(exchange)
        return await route.handler(exchange)
    except ApiError as error:
        return Exchange(gateway, request, dialect).failed(error)
    except web.HTTPRequestEntityTooLarge:
        too_large = ApiError(413, f"the request is larger than {gateway.settings.body_bytes >> 20} MiB")
        return Exchange(gateway, request, dialect).failed(too_large)


async def _arrived(exchange: Exchange) -> None:
    """The whole request, within its time."""
    limit = exchange.gateway.settings.body_s
    try:
        await asyncio.wait_for(exchange.request.read(), limit)
    except TimeoutError as error:
        raise ApiError(408, f"the request did not arrive whole within {limit:.0f} s") from error


def _of(route: Route, spoken: Dialect) -> Dialect:
    return spoken if route.handler in (openai_text.models, openai_text.model) else route.dialect


def _spoken(path: str, request: web.Request) -> Dialect:
    """The API in whose words an error is told."""
    if path == "/" or re.match(r"/api/(?!v\d)", path):
        return "ollama"
    is_anthropic = "anthropic-version" in request.headers or "/messages" in path
    return "anthropic" if is_anthropic else "openai"


def _find(path: str, method: str) -> tuple[Route, str]:
    """The first route whose pattern is the whole path. 404, 405: there is none, or not for this method."""
    if verb := re.search(r":(\w+)$", path) if method == "POST" else None:
        message = (
            f"{path}: {verb[1]} is of Gemini's own API; its OpenAI paths are answered (…/chat/completions)"
        )
        raise ApiError(404, message, code="unsupported_endpoint")
    allowed = ""
    for route in ROUTES:
        match = re.fullmatch(route.pattern, path)
        if match is None:
            continue
        if method in route.methods.split():
            return route, match[1] if match.groups() else ""
        allowed = route.methods
    if allowed:
        raise ApiError(405, f"{method} {path}: only {allowed} is answered", code="method_not_allowed")
    family = next((part for part in path.split("/") if part in REFUSED), "")
    if family:
        message = f"{path}: {family} is not answered here, only text and embeddings (docs/api.md)"
        raise ApiError(404, message, code="unsupported_endpoint")
    raise ApiError(
        404,
        f"{path} is no path of the OpenAI, Anthropic or Ollama API that is answered here",
        code="not_found",
    )
