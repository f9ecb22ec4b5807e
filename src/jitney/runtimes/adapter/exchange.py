"""A request's body, its client, and what is not answered here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from . import checks
from .backend import Loaded, RefusedError

MOST_BODY = 32 << 20
Json = dict[str, Any]
T = TypeVar("T")


async def read_body(request: Request) -> Json:
    """A JSON object of at most MOST_BODY bytes."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > MOST_BODY:
            raise RefusedError("", f"the request is larger than {MOST_BODY >> 20} MiB", status=413)
    try:
        return checks.table(json.loads(bytes(data)), "the request")
    except (ValueError, RecursionError) as error:
        raise RefusedError("", f"the request is no JSON: {error}") from error


async def or_gone(request: Request, work: Awaitable[T]) -> T:
    """The work's result. When the client leaves before, the work is stopped."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def not_offered(loaded: Loaded, what: str) -> RefusedError:
    told = f"this model offers {', '.join(sorted(loaded.offers))}, and not {what}"
    return RefusedError("", told, status=404, code="unsupported_endpoint")


def only(body: Json, *names: str) -> None:
    for name, value in body.items():
        if name not in names and value is not None:
            raise RefusedError(name, "this runtime does not know the field")
