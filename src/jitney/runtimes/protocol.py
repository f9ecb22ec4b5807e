"""Runtime: what turns Weights into answers. One small module each, listed in `RUNTIMES` (registry.py).

    accepts ─► plan (Holder) ─► command (argv, env, memory) ─► ready (health) ─► features

A runtime is a box that speaks the OpenAI HTTP API on one port: with its own server where it has one, else with the adapter
(runtimes/adapter/). What it does not offer, the gateway refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from jitney.facts.model import Facts
from jitney.models.model import Format, Kind, Weights

Feature = Literal[
    "chat",
    "completions",
    "embeddings",
    "reranking",
    "transcription",
    "vision",
    "tools",
    "json-schema",
    "grammar",
    "logprobs",
    "seed",
    "penalties",
    "logit-bias",
    "echo",
    "lora",
    "batching",
    "anthropic",
    "responses",
    "native",
]
"""What requests may ask for. Everything that answers text also has: streaming with a final usage, `stop`, `max_tokens`,
temperature and top_p, a true finish_reason. `batching`: several answers at once; others wait their turn. `native`: llama.cpp's
own paths (/props, /tokenize, /apply-template, …)."""

State = Literal["runs", "plan"]
"""`runs`: the contract suite has run it here. `plan`: planned by its makers' documents, tested as a plan."""


class Holder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What holds a runtime: exactly one of three.

    base: key of a base image that is the image itself. image: a public image, `name:tag`, its entry point replaced by the
    runtime's argv. program: files of runtimes/ (path → text), the first of which is run as any program is, its packages by
    its PEP 723 header; the runtime's argv are its arguments.
    """

    base: str = ""
    image: str = ""
    program: Mapping[str, str] = {}


class Serving(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a model is served. model: the main file's path inside the box; alias: the name it answers under;
    context: tokens, shared by the slots; most_tokens: of any answer (what counts where a request sets no limit is the
    gateway's). vectors: it shall give embeddings, and no text. gpu_layers: of the model on the GPU, -1: all of them.
    projector, adapters: paths inside the box. more: the user's own words for the runtime, at the end of its command."""

    weights: Weights
    model: str
    alias: str
    port: int = 8080
    context: int = 8192
    slots: int = 4
    threads: int = 1
    most_tokens: int = 8192
    vectors: bool = False
    gpus: bool = False
    gpu_layers: int = 0
    projector: str = ""
    adapters: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


def diagnosis(causes: tuple[tuple[str, str], ...], log: str, flags: int = 0) -> str:
    """The sentence of the first cause whose pattern is in the log, with the pattern's last match put in; empty: none is."""
    for pattern, sentence in causes:
        if found := re.findall(pattern, log, flags):
            return sentence.format(found[-1].strip())
    return ""


class Runtime(Protocol):
    """Everything here is pure: no process, no socket, no clock."""

    name: str
    formats: tuple[Format, ...]
    """That it reads, the one to convert to first."""

    kinds: tuple[Kind, ...]
    state: State
    health: str
    """The path whose status says: 200 ready, 503 loading."""

    def refuses(self, weights: Weights, facts: Facts) -> str:
        """Why these weights cannot be served on this machine, as half a sentence; empty: they can."""
        ...

    def holder(self, facts: Facts, *, gpus: bool = False) -> Holder: ...
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
