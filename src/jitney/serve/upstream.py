"""The runtime's server, on a Unix socket: its streams, its errors, and what is done while it loads or after it died."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager

import msgspec

from jitney.serve.answer import Events
from jitney.serve.calling import Broken, Patience, Silent, begin
from jitney.serve.calling import Call as Heard
from jitney.serve.chunks import events, object_of, refusal
from jitney.serve.errors import ApiError, Json
from jitney.serve.settings import Served, Settings

POLL_S = 0.02
LINE_BYTES = 16 << 20
WANT_EMBEDDINGS = "want: embeddings"
"""The line that asks for a server of vectors; who started the gateway answers it with a socket at the agreed path."""

_GONE = "the model server is gone: it broke the connection"
_JSON = {"Content-Type": "application/json"}


class Upstream:
    """Each request has a connection of its own (calling.py). gone: why there is no runtime any more, once that was told."""

    def __init__(self, served: Served, settings: Settings, say: Callable[[str], None]) -> None:
        self.gone = ""
        self._served = served
        self._settings = settings
        self._patience = Patience(settings.connect_s, settings.idle_s)
        self._say = say
        self._caps: Json | None = None
        self._has_vectors = not served.embeddings_on_demand
        self._asked_vectors = False
        self._vectors = served.embeddings or served.upstream
        self._returning: dict[str, asyncio.Task[bool]] = {}

    async def call(self, path: str, body: Json, method: str = "POST") -> Json:
        """One exchange whose answer is a JSON object. ApiError: it refused, or is not there."""
        async with self._open(self._served.upstream, path, body, method) as heard:
            return object_of(await heard.read())

    async def status(self) -> tuple[int, bytes]:
        """Its own word on whether it is ready; 502 where nobody answers."""
        return await self._status(self._served.upstream)

    async def caps(self) -> Json:
        """llama.cpp: what its chat template can express (`supports_tools` …); asked once."""
        if self._caps is None:
            properties = await self.call("/props", {}, "GET")
            self._caps = properties.get("chat_template_caps") or {}
        return self._caps

    async def chat(self, body: Json) -> Events:
        async with aclosing(self._chunks("/v1/chat/completions", body)) as chunks:
            async for event in events(chunks):
                yield event

    async def complete(self, body: Json) -> Events:
        """A text that goes on, without a template."""
        async with aclosing(self._chunks("/v1/completions", body)) as chunks:
            async for event in events(chunks):
                yield event

    async def embed(self, body: Json) -> Json:
        await self._ensure_vectors()
        async with self._open(self._vectors, "/v1/embeddings", body) as heard:
            return object_of(await heard.read())

    async def rerank(self, body: Json) -> Json:
        return await self.call("/v1/rerank", body)

    async def tokenize(self, content: str, *, special: bool = False) -> list[int]:
        """llama.cpp's own."""
        found = await self.call("/tokenize", {"content": content, "parse_special": special})
        return list(found.get("tokens", []))

    async def template(self, messages: list[Json], **more: object) -> str:
        """llama.cpp's own: the prompt that the model's chat template makes of messages."""
        found = await self.call("/apply-template", {"messages": messages, **more})
        return str(found.get("prompt", ""))

    @asynccontextmanager
    async def sending(
        self, path: str, headers: Mapping[str, str], pieces: AsyncGenerator[bytes, None]
    ) -> AsyncIterator[Heard]:
        """A request passed on as it arrives. What was read of it is kept nowhere, so it is not sent twice."""
        try:
            heard = await begin(
                self._served.upstream,
                path,
                headers,
                patience=self._patience,
            )
        except Broken as error:
            raise self._dead() from error
        async with self._reading(heard):
            async for piece in pieces:
                await heard.write(piece)
            await heard.heard()
            await _require_good(heard)
            yield heard

    @asynccontextmanager
    async def _reading(self, heard: Heard) -> AsyncIterator[None]:
        """Around all that is done with an answer, which is closed in the end. ApiError 502, 504: it broke off, or is silent."""
        try:
            yield
        except Broken as error:
            raise ApiError(502, _GONE) from error
        except Silent as error:
            raise self._silent() from error
        finally:
            heard.close()

    async def _ensure_vectors(self) -> None:
        """The server of vectors is started for the first request that wants some."""
        if self._has_vectors:
            return
        if not self._asked_vectors:
            self._asked_vectors = True
            several = f" {self._served.about.name}" if len(self._settings.models) > 1 else ""
            self._say(WANT_EMBEDDINGS + several)
        limit = self._settings.vectors_s
        if not await self._until_ready(self._vectors, limit):
            raise ApiError(503, f"no server for embeddings came within {limit:.0f} s")
        self._has_vectors = True

    async def _until_ready(self, socket: str, limit: float) -> bool:
        """Ask until it is ready; False: not within its time, or it was told that none will come."""
        end = asyncio.get_running_loop().time() + limit
        while (await self._status(socket))[0] != 200:
            if self.gone or asyncio.get_running_loop().time() > end:
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def _status(self, socket: str) -> tuple[int, bytes]:
        limit = self._settings.health_s
        try:
            async with asyncio.timeout(limit):
                asked = await begin(
                    socket, self._served.health, {}, patience=Patience(limit, limit), method="GET"
                )
                try:
                    await asked.heard()
                    return asked.status, await asked.read()
                finally:
                    asked.close()
        except (Broken, Silent, TimeoutError):
            return 502, b'{"error":"the model server does not answer"}'

    async def _chunks(self, path: str, body: Json) -> AsyncGenerator[Json, None]:
        """The data of its server-sent events. ApiError 502 when it ends before `[DONE]`."""
        asked = {**body, "stream": True, "stream_options": {"include_usage": True}}
        rest = b""
        async with self._open(self._served.upstream, path, asked) as heard:
            while piece := await heard.piece():
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    if line.startswith(b"data: [DONE]"):
                        return
                    if line.startswith(b"data:"):
                        yield object_of(line[5:])
                if len(rest) > LINE_BYTES:
                    raise ApiError(502, "the model server sent a line without an end")
            raise ApiError(502, _GONE)

    @asynccontextmanager
    async def _open(self, socket: str, path: str, body: Json, method: str = "POST") -> AsyncIterator[Heard]:
        heard = await self._answered(
            socket, path, msgspec.json.encode(body) if method == "POST" else b"", method
        )
        async with self._reading(heard):
            await _require_good(heard)
            yield heard

    async def _answered(self, socket: str, path: str, data: bytes, method: str) -> Heard:
        """Its answer, whose head is there. A runtime that loads or died is waited for; a request of which no answer had come
        is sent once more. ApiError 502, 503, 504."""
        end = asyncio.get_running_loop().time() + self._settings.load_s
        may_repeat = True
        while True:
            if self.gone:
                raise self._dead()
            try:
                heard = await self._asked(socket, path, data, method)
                if heard.status != 503 or not self._settings.load_s:
                    return heard
                problem = refusal(503, await heard.read())
                heard.close()
            except Broken as error:
                problem = self._dead()
                if error.is_heard or (error.is_sent and not may_repeat):
                    raise problem from error
                may_repeat = may_repeat and not error.is_sent
            except Silent as error:
                raise self._silent() from error
            if not await self._comes_back(socket, end):
                raise self._dead() if self.gone else problem

    async def _asked(self, socket: str, path: str, data: bytes, method: str) -> Heard:
        headers = {**_JSON, "Content-Length": str(len(data))} if method == "POST" else {}
        heard = await begin(
            socket,
            path,
            headers,
            data,
            patience=self._patience,
            method=method,
        )
        try:
            await heard.heard()
        except BaseException:
            heard.close()
            raise
        return heard

    async def _comes_back(self, socket: str, end: float) -> bool:
        """Wait until it is ready; False: it is not by the end. All that wait share one that asks."""
        loop = asyncio.get_running_loop()
        while not self.gone and (rest := end - loop.time()) > 0:
            waiting = self._returning.get(socket)
            if waiting is None or waiting.done():
                waiting = asyncio.create_task(self._until_ready(socket, self._settings.load_s))
                self._returning[socket] = waiting
            await asyncio.wait((waiting,), timeout=rest)
            if waiting.done() and waiting.result():
                return True
        return False

    def _dead(self) -> ApiError:
        if self.gone:
            return ApiError(503, f"the model server is gone: {self.gone}", code="model_server_gone")
        return ApiError(502, "the model server does not answer")

    def _silent(self) -> ApiError:
        return ApiError(504, f"the model said nothing for {self._settings.idle_s:.0f} s")


async def said(heard: Heard) -> AsyncGenerator[bytes, None]:
    """The rest of an answer as it comes. ApiError 502, 504."""
    try:
        while piece := await heard.piece():
            yield piece
    except Broken as error:
        raise ApiError(502, _GONE) from error
    except Silent as error:
        raise ApiError(504, "the model said nothing for too long") from error


async def _require_good(heard: Heard) -> None:
    """ApiError: what the server refused, in our words."""
    if heard.status >= 400:
        raise refusal(heard.status, await heard.read())
