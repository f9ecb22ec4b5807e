"""llama.cpp's own calls, for programs written for its server: passed on with a cap. And the gateway's own: is it alive, is it
ready, its figures."""

from __future__ import annotations

from jitney.serve import checks
from jitney.serve.answer import End, Text
from jitney.serve.errors import ApiError, Json, error_body
from jitney.serve.exchange import EVENTS, Exchange, Pieces, sse
from jitney.serve.metrics import exposition
from jitney.serve.models import Model
from jitney.serve.request import Reply

PATHS = {
    "completion": "POST",
    "infill": "POST",
    "tokenize": "POST",
    "detokenize": "POST",
    "apply-template": "POST",
    "props": "GET",
}
METRICS = "text/plain; version=0.0.4; charset=utf-8"


async def health(exchange: Exchange) -> Reply | None:
    """The gateway's: it lives."""
    return exchange.whole({"status": "ok"})


async def ready(exchange: Exchange) -> Reply | None:
    """The runtimes' word: 200 when all are ready, else 503 and how each is."""
    found = {model.about.name: await _standing(model) for model in exchange.gateway.models.all}
    if all(one == "ready" for one in found.values()):
        return exchange.whole({"status": "ok", "models": found})
    return exchange.whole({"status": "not ready", "models": found}, 503)


async def _standing(model: Model) -> str:
    if model.upstream.gone:
        return f"gone: {model.upstream.gone}"
    status, _ = await model.upstream.status()
    return {200: "ready", 503: "loading"}.get(status, "no answer")


async def metrics(exchange: Exchange) -> Reply | None:
    return exchange.plain(exposition([model.meter for model in exchange.gateway.models.all]), METRICS)


async def passed(exchange: Exchange) -> Reply | None:
    path = exchange.request.path.rstrip("/")
    if exchange.request.method == "GET":
        return exchange.whole(await _native(exchange, {}, path).upstream.call(path, {}, "GET"))
    body = await exchange.body()
    model = _native(exchange, body, path)
    if path in ("/completion", "/infill"):
        wanted = checks.whole(body, "n_predict")
        capped = wanted is None or wanted < 0
        if capped:
            body["n_predict"] = exchange.gateway.settings.text_tokens
        if path == "/completion" and checks.flag(body, "stream"):
            pieces = _stream(exchange, body, capped)
            return await exchange.stream(pieces, EVENTS, lambda error: sse(error_body(error, "openai")))
        body["stream"] = False
    return exchange.whole(await model.upstream.call(path, body))


def _native(exchange: Exchange, body: Json, path: str) -> Model:
    model = exchange.choose(checks.text(body, "model"), "native")
    if not model.is_native:
        runtime = model.about.runtime
        raise ApiError(
            404, f"{path} is llama.cpp's own, and {runtime} serves here", code="unsupported_endpoint"
        )
    return model


async def _stream(exchange: Exchange, body: Json, capped: bool) -> Pieces:
    """In the words of `/completion`, from the runtime's other stream."""
    prompt = body.get("prompt")
    if not isinstance(prompt, str | list):
        raise ApiError(400, "prompt: a string or an array of tokens is expected", "prompt")
    asked = {**body, "max_tokens": body["n_predict"]}
    async for event in exchange.model.complete(asked):
        if isinstance(event, Text):
            yield sse({"index": 0, "content": event.text, "stop": False})
        elif isinstance(event, End):
            exchange.model.watch(event, exchange.gateway.settings.text_tokens, capped=capped)
            kind = "limit" if event.reason == "length" else "eos"
            counts = {"tokens_evaluated": event.usage.prompt, "tokens_predicted": event.usage.answer}
            yield sse({"index": 0, "content": "", "stop": True, "stop_type": kind, **counts})
