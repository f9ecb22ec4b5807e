"""The runtime's server: llama.cpp's, on a Unix socket. Its HTTP, its streams, its errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import aiohttp
import msgspec

from jitney.serve.answer import Begin, Call, End, Event, Events, Reason, Text, Thought, Usage
from jitney.serve.errors import ApiError, Json
from jitney.serve.settings import Settings

POLL_S = 0.05
WANT_EMBEDDINGS = "want: embeddings"
"""The line that asks for a server of vectors; who started the gateway answers it with a socket at the agreed path."""

_GONE = "the model server is gone: it broke the connection"


class Upstream:
    """Each request has a connection of its own: the server closes them after a stream, and a Unix socket costs 0.1 ms."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self._caps: Json | None = None
        self._has_vectors = not settings.embeddings_on_demand
        self._asked_vectors = False
        self._session = self._connect(settings.upstream)
        self._vectors = self._connect(settings.embeddings) if settings.embeddings else self._session

    def _connect(self, path: str) -> aiohttp.ClientSession:
        limits = aiohttp.ClientTimeout(
            total=None, sock_connect=self._settings.connect_s, sock_read=self._settings.idle_s
        )
        return aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(path, force_close=True, limit=0),
            timeout=limits,
            read_bufsize=1 << 18,
        )

    async def close(self) -> None:
        await self._session.close()
        await self._vectors.close()

    async def call(self, path: str, body: Json, method: str = "POST") -> Json:
        """One exchange whose answer is a JSON object. ApiError: it refused, or is not there."""
        async with self._open(self._session, path, body, method) as response:
            return _json(await response.read())

    async def status(self) -> tuple[int, bytes]:
        """Its own word on whether it is ready; 502 where nobody answers."""
        return await self._status(self._session)

    async def caps(self) -> Json:
        """What its chat template can express (`supports_tools` …); asked once."""
        if self._caps is None:
            properties = await self.call("/props", {}, "GET")
            self._caps = properties.get("chat_template_caps") or {}
        return self._caps

    async def chat(self, body: Json) -> Events:
        async with aclosing(self._chunks("/v1/chat/completions", body)) as chunks:
            async for event in _events(chunks):
                yield event

    async def complete(self, body: Json) -> Events:
        """A text that goes on, without a template."""
        async with aclosing(self._chunks("/v1/completions", body)) as chunks:
            async for event in _events(chunks):
                yield event

    async def embed(self, body: Json) -> Json:
        await self._ensure_vectors()
        async with self._open(self._vectors, "/v1/embeddings", body) as response:
            return _json(await response.read())

    async def tokenize(self, content: str, *, special: bool = False) -> list[int]:
        found = await self.call("/tokenize", {"content": content, "parse_special": special})
        return list(found.get("tokens", []))

    async def template(self, messages: list[Json], **more: object) -> str:
        """The prompt that the model's chat template makes of messages."""
        found = await self.call("/apply-template", {"messages": messages, **more})
        return str(found.get("prompt", ""))

    async def _ensure_vectors(self) -> None:
        """The server of vectors is started for the first request that wants some."""
        if self._has_vectors:
            return
        if not self._asked_vectors:
            self._asked_vectors = True
            self._say(WANT_EMBEDDINGS)
        end = asyncio.get_running_loop().time() + self._settings.load_s
        while (await self._status(self._vectors))[0] != 200:
            if asyncio.get_running_loop().time() > end:
                raise ApiError(503, f"no server for embeddings came within {self._settings.load_s:.0f} s")
            await asyncio.sleep(POLL_S)
        self._has_vectors = True

    async def _status(self, session: aiohttp.ClientSession) -> tuple[int, bytes]:
        limits = aiohttp.ClientTimeout(total=self._settings.health_s)
        try:
            async with session.get(f"http://runtime{self._settings.health}", timeout=limits) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError):
            return 502, b'{"error":"the model server does not answer"}'

    async def _chunks(self, path: str, body: Json) -> AsyncGenerator[Json, None]:
        """The data of its server-sent events. ApiError 502 when it ends before `[DONE]`."""
        asked = {**body, "stream": True, "stream_options": {"include_usage": True}}
        async with self._open(self._session, path, asked) as response:
            try:
                async for line in response.content:
                    if line.startswith(b"data: [DONE]"):
                        return
                    if line.startswith(b"data:"):
                        yield _json(line[5:])
                    elif line.startswith(b"error:"):
                        raise _refusal(500, line[6:])
            except TimeoutError as error:
                raise ApiError(504, f"the model said nothing for {self._settings.idle_s:.0f} s") from error
            except (aiohttp.ClientError, OSError) as error:
                raise ApiError(502, _GONE) from error
        raise ApiError(502, _GONE)

    @asynccontextmanager
    async def _open(
        self, session: aiohttp.ClientSession, path: str, body: Json, method: str = "POST"
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        data = msgspec.json.encode(body) if method == "POST" else None
        headers = {"Content-Type": "application/json"}
        try:
            response = await session.request(method, f"http://runtime{path}", data=data, headers=headers)
        except TimeoutError as error:
            raise ApiError(504, f"the model said nothing for {self._settings.idle_s:.0f} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ApiError(502, "the model server does not answer") from error
        try:
            if response.status >= 400:
                raise _refusal(response.status, await response.read())
            yield response
        finally:
            response.close()


def _json(data: bytes) -> Json:
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise ApiError(502, "the model server gave no JSON") from error
    if not isinstance(found, dict):
        raise ApiError(502, "the model server gave no JSON object")
    if isinstance(found.get("error"), dict):
        raise _refusal(int(found["error"].get("code") or 500), data)
    return found


def _refusal(status: int, data: bytes) -> ApiError:
    """Its error as ours: what the request is at fault for stays a 400, what it cannot do becomes one."""
    try:
        told = msgspec.json.decode(data)
    except msgspec.DecodeError:
        told = {}
    error = told.get("error", told) if isinstance(told, dict) else {}
    message = (
        str(error.get("message") or "the model server refused the request")
        if isinstance(error, dict)
        else str(error)
    )
    kind = error.get("type", "") if isinstance(error, dict) else ""
    if kind == "exceed_context_size_error":
        return ApiError(400, message, "messages", "context_length_exceeded")
    if status in (501, 404) or kind == "not_supported_error":
        return ApiError(400, message, code="not_supported")
    if status == 503:
        return ApiError(503, "the model is still being loaded")
    return ApiError(400 if status < 500 else 502, message)


async def _events(chunks: AsyncGenerator[Json, None]) -> Events:
    """Chunks of either of its streams → events. Ids and names of tool calls come in their first chunk."""
    reason: Reason = "stop"
    usage: Json = {}
    timings: Json = {}
    async for chunk in chunks:
        usage = chunk.get("usage") or usage
        if not timings and "timings" in chunk and not usage:
            cached = chunk["timings"].get("cache_n", 0)
            yield Begin(Usage(chunk["timings"].get("prompt_n", 0) + cached, 0, cached))
        timings = chunk.get("timings") or timings
        for choice in chunk.get("choices") or ():
            for event in _of_choice(choice):
                yield event
            if choice.get("finish_reason"):
                reason = _reason(choice["finish_reason"])
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
    yield End(
        reason,
        Usage(usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0), cached),
        timings.get("prompt_ms", 0.0),
        timings.get("predicted_ms", 0.0),
    )


def _of_choice(choice: Json) -> list[Event]:
    delta = choice.get("delta") or {"content": choice.get("text")}
    found: list[Event] = []
    if delta.get("reasoning_content"):
        found.append(Thought(delta["reasoning_content"]))
    if delta.get("content"):
        found.append(Text(delta["content"], choice.get("logprobs")))
    for call in delta.get("tool_calls") or ():
        function = call.get("function") or {}
        found.append(
            Call(
                call.get("index", 0),
                function.get("arguments") or "",
                call.get("id") or "",
                function.get("name") or "",
            )
        )
    return found


def _reason(word: str) -> Reason:
    if word == "length":
        return "length"
    return "tool_calls" if word == "tool_calls" else "stop"
