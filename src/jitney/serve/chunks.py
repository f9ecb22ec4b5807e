"""What a runtime's server says: its chunks as events, its errors as ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import msgspec

from jitney.serve.answer import Begin, Call, End, Event, Events, Reason, Text, Thought, Usage
from jitney.serve.errors import ApiError, Json

_OURS = ("invalid_request_error", "BadRequestError", "exceed_context_size_error", "not_supported_error")
"""Kinds of errors that are the request's fault, as the runtimes call them."""


def object_of(data: bytes) -> Json:
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise ApiError(502, "the model server gave no JSON") from error
    if not isinstance(found, dict):
        raise ApiError(502, "the model server gave no JSON object")
    if isinstance(found.get("error"), dict):
        code = found["error"].get("code")
        blames = found["error"].get("type") in _OURS
        raise refusal(code if isinstance(code, int) else 400 if blames else 500, data)
    return found


def refusal(status: int, data: bytes) -> ApiError:
    """Its error as ours: what the request is at fault for stays a 400 with its field, what it cannot do becomes one."""
    try:
        told = msgspec.json.decode(data)
    except msgspec.DecodeError:
        told = {}
    error = told.get("error", told) if isinstance(told, dict) else {}
    if not isinstance(error, dict):
        error = {"message": str(error)}
    message = str(error.get("message") or "the model server refused the request")
    kind, param, code = (str(error.get(name) or "") for name in ("type", "param", "code"))
    # vLLM's words for a prompt that is too long: no field of a request, or, told in characters, the text's own
    if param == "input_tokens" or "maximum context length" in message:
        param, code = "", "context_length_exceeded"
    if "context_size" in kind or "context_length" in code:
        return ApiError(400, message, param or "messages", "context_length_exceeded")
    if status in (501, 404) or kind == "not_supported_error":
        return ApiError(400, message, param, "not_supported")
    if status in (429, 503):
        return ApiError(status, message if status == 429 else "the model is still being loaded")
    return ApiError(400 if status < 500 else 502, message, param, code if not code.isdigit() else "")


async def events(chunks: AsyncGenerator[Json, None]) -> Events:
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
    delta = choice.get("delta")
    if delta is None:
        has_any = choice.get("text") or choice.get("logprobs")
        return [Text(choice.get("text") or "", _listed(choice.get("logprobs")))] if has_any else []
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


def _listed(logprobs: Any) -> Any:
    """Of a bare text: llama.cpp gives them as for a chat, the others in OpenAI's old parallel lists."""
    if not isinstance(logprobs, dict) or "tokens" not in logprobs:
        return logprobs
    tops = logprobs.get("top_logprobs") or [None] * len(logprobs["tokens"])
    listed = zip(logprobs["tokens"], logprobs["token_logprobs"], tops, strict=True)
    return {
        "content": [
            {
                "token": token,
                "logprob": value,
                "top_logprobs": [{"token": name, "logprob": one} for name, one in (top or {}).items()],
            }
            for token, value, top in listed
        ]
    }


def _reason(word: str) -> Reason:
    if word == "length":
        return "length"
    return "tool_calls" if word == "tool_calls" else "stop"
