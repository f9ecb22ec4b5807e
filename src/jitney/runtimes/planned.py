"""Runtimes that are planned and were never run here: rows after their makers' documents, which snapshots show.

Each has its makers' image for each maker of GPUs (gpus.py), a command for our Serving, and what it says when it dies. What
holds for all of them stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from posixpath import dirname

import msgspec

from jitney.facts.model import Facts
from jitney.models.model import Format, Kind, Weights
from jitney.runtimes.gpus import Board, board, no_gpu
from jitney.runtimes.protocol import Feature, Holder, Serving, State, diagnosis

GIB = 1 << 30

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HOME": "/tmp", "XDG_CACHE_HOME": "/tmp/cache"}  # noqa: S108
"""For servers on Hugging Face's libraries, in a box without network whose root cannot be written."""

TEXT: tuple[Feature, ...] = ("completions", "json-schema", "logprobs", "seed", "penalties", "batching")

_CAUSES = (
    (r"(?:CUDA|HIP) out of memory.*|torch\.OutOfMemoryError.*", "not enough memory on the GPU: {0}"),
    (r"(?:no kernel image is available|CUDA driver version is insufficient).*", "the GPU or its driver is too old: {0}"),
    (r"(?:Address already in use).*", "its port could not be opened: {0}"),
    (r"(?:Unsupported|unsupported|not supported|Unknown) (?:model|architecture).*", "it does not know the model: {0}"),
)  # fmt: skip


def nothing(serving: Serving) -> Mapping[str, str]:
    return {}


class Planned(msgspec.Struct, kw_only=True):
    """A row. boards: vendor → image and what it needs; cpu: an image that does without a GPU, empty: none does.

    command, settings: argv and environment for a Serving. host_bytes: of main memory beside the weights, which pass through
    it on their way to the GPU. note: for the user, a sentence about what it is today.
    """

    name: str
    boards: Mapping[str, Board]
    command: Callable[[Serving], tuple[str, ...]]
    settings: Callable[[Serving], Mapping[str, str]] = nothing
    formats: tuple[Format, ...] = ("safetensors",)
    kinds: tuple[Kind, ...] = ("text",)
    text: tuple[Feature, ...] = TEXT
    health: str = "/health"
    cpu: str = ""
    host_bytes: int = 8 * GIB
    note: str = ""
    state: State = "plan"

    def refuses(self, weights: Weights, facts: Facts) -> str:
        if weights.format not in self.formats:
            return f"{self.name} takes {' or '.join(self.formats)}, and {weights.main} is {weights.format}"
        if weights.info.kind not in self.kinds:
            return f"{self.name} is for {', '.join(self.kinds)}, and {weights.main} for {weights.info.kind}"
        return "" if self.cpu else no_gpu(self.boards, facts)

    def holder(self, facts: Facts, *, gpus: bool = False) -> Holder:
        """The image for the GPU that is there; for a machine without one what it would be on the first of the rows."""
        found = board(self.boards, facts)
        if self.cpu and not (gpus and found):
            return Holder(image=self.cpu)
        return Holder(image=(found or next(iter(self.boards.values()))).image)

    def features(self, weights: Weights) -> tuple[Feature, ...]:
        if self.gives_vectors(weights):
            return ("embeddings", "batching")
        return (*(("chat",) if weights.info.chat_template else ()), *self.text)

    def gives_vectors(self, weights: Weights) -> bool:
        return weights.info.kind == "embedding"

    def argv(self, serving: Serving) -> tuple[str, ...]:
        return (*self.command(serving), *serving.more)

    def env(self, serving: Serving) -> Mapping[str, str]:
        return self.settings(serving)

    def memory_bytes(self, serving: Serving) -> int:
        """Of the machine's: a copy of the weights, processes and libraries. The GPU's is the runtime's own business."""
        return int(serving.weights.bytes * 1.2) + self.host_bytes

    def diagnose(self, log: str) -> str:
        return diagnosis(_CAUSES, log)


def folder(serving: Serving) -> str:
    """Where the weights, the configuration and the tokenizer lie."""
    return dirname(serving.model)


def listens(serving: Serving) -> tuple[str, ...]:
    return ("--host", "127.0.0.1", "--port", str(serving.port))
