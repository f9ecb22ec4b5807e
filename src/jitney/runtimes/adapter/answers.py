"""OpenAI's answers: whole, and as server-sent events."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import Any

from .flow import End, Piece

Json = dict[str, Any]
DONE = b"data: [DONE]\n\n"


def sse(data: Json) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


class Usage:
    """Over the choices of a request: each prompt counts once."""

    def __init__(self, prompts: int) -> None:
        self.prompts = prompts
        self.tokens = 0
        self._prompt_ms = self._answer_ms = 0.0

    def add(self, end: End) -> None:
        self.tokens += end.tokens
        self._prompt_ms += end.prompt_ms
        self._answer_ms += end.answer_ms

    @property
    def told(self) -> Json:
        whole = self.prompts + self.tokens
        return {"prompt_tokens": self.prompts, "completion_tokens": self.tokens, "total_tokens": whole}

    @property
    def timings(self) -> Json:
        """As llama.cpp's server tells them, in milliseconds."""
        return {
            "prompt_n": self.prompts,
            "prompt_ms": round(self._prompt_ms, 3),
            "predicted_n": self.tokens,
            "predicted_ms": round(self._answer_ms, 3),
        }


@dataclass(frozen=True)
class Form:
    """What chats and plain completions say differently. model: as it was asked for."""

    is_chat: bool
    model: str

    def head(self, *, chunk: bool = False) -> Json:
        kind = "chat.completion" + (".chunk" if chunk else "") if self.is_chat else "text_completion"
        made = f"{'chatcmpl' if self.is_chat else 'cmpl'}-{os.urandom(12).hex()}"
        return {"id": made, "object": kind, "created": int(time.time()), "model": self.model}

    def opening(self, index: int, echo: str) -> Json | None:
        """The first chunk of a choice."""
        if self.is_chat:
            return _choice(index, {"delta": {"role": "assistant", "content": ""}})
        return _choice(index, {"text": echo}) if echo else None

    def chunk(self, index: int, piece: Piece, *, tells: bool) -> Json:
        told = self._logprobs(piece) if tells else None
        body: Json = {"delta": {"content": piece.text}} if self.is_chat else {"text": piece.text}
        return _choice(index, body, told)

    def closing(self, index: int, end: End) -> Json:
        return _choice(index, {"delta": {}} if self.is_chat else {"text": ""}, None, end.reason)

    def whole(self, index: int, piece: Piece, end: End, *, tells: bool, echo: str = "") -> Json:
        told = self._logprobs(piece) if tells else None
        if self.is_chat:
            message = {"role": "assistant", "content": piece.text, "refusal": None}
            return _choice(index, {"message": message}, told, end.reason)
        return _choice(index, {"text": echo + piece.text}, told, end.reason)

    def _logprobs(self, piece: Piece) -> Json:
        if self.is_chat:
            return {"content": piece.logprobs, "refusal": None}
        made: Json = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
        offset = 0
        for one in piece.logprobs:
            made["tokens"].append(one["token"])
            made["token_logprobs"].append(one["logprob"])
            top = {each["token"]: each["logprob"] for each in one["top_logprobs"]}
            made["top_logprobs"].append(None if one["logprob"] is None else top)
            made["text_offset"].append(offset)
            offset += len(one["token"])
        return made


def _choice(index: int, body: Json, logprobs: Any = None, finish: str | None = None) -> Json:
    return {"index": index, **body, "logprobs": logprobs, "finish_reason": finish}
