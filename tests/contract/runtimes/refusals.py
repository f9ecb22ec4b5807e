"""What a runtime does not offer is refused: a 400 that names the field. One request a feature."""

from __future__ import annotations

from typing import Any

from tests.contract.runtimes.offered import CITY, FORCED, WEATHER, held
from tests.contract.runtimes.subject import Json, Subject

_HI: list[Json] = [{"role": "user", "content": "hi"}]
_CHAT = "/v1/chat/completions"
_WRITE = "/v1/completions"
_PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
_SEEN: list[Json] = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": _PIXEL}}]}]

ASKS: dict[str, tuple[tuple[str, Json, tuple[str, ...]], ...]] = {
    "chat": ((_CHAT, {"messages": _HI}, ("messages", "model")),),
    "completions": ((_WRITE, {"prompt": "hi"}, ("prompt", "model")),),
    "embeddings": (("/v1/embeddings", {"input": "hi"}, ("input", "model")),),
    "reranking": (("/v1/rerank", {"query": "a", "documents": ["b"]}, ("query", "documents", "model")),),
    "transcription": (("/v1/audio/transcriptions", {"file": "a.wav"}, ("file", "model")),),
    "vision": ((_CHAT, {"messages": _SEEN}, ("messages",)),),
    "tools": (
        (_CHAT, {"messages": _HI, "tools": [WEATHER], "tool_choice": FORCED}, ("tools", "tool_choice")),
    ),
    "json-schema": (
        (_CHAT, {"messages": _HI, "response_format": held(CITY)}, ("response_format",)),
        (_CHAT, {"messages": _HI, "response_format": {"type": "json_object"}}, ("response_format",)),
    ),
    "grammar": ((_CHAT, {"messages": _HI, "grammar": 'root ::= "a"'}, ("grammar",)),),
    "logprobs": (
        (_CHAT, {"messages": _HI, "logprobs": True}, ("logprobs",)),
        (_WRITE, {"prompt": "hi", "logprobs": 2}, ("logprobs",)),
    ),
    "seed": ((_CHAT, {"messages": _HI, "seed": 5}, ("seed",)),),
    "penalties": (
        (_CHAT, {"messages": _HI, "frequency_penalty": 0.5}, ("frequency_penalty",)),
        (_CHAT, {"messages": _HI, "presence_penalty": 0.5}, ("presence_penalty",)),
    ),
    "logit-bias": ((_CHAT, {"messages": _HI, "logit_bias": {"5": 10}}, ("logit_bias",)),),
    "echo": ((_WRITE, {"prompt": "hi", "echo": True}, ("echo",)),),
}
"""Feature → path, fields, and the field that is named (one of). Features without a request of their own (batching, lora,
native) are not there: they are not offered, and nobody can ask for them."""

_WHOLE = ("/v1/embeddings", "/v1/rerank", "/v1/audio/transcriptions")
"""Paths that are refused as a whole: 400 or 404 with a code that says so will do, there is no one field at fault."""
_NOT_HERE = ("not_supported", "unsupported_endpoint")


def check_refused(it: Subject, feature: str) -> None:
    """Raises AssertionError where something else than a 400 with the field's name comes back."""
    for path, fields, names in ASKS[feature]:
        if path == _CHAT and "chat" not in it.features and feature != "chat":
            continue
        made: dict[str, Any] = {"model": it.model, **fields}
        if path in (_CHAT, _WRITE):
            made["max_tokens"] = 2
        _check(it, path, made, names)


def _check(it: Subject, path: str, body: Json, names: tuple[str, ...]) -> None:
    reply = it.post(path, body)
    if path in _WHOLE and reply.status_code in (400, 404) and reply.json()["error"]["code"] in _NOT_HERE:
        return
    said = f"{path} {names[0]}: {reply.status_code} {reply.text[:300]}"
    assert reply.status_code == 400, f"400 expected: {said}"
    error = reply.json()["error"]
    param = str(error["param"] or "")
    assert param.partition(".")[0].partition("[")[0] in names, f"another field is named: {said}"
    assert error["message"], said
