"""llama.cpp's own server: GGUF in, the OpenAI and Anthropic APIs out.

Flags as of build 11669 (`llama-server --help`). It answers whatever model name a request asks for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from jitney.facts.model import Facts
from jitney.models.model import Format, Kind, Weights
from jitney.runtimes.gpus import Board, board
from jitney.runtimes.protocol import Feature, Holder, Serving, State, diagnosis

BASE = "debian/llama.cpp:sid-run"

IMAGES: Mapping[str, Board] = {
    "nvidia": Board(image="github!ggml-org/llama.cpp:server-cuda13-b9445", least=7.5),
    "amd": Board(image="github!ggml-org/llama.cpp:server-rocm-b9445"),
    "intel": Board(image="github!ggml-org/llama.cpp:server-intel-b9445"),
}
"""Its makers' images, which have the server in /app; tags as seen in use (2026-05); never run here (no GPU)."""

_MIB = 1 << 20
_BATCH = 512
"""Tokens computed at once: what the compute buffers are sized for."""

_ENCODERS = (
    "bert",
    "nomic-bert",
    "nomic-bert-moe",
    "jina-bert-v2",
    "jina-bert-v3",
    "modern-bert",
    "neo-bert",
    "t5encoder",
)
"""Architectures that give vectors and no text."""

_TEXT: tuple[Feature, ...] = (
    "json-schema",
    "grammar",
    "logprobs",
    "seed",
    "penalties",
    "logit-bias",
    "lora",
    "batching",
    "native",
)
"""Of everything that gives text."""

_CAUSES = (
    (r"failed to open .*|error loading model: .*", "the weights could not be loaded: {0}"),
    (r"unknown (?:model architecture|pre-tokenizer type): .*", "this llama.cpp does not know the model: {0}"),
    (r"error: invalid argument: .*", "{0}"),
    (r"(?:couldn't|failed to) (?:bind|listen).*", "its port could not be opened: {0}"),
    (r"failed to allocate .*|std::bad_alloc.*", "not enough memory: {0}"),
)


class LlamaCpp:
    name = "llama.cpp"
    formats: tuple[Format, ...] = ("gguf",)
    kinds: tuple[Kind, ...] = ("text", "embedding", "reranking")
    state: State = "runs"
    health = "/health"

    def refuses(self, weights: Weights, facts: Facts) -> str:
        if weights.format != "gguf":
            return f"llama.cpp takes GGUF, and {weights.main} is {weights.format}"
        return ""

    def holder(self, facts: Facts, *, gpus: bool = False) -> Holder:
        """The base is the image, unless a GPU is wanted and there: then its makers' image for that GPU."""
        found = board(IMAGES, facts) if gpus else None
        return Holder(image=found.image) if found else Holder(base=BASE)

    def features(self, weights: Weights) -> tuple[Feature, ...]:
        """Chat and embeddings at once would take two servers: pooling is fixed at the start."""
        if weights.info.kind == "reranking":
            return ("reranking",)
        if self.gives_vectors(weights):
            return ("embeddings",)
        if not weights.info.chat_template:
            return ("completions", *_TEXT)
        vision: tuple[Feature, ...] = ("vision",) if weights.projector else ()
        return ("completions", "chat", "tools", "anthropic", "responses", *vision, *_TEXT)

    def gives_vectors(self, weights: Weights) -> bool:
        return weights.info.architecture in _ENCODERS or weights.info.pooling

    def argv(self, serving: Serving) -> tuple[str, ...]:
        threads = str(serving.threads)
        server = "llama-server" if serving.gpus else "/usr/bin/llama-server"
        words = [server, "--model", serving.model, "--alias", serving.alias]
        words += [
            "--host",
            "127.0.0.1",
            "--port",
            str(serving.port),
            "--threads",
            threads,
            "--threads-batch",
            threads,
        ]
        words += ["--ctx-size", str(serving.context), "--parallel", str(serving.slots), "--kv-unified"]
        words += ["--predict", str(serving.most_tokens), "--no-ui", "--no-slots", "--offline"]
        if serving.weights.info.kind == "reranking":
            words += ["--reranking", "--ubatch-size", str(min(serving.context, 2048))]
        elif serving.vectors or self.gives_vectors(serving.weights):
            words += ["--embeddings", "--ubatch-size", str(min(serving.context, 2048))]
        if serving.vectors and not self.gives_vectors(serving.weights):
            words += ["--pooling", "mean"]
        if serving.projector:
            words += ["--mmproj", serving.projector]
        if serving.adapters:
            words += ["--lora", ",".join(serving.adapters)]
        if serving.gpus:
            words += ["--n-gpu-layers", str(serving.gpu_layers) if serving.gpu_layers >= 0 else "auto"]
        return (*words, *serving.more)

    def env(self, serving: Serving) -> Mapping[str, str]:
        """Passive waiting: spinning threads on busy cores cost a factor of ten (facts on runtimes)."""
        return {
            "PATH": "/app:/usr/local/bin:/usr/bin:/bin" if serving.gpus else "/usr/bin:/bin",
            "HOME": "/tmp",  # noqa: S108  inside the box
            "LC_ALL": "C.UTF-8",
            "OMP_NUM_THREADS": str(serving.threads),
            "OMP_WAIT_POLICY": "passive",
            "GOMP_SPINCOUNT": "0",
        }

    def memory_bytes(self, serving: Serving) -> int:
        """Weights are mapped and count as cache; keys, values in f16; a batch of logits, activations in f32."""
        info = serving.weights.info
        cache = 2 * 2 * info.layers * info.kv_width * serving.context
        buffers = 4 * _BATCH * (info.vocabulary + 24 * info.embedding)
        return int(serving.weights.bytes * 1.1) + cache + buffers + 512 * _MIB

    def diagnose(self, log: str) -> str:
        return diagnosis(_CAUSES, log, re.IGNORECASE)
