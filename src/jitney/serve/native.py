"""llama.cpp's own calls, for programs written for its server: passed on with a cap, and the gateway's health."""

from __future__ import annotations

from aiohttp import web

from jitney.serve import checks
from jitney.serve.answer import End, Text
from jitney.serve.errors import ApiError, error_body
from jitney.serve.exchange import EVENTS, Exchange, Pieces, sse

PATHS = {
    "completion": "POST",
    "infill": "POST",
    "tokenize": "POST",
    "detokenize": "POST",
    "apply-template": "POST",
    "props": "GET",
}


async def health(exchange: Exchange) -> web.StreamResponse:
    """The runtime's own word: 200 ready, 503 loading, 502 when it does not answer."""
    status, body = await exchange.gateway.upstream.status()
    return web.Response(status=status, body=body, content_type="application/json")


async def passed(exchange: Exchange) -> web.StreamResponse:
    gateway = exchange.gateway
    path = exchange.request.path.rstrip("/")
    if exchange.request.method == "GET":
        return exchange.whole(await gateway.upstream.call(path, {}, "GET"))
    body = await exchange.body()
    if path in ("/completion", "/infill"):
        wanted = checks.whole(body, "n_predict")
        capped = wanted is None or wanted < 0
        if capped:
            body["n_predict"] = gateway.settings.text_tokens
        if path == "/completion" and checks.flag(body, "stream"):
            pieces = _stream(exchange, body, capped)
            return await exchange.stream(pieces, EVENTS, lambda error: sse(error_body(error, "openai")))
        body["stream"] = False
    return exchange.whole(await gateway.upstream.call(path, body))


async def _stream(exchange: Exchange, body: dict[str, object], capped: bool) -> Pieces:
    """In the words of `/completion`, from the runtime's other stream."""
    gateway = exchange.gateway
    prompt = body.get("prompt")
    if not isinstance(prompt, str | list):
        raise ApiError(400, "prompt: a string or an array of tokens is expected", "prompt")
    asked = {**body, "max_tokens": body["n_predict"]}
    async for event in gateway.upstream.complete(asked):
        if isinstance(event, Text):
            yield sse({"index": 0, "content": event.text, "stop": False})
        elif isinstance(event, End):
            gateway.watch(event, gateway.settings.text_tokens, capped=capped)
            kind = "limit" if event.reason == "length" else "eos"
            counts = {"tokens_evaluated": event.usage.prompt, "tokens_predicted": event.usage.answer}
            yield sse({"index": 0, "content": "", "stop": True, "stop_type": kind, **counts})
