"""What a served model's runtime can do. What it cannot is refused by the field's name, with the runtimes that could."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from jitney.serve.errors import ApiError

_WHAT = {
    "chat": "a chat (the model has no chat template)",
    "completions": "completions",
    "embeddings": "embeddings",
    "reranking": "reranking",
    "transcription": "transcription",
    "vision": "images",
    "tools": "tools",
    "json-schema": "answers held to JSON",
    "grammar": "answers held to a grammar",
    "logprobs": "log probabilities",
    "seed": "seeds",
    "penalties": "penalties",
    "logit-bias": "a bias of tokens",
    "echo": "log probabilities of the prompt",
    "native": "this knob of llama.cpp",
}


class Offers(msgspec.Struct, frozen=True):
    """features: of runtimes/protocol.py; elsewhere: feature → the runtimes that have it."""

    model: str
    runtime: str
    features: frozenset[str]
    elsewhere: Mapping[str, tuple[str, ...]] = {}

    def has(self, feature: str) -> bool:
        return feature in self.features

    def need(self, feature: str, field: str) -> None:
        """400, naming the field, where the runtime does not have it."""
        if feature not in self.features:
            raise self.refusal(feature, field)

    def refusal(self, feature: str, field: str) -> ApiError:
        others = [name for name in self.elsewhere.get(feature, ()) if name != self.runtime]
        which = f"; these runtimes do: {', '.join(others)}" if others else ""
        what = _WHAT.get(feature, feature)
        message = f"{field}: {self.model}, served by {self.runtime}, does not offer {what}{which}"
        return ApiError(400, message, field, "not_supported")
