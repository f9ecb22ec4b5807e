"""Transcription: the form with the sound goes on to the runtime as it arrives, and its answer comes back as it is."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

from jitney.serve.errors import ApiError, bad, error_body
from jitney.serve.exchange import Exchange, sse
from jitney.serve.models import Model
from jitney.serve.request import Reply, Request
from jitney.serve.upstream import said

HEAD_BYTES = 16 << 10
"""Of a form: where its small fields are looked for, while several models could be meant."""

_MODEL = re.compile(rb'name="?model"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)\r\n', re.IGNORECASE)


async def transcribe(exchange: Exchange) -> Reply | None:
    """exchange.rest: transcriptions or translations."""
    request = exchange.request
    if not request.kind.startswith("multipart/form-data"):
        raise bad("file", "the sound is sent as multipart/form-data")
    name, pieces = await _named(exchange, request)
    model = exchange.choose(name, "transcription")
    model.offers.need("transcription", "model")
    if exchange.rest == "translations":
        raise ApiError(
            400, "translations: sound is written down here, not translated", "model", "not_supported"
        )
    return await _pass_on(exchange, model, pieces)


async def _named(exchange: Exchange, request: Request) -> tuple[str, AsyncGenerator[bytes, None]]:
    """The model that the form names, and the form. Where one alone can be meant, its name is not waited for; else the
    form is read until it comes."""
    pieces = request.pieces()
    able = [one for one in exchange.gateway.models.all if one.offers.has("transcription")]
    begin = b""
    async for piece in pieces:
        begin += piece
        if (found := _MODEL.search(begin)) is not None:
            return found[1].decode("utf-8", "replace"), _joined(begin, pieces)
        if len(able) < 2 and len(begin) > HEAD_BYTES:
            break
    return able[0].about.name if len(able) == 1 else "", _joined(begin, pieces)


async def _joined(begin: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    if begin:
        yield begin
    async for piece in rest:
        yield piece


async def _pass_on(exchange: Exchange, model: Model, pieces: AsyncGenerator[bytes, None]) -> Reply | None:
    request = exchange.request
    length = request.headers.get("content-length")
    headers = {"Content-Type": request.kind, "Content-Length": length or ""}
    if length is None:
        headers, pieces = {"Content-Type": request.kind, "Transfer-Encoding": "chunked"}, _chunked(pieces)
    path = f"/v1/audio/{exchange.rest}"
    with model.meter.asking():
        async with model.upstream.sending(path, headers, pieces) as heard:
            kind = heard.headers.get("content-type", "application/json")
            if "event-stream" not in kind:
                return exchange.plain(await heard.read(), kind)
            return await exchange.stream(said(heard), kind, lambda error: sse(error_body(error, "openai")))


async def _chunked(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async for piece in pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
