"""A stand-in for llama.cpp's server, on a Unix socket, and the gateway in front of it: real HTTP on both sides."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from jitney.serve.app import make_server
from jitney.serve.door import Door
from jitney.serve.errors import Json
from jitney.serve.exchange import Gateway
from jitney.serve.models import Models
from jitney.serve.server import Server
from jitney.serve.settings import About, Served, Settings

TEXT = (
    *(
        "chat",
        "completions",
        "tools",
        "json-schema",
        "grammar",
        "logprobs",
        "seed",
        "penalties",
        "logit-bias",
    ),
    *("native", "embeddings", "batching"),
)
ABOUT = About(
    name="tiny",
    family="llama",
    parameters=135_000_000,
    bytes=98_000_000,
    digest="sha256:ab",
    embedding=3,
    features=TEXT,
)


class Runtime:
    """What it says next, and what it was asked. pieces: of text, streamed; reason: how it ends, after so many tokens;
    dies: so many requests end without a word; heard: sizes of an upload's pieces, form: its beginning."""

    def __init__(self) -> None:
        self.pieces = ["Hel", "lo"]
        self.calls: list[Json] = []
        self.reason = "stop"
        self.tokens = 2
        self.asked: list[tuple[str, Json]] = []
        self.knows_tools = False
        self.status = 200
        self.breaks_after: int | None = None
        self.gate: asyncio.Event | None = None
        self.cancelled = False
        self.dies = 0
        self.heard: list[int] = []
        self.form = b""
        self.text_logprobs: Json | None = None

    @property
    def body(self) -> Json:
        """The last request for an answer."""
        return next(body for path, body in reversed(self.asked) if path.endswith("completions"))

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/v1/audio"):
            return await self._listen(request)
        body = msgspec.json.decode(await request.read() or b"{}")
        self.asked.append((request.path, body))
        if self.dies and request.path != "/health" and request.transport is not None:
            self.dies -= 1
            request.transport.abort()
            return web.Response()
        if self.status != 200:
            error = {"error": {"code": self.status, "message": "no good", "type": "invalid_request_error"}}
            return web.json_response(error, status=self.status)
        if request.path.endswith("completions"):
            return await self._stream(request)
        return web.json_response(self._small(request.path, body))

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, {}))
        async for piece in request.content.iter_any():
            self.heard.append(len(piece))
            self.form = (self.form + piece)[:4096]
        if b"text/srt" in self.form:
            return web.Response(text="1\nhello", content_type="application/x-subrip")
        if self.status != 200:
            return web.json_response({"error": {"message": "no sound"}}, status=self.status)
        return web.json_response({"text": "hello"})

    def _small(self, path: str, body: Json) -> Json:
        if path == "/props":
            return {"chat_template_caps": {"supports_tools": self.knows_tools}}
        if path == "/apply-template":
            return {
                "prompt": "".join(f"<{one['role']}>{one['content']}" for one in body["messages"])
                + "<assistant>"
            }
        if path == "/tokenize":
            return {"tokens": [ord(letter) for letter in body["content"]]}
        if path == "/v1/embeddings":
            data = [{"index": at, "embedding": [3.0, 4.0, 0.0]} for at in range(len(body["input"]))]
            return {"data": data[::-1], "usage": {"prompt_tokens": 7}}
        if path == "/v1/rerank":
            scores = [{"index": at, "relevance_score": len(one)} for at, one in enumerate(body["documents"])]
            return {"results": scores, "usage": {"total_tokens": 9}}
        return {"status": "ok"}

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            for at, chunk in enumerate(self._chunks(request.path)):
                if at == self.breaks_after and request.transport is not None:
                    request.transport.abort()
                    return response
                await response.write(b"data: " + msgspec.json.encode(chunk) + b"\n\n")
                if self.gate is not None:
                    await self.gate.wait()
            await response.write(b"data: [DONE]\n\n")
        except (asyncio.CancelledError, ConnectionError):
            self.cancelled = True
            raise
        return response

    def _chunks(self, path: str) -> list[Json]:
        is_chat = path.endswith("/chat/completions")
        chunks: list[Json] = [
            {"delta": {"content": one}} if is_chat else {"text": one, "logprobs": self.text_logprobs}
            for one in self.pieces
        ]
        chunks += [{"delta": {"tool_calls": [call]}} for call in self.calls]
        chunks.append(
            {"delta": {}, "finish_reason": self.reason}
            if is_chat
            else {"text": "", "finish_reason": self.reason}
        )
        usage = {
            "prompt_tokens": 5,
            "completion_tokens": self.tokens,
            "prompt_tokens_details": {"cached_tokens": 1},
        }
        timings = {"prompt_ms": 3.0, "predicted_ms": 4.0}
        last = {"choices": [], "usage": usage, "timings": timings}
        early = {"timings": {"prompt_n": 4, "cache_n": 1}} if self.body.get("timings_per_token") else {}
        return [*({"choices": [{"index": 0, **one}], **early} for one in chunks), last]


class Answer(msgspec.Struct):
    status: int
    raw: bytes
    kind: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.raw)

    @property
    def lines(self) -> list[Json]:
        return [msgspec.json.decode(line) for line in self.raw.splitlines()]

    @property
    def events(self) -> list[Json]:
        """The data of server-sent events, without `[DONE]`."""
        found = [line[6:] for line in self.raw.splitlines() if line.startswith(b"data: ")]
        return [msgspec.json.decode(one) for one in found if one != b"[DONE]"]


class Client:
    """Asks the gateway. said: what it told who started it."""

    def __init__(
        self,
        runtime: Runtime,
        session: aiohttp.ClientSession,
        said: list[str],
        server: Server,
        models: Models,
    ) -> None:
        self.runtime = runtime
        self.server = server
        self.models = models
        self.session = session
        self.said = said

    async def ask(self, path: str, body: object = None, method: str = "", **headers: str) -> Answer:
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        method = method or ("GET" if body is None else "POST")
        sent = None if body is None else data
        async with self.session.request(method, f"http://gateway{path}", data=sent, headers=headers) as reply:
            return Answer(reply.status, await reply.read(), reply.content_type, dict(reply.headers))


def settings_for(folder: Path, wanted: dict[str, Any]) -> Settings:
    """wanted: fields of Settings, and of its one model (Served) where `models` is not among them."""
    fields = {name: wanted.pop(name) for name in Served.__struct_fields__ if name in wanted}
    served = Served(**{"upstream": str(folder / "runtime.sock"), "about": ABOUT, **fields})
    return Settings(**{"models": (served,), **wanted})


@asynccontextmanager
async def gateway(folder: Path, **wanted: Any) -> AsyncIterator[Client]:
    runtime = Runtime()
    said: list[str] = []
    async with _listening(runtime.app(), folder / "runtime.sock"):
        chosen = settings_for(folder, wanted)
        made = Gateway(chosen, said.append)
        server = make_server(made, Door(chosen))
        (folder / "gateway.sock").unlink(missing_ok=True)
        bound = socket.socket(socket.AF_UNIX)
        bound.bind(str(folder / "gateway.sock"))
        await server.listen(bound)
        try:
            connector = aiohttp.UnixConnector(str(folder / "gateway.sock"))
            async with aiohttp.ClientSession(connector=connector) as session:
                yield Client(runtime, session, said, server, made.models)
        finally:
            await server.close()


@asynccontextmanager
async def _listening(app: web.Application, path: Path) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(path)).start()
    try:
        yield
    finally:
        await runner.cleanup()


def with_gateway(folder: Path, work: Callable[[Client], Coroutine[Any, Any, None]], **settings: Any) -> None:
    """Run one conversation, in an event loop of its own."""

    async def main() -> None:
        async with gateway(folder, **settings) as client:
            await asyncio.wait_for(work(client), 20)

    asyncio.run(main())
