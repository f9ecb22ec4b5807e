"""One HTTP exchange: what a handler is given, and how it answers: whole, in server-sent events, in lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec

from jitney.serve.answer import Events, Whole, take
from jitney.serve.channel import Channel
from jitney.serve.errors import ApiError, Dialect, Json, error_body
from jitney.serve.models import Model, Models
from jitney.serve.request import Reply
from jitney.serve.settings import Settings

Pieces = AsyncGenerator[bytes, None]
EVENTS = "text/event-stream"
LINES = "application/x-ndjson"
RETRY_S = "2"
"""Told with a 503: how soon it is worth asking again. The vendors' clients heed it."""


class Gateway:
    """What all requests share. responses: kept conversations of the responses API."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.models = Models(settings, say, self.say_once)
        self.responses: dict[str, Json] = {}
        self._say = say
        self._said: set[str] = set()

    @property
    def is_strict(self) -> bool:
        return self.settings.strict

    def say_once(self, text: str) -> None:
        """A line for the user."""
        if text not in self._said and len(self._said) < 256:
            self._said.add(text)
            self._say(f"say: {text}")


class Exchange:
    """A request on its way. rest: what followed the route's own path (a model's name, an id); model: the one that is meant,
    once `choose` was called; headers: sent with whatever is answered; status: what was answered."""

    model: Model

    def __init__(self, gateway: Gateway, channel: Channel, dialect: Dialect, rest: str = "") -> None:
        self.gateway = gateway
        self.channel = channel
        self.request = channel.request
        self.dialect = dialect
        self.rest = rest
        self.headers: dict[str, str] = {}
        self.status = 200

    def choose(self, name: str, feature: str = "") -> Model:
        """The model that `name` means; without one, the one that offers the feature. ApiError: none, or several."""
        self.model = self.gateway.models.of(name, feature)
        return self.model

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

    def whole(self, body: object, status: int = 200) -> Reply:
        return self.plain(msgspec.json.encode(body), "application/json", status)

    def plain(self, body: bytes, kind: str, status: int = 200) -> Reply:
        self.status = status
        return Reply(status=status, body=body, kind=kind, headers=self.headers)

    def failed(self, error: ApiError) -> Reply:
        if error.status == 503:
            self.headers["Retry-After"] = RETRY_S
        if error.status == 401:
            self.headers["WWW-Authenticate"] = "Bearer"
        return self.whole(error_body(error, self.dialect), error.status)

    async def stream(self, pieces: Pieces, kind: str, broken: Callable[[ApiError], bytes]) -> Reply | None:
        """Send pieces as they come. An error before the first is a status; a later one is `broken`'s piece, the last."""
        channel = self.channel
        try:
            first = await anext(pieces, b"")
            said = f"{kind}; charset=utf-8" if kind == EVENTS else kind
            channel.begin(200, said, {"Cache-Control": "no-cache", **self.headers})
            try:
                await channel.write(first)
                async for piece in pieces:
                    await channel.write(piece)
            except ApiError as error:
                self.status = error.status
                await channel.write(broken(error))
            except asyncio.CancelledError:
                channel.last(broken(ApiError(503, "this server was stopped", code="shutting_down")))
                raise
            channel.end()
            return None
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
