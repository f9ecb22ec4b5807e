"""The adapter's ASGI application. A host other than `main` (Ray Serve, Triton, TorchServe) can serve it as it is: the model
is loaded when the application starts (lifespan), in a thread, and /health says how far that is: 503, then 200.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from . import checks
from .answers import DONE, Form, Usage, sse
from .backend import CannotLoadError, Load, Loaded, RefusedError, Settings
from .encoders import embeddings, rerank
from .exchange import not_offered, or_gone, read_body
from .flow import End, Piece
from .requests import Ask, read_chat, read_text
from .work import Work

Json = dict[str, Any]
Encoder = Callable[[Request, Json, Loaded, Work], Awaitable[Json]]


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
        body, loaded = await read_body(request), self.loaded
        ask = await asyncio.to_thread(read_chat, body, loaded, self.settings.most_tokens)
        return await self._answer(request, ask, Form(True, checks.text(body, "model") or self.settings.alias))

    async def completions(self, request: Request) -> Response:
        body, loaded = await read_body(request), self.loaded
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
        return await self._encoded(request, embeddings)

    async def rerank(self, request: Request) -> Response:
        return await self._encoded(request, rerank)

    async def _encoded(self, request: Request, answer: Encoder) -> Response:
        body, loaded = await read_body(request), self.loaded
        name = checks.text(body, "model") or self.settings.alias
        return JSONResponse({**await answer(request, body, loaded, self.work), "model": name})

    async def transcriptions(self, request: Request) -> Response:
        if self.loaded.transcribe is None:
            raise not_offered(self.loaded, "transcription")
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


async def _after(head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A failure in the midst of a stream is its last event."""
    async with aclosing(chunks):  # type: ignore[type-var]
        yield head
        try:
            async for chunk in chunks:
                yield chunk
        except RefusedError as error:
            yield sse(error.body)


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
