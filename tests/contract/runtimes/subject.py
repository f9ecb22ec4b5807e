"""What the suite asks: a server of one model, by the official OpenAI client, and its box where it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

import httpx
import msgspec
import openai

Json = dict[str, Any]
TIMEOUT_S = 240.0
"""Of one request: the slowest runtime on a machine with other work."""

COUNT = "1, 2, 3, 4, 5, 6, 7, 8,"
"""Goes on for ever, whatever the model."""


class Told(msgspec.Struct, kw_only=True):
    """An answer, whole or put together from its pieces. usages, finishes: as often as they came."""

    text: str = ""
    pieces: list[str] = []
    finishes: list[str] = []
    usages: list[tuple[int, int]] = []
    """(prompt tokens, answer tokens)"""

    @property
    def finish(self) -> str:
        assert len(self.finishes) == 1, f"one finish_reason, not {self.finishes}"
        return self.finishes[0]

    @property
    def tokens(self) -> int:
        return self.usage[1]

    @property
    def usage(self) -> tuple[int, int]:
        assert len(self.usages) == 1, f"one usage, not {self.usages}"
        return self.usages[0]


class Subject:
    """url: without `/v1`. features: those of runtimes/protocol.py that the runtime offers with this model. cpu_s: the time
    that its boxes have computed so far; None where they are not known."""

    def __init__(
        self,
        runtime: str,
        url: str,
        model: str,
        features: Iterable[str],
        cpu_s: Callable[[], float] | None = None,
    ) -> None:
        self.runtime = runtime
        self.url = url.rstrip("/").removesuffix("/v1")
        self.model = model
        self.features = frozenset(features)
        self.cpu_s = cpu_s

    @cached_property
    def client(self) -> Any:
        """The official client. (Any: requests with wrong types are what some cases are about.)"""
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key="none", max_retries=0, timeout=TIMEOUT_S)

    def post(self, path: str, body: object, timeout_s: float = TIMEOUT_S) -> httpx.Response:
        """What the client would not send."""
        sent = body if isinstance(body, bytes) else msgspec.json.encode(body)
        kind = {"Content-Type": "application/json"}
        return httpx.post(f"{self.url}{path}", content=sent, headers=kind, timeout=timeout_s)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=30)

    def chat(self, ask: str | list[Json], **fields: Any) -> Told:
        """temperature 0 unless said."""
        return whole(self.chat_reply(ask, **fields))

    def chat_reply(self, ask: str | list[Json], **fields: Any) -> Any:
        messages = [{"role": "user", "content": ask}] if isinstance(ask, str) else ask
        made = {"temperature": 0, **fields}
        return self.client.chat.completions.create(model=self.model, messages=messages, **made)

    def write(self, prompt: str, **fields: Any) -> Told:
        """A completion; temperature 0 unless said."""
        return whole(self.write_reply(prompt, **fields))

    def write_reply(self, prompt: str, **fields: Any) -> Any:
        made = {"temperature": 0, **fields}
        return self.client.completions.create(model=self.model, prompt=prompt, **made)

    def go_on(self, prompt: str, **fields: Any) -> Told:
        """A completion where there are such, else a chat."""
        return self.write(prompt, **fields) if "completions" in self.features else self.chat(prompt, **fields)

    def go_on_reply(self, prompt: str, **fields: Any) -> Any:
        has = "completions" in self.features
        return self.write_reply(prompt, **fields) if has else self.chat_reply(prompt, **fields)


def whole(reply: Any) -> Told:
    """An answer or a stream of either API."""
    if not hasattr(reply, "choices"):
        return _joined(reply)
    told = Told()
    choice = reply.choices[0]
    told.text = (choice.message.content or "") if hasattr(choice, "message") else choice.text
    told.finishes = [choice.finish_reason]
    told.usages = [(reply.usage.prompt_tokens, reply.usage.completion_tokens)]
    return told


def _joined(stream: Iterator[Any]) -> Told:
    told = Told()
    for chunk in stream:
        if getattr(chunk, "usage", None) is not None:
            told.usages.append((chunk.usage.prompt_tokens, chunk.usage.completion_tokens))
        for choice in chunk.choices:
            piece = choice.delta.content if hasattr(choice, "delta") else choice.text
            if piece:
                told.pieces.append(piece)
            if choice.finish_reason:
                told.finishes.append(choice.finish_reason)
    told.text = "".join(told.pieces)
    return told


def refusal(reply: httpx.Response) -> Json:
    """The error of a 400, in OpenAI's shape."""
    assert reply.status_code == 400, f"400 expected, not {reply.status_code}: {reply.text[:300]}"
    error: Json = reply.json()["error"]
    assert error["message"], error
    return error
