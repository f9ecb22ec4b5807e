"""Which path is answered by whom. Vendors put the same paths below different ones (`/v1`, `/openai/v1`, `/api/v1`,
`/v1beta/openai`, nothing at all), so what counts is how a path ends."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import NamedTuple

from jitney.serve import (
    anthropic,
    audio,
    native,
    ollama,
    ollama_models,
    openai_chat,
    openai_text,
    rerank,
    responses,
)
from jitney.serve.channel import Channel
from jitney.serve.door import Door
from jitney.serve.errors import ApiError, Dialect
from jitney.serve.exchange import Exchange, Gateway
from jitney.serve.request import Reply, Request
from jitney.serve.server import Limits, Server

Handler = Callable[[Exchange], Awaitable[Reply | None]]


class Route(NamedTuple):
    """pattern: matched against the whole path; its group, if any, is the exchange's rest. operation: what is measured, in
    the words of OpenTelemetry. is_passed_on: the body goes on as it arrives."""

    methods: str
    pattern: str
    handler: Handler
    dialect: Dialect = "openai"
    operation: str = ""
    is_passed_on: bool = False


def _azure(path: str, handler: Callable[[Exchange, str], Awaitable[Reply | None]], operation: str) -> Route:
    async def named(exchange: Exchange) -> Reply | None:
        return await handler(exchange, exchange.rest)

    return Route("POST", rf".*/deployments/([^/]+)/{path}", named, operation=operation)


ROUTES = (
    Route("POST", r".*/chat/completions", openai_chat.chat, operation="chat"),
    Route("GET HEAD", r"/", ollama_models.alive, "ollama"),
    Route("GET HEAD", r"/health", native.health),
    Route("GET HEAD", r"/ready", native.ready),
    Route("GET", r"/metrics", native.metrics),
    *(
        Route("GET HEAD POST DELETE", rf"/api/({name})", handler, "ollama", ollama.OPERATIONS.get(name, ""))
        for name, handler in ollama.ROUTES.items()
    ),
    Route("GET HEAD POST", r"/api/blobs/(.+)", ollama_models.blob, "ollama"),
    Route("POST", r".*/completions", openai_text.completions, operation="text_completion"),
    Route("POST", r".*/embeddings", openai_text.embeddings, operation="embeddings"),
    Route("POST", r".*/responses", responses.create, operation="chat"),
    Route("GET DELETE", r".*/responses/([^/]+)", responses.kept),
    Route("POST", r".*/messages/count_tokens", anthropic.count, "anthropic"),
    Route("POST", r".*/messages", anthropic.create, "anthropic", "chat"),
    Route(
        "POST",
        r"(?:.*)/audio/(transcriptions|translations)",
        audio.transcribe,
        "openai",
        "transcription",
        True,
    ),
    Route("POST", r".*/rerank", rerank.rerank, operation="rerank"),
    Route("GET", r".*/models", openai_text.models),
    Route("GET", r".*/models/(.+)", openai_text.model),
    Route("POST", r".*/traces/ingest", openai_text.traces),
    *(Route(method, rf"/{name}", native.passed) for name, method in native.PATHS.items()),
)
AZURE = (
    _azure("chat/completions", openai_chat.chat, "chat"),
    _azure("completions", openai_text.completions, "text_completion"),
    _azure("embeddings", openai_text.embeddings, "embeddings"),
)
"""Looked at first where a path has `/deployments/`."""

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
    "threads",
    "uploads",
    "vector_stores",
    "videos",
)
"""Families of calls that a model for text cannot answer: refused by their names, at once."""


def make_server(gateway: Gateway, door: Door) -> Server:
    settings = gateway.settings
    limits = Limits(settings.body_bytes, settings.body_s, settings.stall_s)
    server = Server(lambda channel: _answer(gateway, door, server, channel), limits)
    return server


async def _answer(gateway: Gateway, door: Door, server: Server, channel: Channel) -> Reply | None:
    request, begun = channel.request, time.monotonic()
    path = request.path
    if "//" in path or path.endswith("/"):
        path = re.sub(r"/{2,}", "/", path).rstrip("/") or "/"
    exchange = Exchange(gateway, channel, _spoken(path, request))
    route: Route | None = None
    try:
        if (allowed := door.preflight(request)) is not None:
            return Reply(status=204, headers={**door.headers(request), **allowed})
        exchange.headers = door.headers(request)
        door.check(request, path)
        if server.is_closing:
            raise ApiError(503, "this server is being stopped", code="shutting_down")
        route, exchange.rest = _find(path, request.method)
        exchange.dialect = _of(route, exchange.dialect)
        if not route.is_passed_on:
            await request.read()
        return await route.handler(exchange)
    except ApiError as error:
        if channel.has_begun:
            raise  # half an answer is out: the connection breaks, which no client takes for an end
        return exchange.failed(error)
    finally:
        if route is not None and route.operation and hasattr(exchange, "model"):
            exchange.model.meter.ended(route.operation, exchange.status, time.monotonic() - begun)


def _of(route: Route, spoken: Dialect) -> Dialect:
    return spoken if route.handler in (openai_text.models, openai_text.model) else route.dialect


def _spoken(path: str, request: Request) -> Dialect:
    """The API in whose words an error is told."""
    if path == "/" or re.match(r"/api/(?!v\d)", path):
        return "ollama"
    is_anthropic = "anthropic-version" in request.headers or "/messages" in path
    return "anthropic" if is_anthropic else "openai"


@cache
def _matcher(pattern: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(pattern).fullmatch


def _find(path: str, method: str) -> tuple[Route, str]:
    """The first route whose pattern is the whole path. 404, 405: there is none, or not for this method."""
    if verb := re.search(r":(\w+)$", path) if method == "POST" else None:
        message = (
            f"{path}: {verb[1]} is of Gemini's own API; its OpenAI paths are answered (…/chat/completions)"
        )
        raise ApiError(404, message, code="unsupported_endpoint")
    allowed = ""
    for route in (*AZURE, *ROUTES) if "/deployments/" in path else ROUTES:
        match = _matcher(route.pattern)(path)
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
