"""Runtime: what turns Weights into answers. One small module each, listed in `RUNTIMES` (registry.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from jitney.models.model import Weights
from jitney.plan.model import Base, BuildPlan

Readiness = Literal["ready", "loading", "dead"]
Feature = Literal["chat", "completions", "embeddings", "tools", "json-schema", "anthropic", "responses"]


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is served. model: the main file's path inside the box; alias: the name it answers under;
    context: tokens, shared by the slots; most_tokens: of an answer to a request that sets no limit."""

    weights: Weights
    model: str
    alias: str
    port: int = 8080
    context: int = 8192
    slots: int = 4
    threads: int = 1
    most_tokens: int = 1024


class Runtime(Protocol):
    """Everything here is pure: no process, no socket, no clock."""

    name: str
    base_key: str
    """The base image that holds it (bases/), which may be the image itself."""

    def refuses(self, weights: Weights) -> str:
        """Why these weights cannot be served, as half a sentence; empty: they can."""
        ...

    def build(self, base: Base) -> BuildPlan: ...
    def features(self, weights: Weights) -> tuple[Feature, ...]: ...
    def argv(self, serving: Serving) -> tuple[str, ...]: ...
    def env(self, serving: Serving) -> Mapping[str, str]: ...
    def memory_bytes(self, serving: Serving) -> int:
        """A limit under which it runs without trouble: weights, cache, buffers, and room to spare."""
        ...

    def probe(self, serving: Serving) -> bytes:
        """The HTTP request that asks whether it is ready."""
        ...

    def readiness(self, reply: bytes | None) -> Readiness:
        """What the answer to `probe` means; None: nobody listens yet."""
        ...

    def diagnose(self, log: str) -> str:
        """The sentence for the user in the last words of a server that died, or an empty string."""
        ...
