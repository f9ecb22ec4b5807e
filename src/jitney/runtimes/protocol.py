"""Runtime: what turns Weights into answers. One small module each, listed in `RUNTIMES` (registry.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from jitney.models.model import Weights
from jitney.plan.model import Base, BuildPlan

Feature = Literal["chat", "completions", "embeddings", "tools", "json-schema", "anthropic", "responses"]


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is served. model: the main file's path inside the box; alias: the name it answers under;
    context: tokens, shared by the slots; most_tokens: of any answer (what counts where a request sets no limit is the
    gateway's). vectors: it shall give embeddings, and no text."""

    weights: Weights
    model: str
    alias: str
    port: int = 8080
    context: int = 8192
    slots: int = 4
    threads: int = 1
    most_tokens: int = 8192
    vectors: bool = False


class Runtime(Protocol):
    """Everything here is pure: no process, no socket, no clock."""

    name: str
    base_key: str
    """The base image that holds it (bases/), which may be the image itself."""

    health: str
    """The path whose status says: 200 ready, 503 loading."""

    def refuses(self, weights: Weights) -> str:
        """Why these weights cannot be served, as half a sentence; empty: they can."""
        ...

    def build(self, base: Base) -> BuildPlan: ...
    def features(self, weights: Weights) -> tuple[Feature, ...]: ...
    def gives_vectors(self, weights: Weights) -> bool:
        """The weights give embeddings and no text."""
        ...

    def argv(self, serving: Serving) -> tuple[str, ...]: ...
    def env(self, serving: Serving) -> Mapping[str, str]: ...
    def memory_bytes(self, serving: Serving) -> int:
        """A limit under which it runs without trouble: weights, cache, buffers, and room to spare."""
        ...

    def diagnose(self, log: str) -> str:
        """The sentence for the user in the last words of a server that died, or an empty string."""
        ...
