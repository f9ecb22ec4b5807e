"""One HTTP exchange: what a handler is given, and how it answers: whole, in server-sent events, in lines."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec
from aiohttp import web

from jitney.serve.answer import End, Event, Events, Whole, take
from jitney.serve.chat import Ask, Caps
from jitney.serve.errors import ApiError, Dialect, Json, error_body
from jitney.serve.settings import Settings
from jitney.serve.tools import read_calls
from jitney.serve.upstream import Upstream

Pieces = AsyncGenerator[bytes, None]
EVENTS = "text/event-stream"
LINES = "application/x-ndjson"


class Gateway:
    """What all requests share. names: models that were asked for, in order; created: what programs made of them;
    responses: kept conversations of the responses API."""

    def __init__(self, settings: Settings, upstream: Upstream, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.upstream = upstream
        self.names: dict[str, float] = {}
        self.created: dict[str, Json] = {}
        self.responses: dict[str, Json] = {}
        self._say = say
        self._said: set[str] = set()

    def say_once(self, text: str) -> None:
        """A line for the user."""
        if text not in self._said:
            self._said.add(text)
            self._say(f"say: {text}")

    async def caps(self) -> Caps:
        settings = self.settings
        if settings.about.vectors:
            raise ApiError(
                400, f"{settings.about.name} gives embeddings and no text", "model", "not_supported"
            )
        template = await self.upstream.caps()
        return Caps(
            settings.text_tokens,
            settings.structured_tokens,
            settings.about.context,
            bool(template.get("supports_tools")),
        )

    def note(self, model: str) -> str:
        """Remember a model that was asked for, for the listings."""
        if model and len(self.names) < 256:
            self.names.setdefault(model, time.time())
        return model

    async def answer(self, ask: Ask) -> Events:
        """The events of a chat; says so when our own cap cut it."""
        self.note(ask.model)
        async for event in read_calls(ask.tools, self.upstream.chat(ask.body)):
            self.watch(event, ask.tokens, capped=ask.capped)
            yield event

    def watch(self, event: Event, tokens: int, *, capped: bool) -> None:
        """Our own cap is said where it cut an answer."""
        if not (capped and isinstance(event, End) and event.reason == "length"):
            return
        if event.usage.answer < tokens:
            self.say_once(
                f"an answer of the model was cut: its context of {self.settings.about.context} tokens is full"
            )
        else:
            limit = "the program sets no limit of its own (max_tokens)"
            self.say_once(f"an answer of the model was cut at {tokens} tokens: {limit}")


class Exchange:
    """A request on its way. rest: what followed the route's own path (a model's name, an id)."""

    def __init__(self, gateway: Gateway, request: web.Request, dialect: Dialect, rest: str = "") -> None:
        self.gateway = gateway
        self.request = request
        self.dialect = dialect
        self.rest = rest

    async def body(self) -> Json:
        """The JSON object that was sent. 400: it is none."""
        data = await self.request.read()
        try:
            found: Any = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            found = _with_halves(data)
            if found is None:
                raise ApiError(400, f"the request is no JSON: {error}") from error
        if not isinstance(found, dict):
            raise ApiError(400, "the request is no JSON object")
        return found

    def whole(self, body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
        return web.Response(
            body=msgspec.json.encode(body), status=status, content_type="application/json", headers=headers
        )

    def failed(self, error: ApiError) -> web.Response:
        return self.whole(error_body(error, self.dialect), error.status)

    async def stream(
        self, pieces: Pieces, kind: str, broken: Callable[[ApiError], bytes]
    ) -> web.StreamResponse:
        """Send pieces as they come. An error before the first is a status; a later one is `broken`'s piece, the last."""
        try:
            first = await anext(pieces, b"")
            response = web.StreamResponse(headers={"Cache-Control": "no-cache"})
            response.content_type = kind
            response.charset = "utf-8" if kind == EVENTS else None
            await response.prepare(self.request)
            try:
                await response.write(first)
                async for piece in pieces:
                    await response.write(piece)
            except ApiError as error:
                await response.write(broken(error))
            await response.write_eof()
            return response
        finally:
            await pieces.aclose()


def _with_halves(data: bytes) -> Any:
    """JSON with halves of characters (programs cut texts in the midst of an emoji), each replaced; None: it is none at all."""
    import json  # only for what msgspec, rightly, does not take

    try:
        text = json.dumps(json.loads(data), ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return json.loads(text.encode("utf-8", "replace"))


def sse(data: object, event: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {event}\n".encode() if event else b""
    return head + b"data: " + msgspec.json.encode(data) + b"\n\n"


def line(data: object) -> bytes:
    return msgspec.json.encode(data) + b"\n"


async def gathered(events: Events) -> Whole:
    whole = Whole()
    async for event in events:
        take(whole, event)
    return whole
