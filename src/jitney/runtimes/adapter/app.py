"""The adapter's ASGI application. A host other than `main` (Ray Serve, Triton, TorchServe) can serve it as it is: the model
is loaded when the application starts (lifespan), in a thread, and /health says how far that is: 503, then 200.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from struct import pack
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from . import checks
from .answers import DONE, Form, Usage, sse
from .backend import CannotLoadError, Load, Loaded, RefusedError, Settings
from .flow import End, Piece
from .requests import Ask, inputs, read_chat, read_text, tokens_of
from .work import Work

MOST_BODY = 32 << 20
MOST_INPUTS = 2048
Json = dict[str, Any]
T = TypeVar("T")


class Desk:
    """One model and its requests. on_failure: told why the model cannot be loaded; else the process ends."""

    def __init__(self, load: Load, settings: Settings, on_failure: Callable[[str], None]) -> None:
        self.settings = settings
        self._load = load
        self._on_failure = on_failure
        self._loaded: Loaded | None = None
        self._work: Work | None = None

    def start(self) -> None:
        """Load, in a thread."""
        threading.Thread(target=self._load_now, name="loading", daemon=True).start()

    def _load_now(self) -> None:
        try:
            loaded = self._load(self.settings)
        except CannotLoadError as error:
            self._on_failure(str(error))
        except MemoryError:
            self._on_failure("not enough memory for the model")
        except Exception as error:  # noqa: BLE001  whatever a library raises, the user is told
            self._on_failure(f"{type(error).__name__}: {error}")
        else:
            self._work = Work(loaded)
            self._loaded = loaded

    @property
    def loaded(self) -> Loaded:
        if self._loaded is None:
            raise RefusedError("", "the model is being loaded", status=503, code="loading")
        return self._loaded

    @property
    def work(self) -> Work:
        assert self._work is not None, "loaded"
        return self._work

    async def health(self, request: Request) -> Response:
        _ = self.loaded
        return JSONResponse({"status": "ok"})

    async def models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [self._about()]})

    async def model(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name != self.settings.alias:
            raise RefusedError(
                "model", f"{name} is not here: {self.settings.alias}", status=404, code="model_not_found"
            )
        return JSONResponse(self._about())

    def _about(self) -> Json:
        one: Json = {
            "id": self.settings.alias,
            "object": "model",
            "created": 1767225600,
            "owned_by": "jitney",
        }
        if self._loaded is not None:
            one["max_model_len"] = self._loaded.context
            one["offers"] = sorted(self._loaded.offers)
        return one

    async def chat(self, request: Request) -> Response:
        body, loaded = await _body(request), self.loaded
        ask = await asyncio.to_thread(read_chat, body, loaded, self.settings.most_tokens)
        return await self._answer(request, ask, Form(True, checks.text(body, "model") or self.settings.alias))

    async def completions(self, request: Request) -> Response:
        body, loaded = await _body(request), self.loaded
        ask = await asyncio.to_thread(read_text, body, loaded, self.settings.most_tokens)
        return await self._answer(
            request, ask, Form(False, checks.text(body, "model") or self.settings.alias)
        )

    async def _answer(self, request: Request, ask: Ask, form: Form) -> Response:
        if not ask.streams:
            return JSONResponse(await or_gone(request, self._whole(ask, form)))
        chunks = self._chunks(ask, form)
        head = await or_gone(request, anext(chunks))  # what is wrong shows before the status is sent
        return StreamingResponse(_after(head, chunks), media_type="text/event-stream")

    async def _whole(self, ask: Ask, form: Form) -> Json:
        usage, tells = Usage(sum(map(len, ask.prompts))), ask.wish.logprobs is not None
        choices = []
        for index, prompt in enumerate(one for one in ask.prompts for _ in range(ask.count)):
            whole, end = Piece(""), End("stop", 0, 0)
            async with aclosing(
                self.work.stream(prompt, ask.numbered(index % ask.count), ask.stop)
            ) as events:  # type: ignore[type-var]
                async for event in events:
                    if isinstance(event, End):
                        end = event
                    else:
                        whole = Piece(whole.text + event.text, whole.logprobs + event.logprobs)
            usage.add(end)
            echo = ask.echo[index // ask.count] if ask.echo else ""
            choices.append(form.whole(index, whole, end, tells=tells, echo=echo))
        return {**form.head(), "choices": choices, "usage": usage.told, "timings": usage.timings}

    async def _chunks(self, ask: Ask, form: Form) -> AsyncIterator[bytes]:
        head = form.head(chunk=True)
        more = {"usage": None} if ask.with_usage else {}
        usage, tells = Usage(sum(map(len, ask.prompts))), ask.wish.logprobs is not None
        for index, prompt in enumerate(one for one in ask.prompts for _ in range(ask.count)):
            opening = form.opening(index, ask.echo[index // ask.count] if ask.echo else "")
            async with aclosing(
                self.work.stream(prompt, ask.numbered(index % ask.count), ask.stop)
            ) as events:  # type: ignore[type-var]
                async for event in events:
                    if opening:
                        yield sse({**head, "choices": [opening], **more})
                        opening = None
                    if isinstance(event, End):
                        usage.add(event)
                        yield sse({**head, "choices": [form.closing(index, event)], **more})
                    else:
                        yield sse({**head, "choices": [form.chunk(index, event, tells=tells)], **more})
        if ask.with_usage:
            yield sse({**head, "choices": [], "usage": usage.told, "timings": usage.timings})
        yield DONE

    async def embeddings(self, request: Request) -> Response:
        body, loaded = await _body(request), self.loaded
        if loaded.embed is None:
            raise _not_offered(loaded, "embeddings")
        _only(body, "model", "input", "encoding_format", "dimensions", "user")
        form = checks.text(body, "encoding_format", "float")
        if form not in ("float", "base64"):
            raise RefusedError("encoding_format", f"float or base64 is expected, not {form!r}")
        given = inputs(body.get("input"), "input")
        if len(given) > MOST_INPUTS:
            raise RefusedError("input", f"at most {MOST_INPUTS}, not {len(given)}")
        lists = [tokens_of(one, loaded, "input") for one in given]
        longest = max(map(len, lists))
        if longest > loaded.context:
            told = f"{longest} tokens are more than the {loaded.context} that the model reads"
            raise RefusedError("input", told, code="context_length_exceeded")
        if not all(lists):
            raise RefusedError("input", "it is empty")
        vectors = await or_gone(request, self.work.call(loaded.embed, lists))
        size = checks.whole(body, "dimensions", 1, len(vectors[0]))
        vectors = [_shorter(vector, size) for vector in vectors]
        data = [
            {"object": "embedding", "index": index, "embedding": _encoded(vector, form)}
            for index, vector in enumerate(vectors)
        ]
        count = sum(map(len, lists))
        usage = {"prompt_tokens": count, "total_tokens": count}
        name = checks.text(body, "model") or self.settings.alias
        return JSONResponse({"object": "list", "data": data, "model": name, "usage": usage})

    async def rerank(self, request: Request) -> Response:
        """Jina's and Cohere's form."""
        body, loaded = await _body(request), self.loaded
        if loaded.rerank is None:
            raise _not_offered(loaded, "reranking")
        _only(body, "model", "query", "documents", "top_n", "return_documents")
        query = checks.text(body, "query")
        if not query:
            raise RefusedError("query", "it is missing")
        documents = [
            _document(one, at) for at, one in enumerate(checks.listing(body.get("documents"), "documents"))
        ]
        if not documents:
            raise RefusedError("documents", "there is none")
        scores, count = await or_gone(request, self.work.call(loaded.rerank, query, documents))
        order = sorted(range(len(scores)), key=lambda at: -scores[at])[: checks.whole(body, "top_n", 1)]
        with_text = checks.flag(body, "return_documents")
        results = [
            {
                "index": at,
                "relevance_score": scores[at],
                **({"document": {"text": documents[at]}} if with_text else {}),
            }
            for at in order
        ]
        name = checks.text(body, "model") or self.settings.alias
        usage = {"prompt_tokens": count, "total_tokens": count}
        return JSONResponse({"object": "list", "model": name, "results": results, "usage": usage})

    async def transcriptions(self, request: Request) -> Response:
        if self.loaded.transcribe is None:
            raise _not_offered(self.loaded, "transcription")
        from .audio import transcriptions

        return await transcriptions(request, self.loaded, self.work)


def make_app(load: Load, settings: Settings, on_failure: Callable[[str], None] | None = None) -> Starlette:
    """The application for one model. on_failure: told why it cannot be loaded; without one the process ends then."""
    desk = Desk(load, settings, on_failure or end_process)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        desk.start()
        yield

    routes = [
        Route("/health", desk.health),
        Route("/v1/models", desk.models),
        Route("/v1/models/{name:path}", desk.model),
        Route("/v1/chat/completions", desk.chat, methods=["POST"]),
        Route("/v1/completions", desk.completions, methods=["POST"]),
        Route("/v1/embeddings", desk.embeddings, methods=["POST"]),
        Route("/v1/rerank", desk.rerank, methods=["POST"]),
        Route("/v1/audio/transcriptions", desk.transcriptions, methods=["POST"]),
    ]
    handlers: Any = {RefusedError: _refused, ClientDisconnect: _nobody, 404: _no_path, 405: _no_path}
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)


def end_process(why: str) -> None:
    """With a last line that says why."""
    print(f"cannot load the model: {' '.join(why.split())}", file=sys.stderr, flush=True)
    os._exit(1)


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


async def _after(head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A failure in the midst of a stream is its last event."""
    async with aclosing(chunks):  # type: ignore[type-var]
        yield head
        try:
            async for chunk in chunks:
                yield chunk
        except RefusedError as error:
            yield sse(error.body)


async def _body(request: Request) -> Json:
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


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError), "registered for it alone"
    headers = {"Retry-After": "1"} if error.status == 503 else None
    return JSONResponse(error.body, error.status, headers)


async def _nobody(request: Request, error: Exception) -> Response:
    return Response(status_code=499)


async def _no_path(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    told = RefusedError("", f"{request.method} {request.url.path} is not answered here", status=status)
    return JSONResponse(told.body, status)


def _not_offered(loaded: Loaded, what: str) -> RefusedError:
    told = f"this model offers {', '.join(sorted(loaded.offers))}, and not {what}"
    return RefusedError("", told, status=404, code="unsupported_endpoint")


def _only(body: Json, *names: str) -> None:
    for name, value in body.items():
        if name not in names and value is not None:
            raise RefusedError(name, "this runtime does not know the field")


def _document(one: Any, at: int) -> str:
    if isinstance(one, dict):
        one = one.get("text")
    if not isinstance(one, str):
        raise RefusedError(f"documents[{at}]", "a string is expected")
    return one


def _shorter(vector: list[float], size: int | None) -> list[float]:
    """Cut, and of unit length again."""
    if size is None or size == len(vector):
        return vector
    cut = vector[:size]
    length = sum(value * value for value in cut) ** 0.5 or 1.0
    return [value / length for value in cut]


def _encoded(vector: list[float], form: str) -> list[float] | str:
    return b64encode(pack(f"<{len(vector)}f", *vector)).decode() if form == "base64" else vector
