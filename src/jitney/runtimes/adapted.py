"""Runtimes without a server of their own, or with one that we do not use: the adapter (adapter/) serves them. One row each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import msgspec

from jitney.facts.model import Facts
from jitney.models.model import Format, Kind, Weights
from jitney.runtimes.protocol import Feature, Holder, Serving, State, diagnosis

_MIB = 1 << 20
_FOLDER = Path(__file__).with_name("adapter")

CORE = (
    "__init__", "answers", "app", "audio", "backend", "checks", "encoders", "exchange", "flow", "grammar", "main", "requests", "sampling",
    "template", "words", "work",
)  # fmt: skip
"""Modules of the adapter that every runtime has in its box."""

TEXT: tuple[Feature, ...] = (
    "completions",
    "echo",
    "logprobs",
    "seed",
    "penalties",
    "logit-bias",
    "json-schema",
)
"""What adapter/sampling.py makes possible where a library gives logits."""

_CAUSES = (
    (r"^cannot load the model: (.*)$", "the model could not be loaded: {0}"),
    (r"^.*(address already in use).*$", "its port could not be opened: {0}"),
    (
        r"^(?:\w+\.)*(MemoryError|std::bad_alloc|RuntimeError: .*not enough memory.*)",
        "not enough memory: {0}",
    ),
    (r"^((?:ImportError|ModuleNotFoundError|OSError): .*)$", "its packages do not fit together: {0}"),
)


class Adapted(msgspec.Struct, kw_only=True):
    """A row. entry: the file of adapter/ that is run, without .py; modules: of adapter/ beside CORE.

    why_not: weights, facts → why they cannot be served, as half a sentence; memory: bytes of weights, caches, buffers.
    text: features of what makes text.
    """

    name: str
    formats: tuple[Format, ...]
    kinds: tuple[Kind, ...]
    entry: str
    modules: tuple[str, ...]
    why_not: Callable[[Weights, Facts], str]
    memory: Callable[[Serving], int]
    text: tuple[Feature, ...] = TEXT
    state: State = "runs"
    health: str = "/health"

    def refuses(self, weights: Weights, facts: Facts) -> str:
        if weights.format not in self.formats:
            return f"{self.name} takes {' or '.join(self.formats)}, and {weights.main} is {weights.format}"
        if weights.info.kind not in self.kinds:
            return f"{self.name} is for {', '.join(self.kinds)}, and {weights.main} for {weights.info.kind}"
        return self.why_not(weights, facts)

    def holder(self, facts: Facts, *, gpus: bool = False) -> Holder:
        return Holder(program=program(self.entry, self.modules))

    def features(self, weights: Weights) -> tuple[Feature, ...]:
        by_kind: dict[Kind, tuple[Feature, ...]] = {
            "embedding": ("embeddings",),
            "reranking": ("reranking",),
            "transcription": ("transcription",),
        }
        chat: tuple[Feature, ...] = ("chat",) if weights.info.chat_template else ()
        return by_kind.get(weights.info.kind, (*chat, *self.text))

    def gives_vectors(self, weights: Weights) -> bool:
        return weights.info.kind == "embedding"

    def argv(self, serving: Serving) -> tuple[str, ...]:
        """Arguments of the program."""
        words = ["--model", serving.model, "--alias", serving.alias, "--port", str(serving.port)]
        words += ["--context", str(serving.context), "--threads", str(serving.threads)]
        words += ["--slots", str(serving.slots), "--max-tokens", str(serving.most_tokens)]
        words += ["--projector", serving.projector] if serving.projector else []
        for adapter in serving.adapters:
            words += ["--adapter", adapter]
        return (*words, *(["--vectors"] if serving.vectors else []), *serving.more)

    def env(self, serving: Serving) -> Mapping[str, str]:
        """Passive waiting: spinning threads on busy cores cost a factor of ten (facts on runtimes)."""
        return {
            "OMP_NUM_THREADS": str(serving.threads),
            "OPENBLAS_NUM_THREADS": str(serving.threads),
            "OMP_WAIT_POLICY": "passive",
            "GOMP_SPINCOUNT": "0",
            "TOKENIZERS_PARALLELISM": "false",
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_VERBOSITY": "error",
            "PYTHONUNBUFFERED": "1",
        }

    def memory_bytes(self, serving: Serving) -> int:
        return self.memory(serving)

    def diagnose(self, log: str) -> str:
        return diagnosis(_CAUSES, log, re.IGNORECASE | re.MULTILINE)


@cache
def program(entry: str, modules: tuple[str, ...]) -> dict[str, str]:
    """Path → text, the one to run first: the entry beside the package `adapter`."""
    names = (f"{module}.py" for module in (*CORE, *modules))
    own = {f"adapter/{name}": (_FOLDER / name).read_text(encoding="utf-8") for name in names}
    return {f"{entry}.py": (_FOLDER / f"{entry}.py").read_text(encoding="utf-8"), **own}


def cache_bytes(serving: Serving, width: int) -> int:
    """Keys and values of one whole context. width: bytes a number."""
    info = serving.weights.info
    return 2 * width * info.layers * info.kv_width * serving.context


def _torch_memory(serving: Serving) -> int:
    """The numbers as they are stored; a copy of the largest part while they are read; PyTorch itself; one answer at a time."""
    info = serving.weights.info
    logits = 4 * 4 * info.vocabulary
    activations = 4 * 256 * (info.vocabulary + 40 * info.embedding)
    return int(serving.weights.bytes * 1.25) + cache_bytes(serving, 4) + logits + activations + 900 * _MIB


def _anything(weights: Weights, facts: Facts) -> str:
    return ""


TRANSFORMERS = Adapted(
    name="transformers",
    formats=("safetensors",),
    kinds=("text", "embedding", "reranking"),
    entry="serve_transformers",
    modules=("with_transformers", "vectors"),
    why_not=_anything,
    memory=_torch_memory,
)


def _wheels(weights: Weights, facts: Facts) -> str:
    """Libraries whose packages are made for these two."""
    return (
        ""
        if facts.engine.arch in ("amd64", "arm64")
        else f"its packages are not made for {facts.engine.arch}"
    )


def _onnx_memory(serving: Serving) -> int:
    """The weights, packed anew for this processor; a cache as long as a request may be."""
    return int(serving.weights.bytes * 2) + cache_bytes(serving, 4) + _buffers(serving) + 300 * _MIB


def _ctranslate2_memory(serving: Serving) -> int:
    return int(serving.weights.bytes * 1.5) + cache_bytes(serving, 4) + _buffers(serving) + 250 * _MIB


def _openvino_memory(serving: Serving) -> int:
    """While it compiles the weights are there more than once; every slot can hold a whole context."""
    return (
        int(serving.weights.bytes * 3)
        + serving.slots * cache_bytes(serving, 2)
        + _buffers(serving)
        + 500 * _MIB
    )


def _mistralrs_memory(serving: Serving) -> int:
    """Weights as they are stored; every slot can hold a whole context, in f16, and so does what it keeps of earlier ones."""
    room = serving.slots * cache_bytes(serving, 2)
    return int(serving.weights.bytes * 1.4) + 2 * room + _buffers(serving) + 300 * _MIB


_MISTRALRS = (
    "llama", "mistral", "mixtral", "gemma", "gemma2", "phi", "phi3", "phimoe", "qwen2", "qwen3", "qwen3_moe", "qwen3_next",
    "starcoder2", "deepseek_v2", "deepseek_v3", "glm4", "glm4_moe", "glm4_moe_lite", "smollm3", "gpt_oss",
    "granitemoehybrid", "lfm2", "lfm2_moe",
)  # fmt: skip
"""Types of models that mistral.rs 0.9 writes text with (its enumeration `Architecture`)."""


def _mistralrs_refuses(weights: Weights, facts: Facts) -> str:
    known = weights.info.architecture
    if known and known not in _MISTRALRS:
        return f"mistral.rs 0.9 does not know {known}"
    return _wheels(weights, facts)


def _buffers(serving: Serving) -> int:
    """A chunk of a prompt: its logits, its activations."""
    info = serving.weights.info
    return 4 * 256 * (info.vocabulary + 40 * info.embedding)


ONNX_GENAI = Adapted(
    name="onnxruntime-genai",
    formats=("onnx-genai",),
    kinds=("text",),
    entry="serve_onnx_genai",
    modules=("with_onnx_genai",),
    why_not=_wheels,
    memory=_onnx_memory,
)

CTRANSLATE2 = Adapted(
    name="ctranslate2",
    formats=("ctranslate2",),
    kinds=("text",),
    entry="serve_ctranslate2",
    modules=("with_ctranslate2",),
    why_not=_wheels,
    memory=_ctranslate2_memory,
    text=("completions", "echo"),
)

OPENVINO = Adapted(
    name="openvino-genai",
    formats=("openvino",),
    kinds=("text",),
    entry="serve_openvino",
    modules=("with_openvino",),
    why_not=_wheels,
    memory=_openvino_memory,
    text=("completions", "echo", "seed", "penalties", "json-schema", "batching"),
)


def _whisper_memory(serving: Serving) -> int:
    """Weights as they are read (16 bits become 32 where the processor has none), the encoder's attention over 30 s, FFmpeg."""
    return 3 * serving.weights.bytes + 768 * _MIB


FASTER_WHISPER = Adapted(
    name="faster-whisper",
    formats=("ctranslate2",),
    kinds=("transcription",),
    entry="serve_faster_whisper",
    modules=("with_faster_whisper",),
    why_not=_wheels,
    memory=_whisper_memory,
)

MISTRAL_RS = Adapted(
    name="mistral.rs",
    formats=("safetensors",),
    kinds=("text",),
    entry="serve_mistralrs",
    modules=("with_mistralrs",),
    why_not=_mistralrs_refuses,
    memory=_mistralrs_memory,
    text=("completions", "echo", "logprobs", "penalties", "logit-bias", "json-schema", "batching"),
)

WHISPER_CPP = Adapted(
    name="whisper.cpp",
    formats=("ggml",),
    kinds=("transcription",),
    entry="serve_whisper_cpp",
    modules=("with_whisper_cpp",),
    why_not=_wheels,
    memory=_whisper_memory,
)

ROWS = (TRANSFORMERS, ONNX_GENAI, CTRANSLATE2, OPENVINO, MISTRAL_RS, FASTER_WHISPER, WHISPER_CPP)
"""In order of preference."""
