"""vLLM's own server: safetensors in, the OpenAI and Anthropic APIs out. On a processor by its CPU wheel, on GPUs by its makers' image.

Flags as of 0.32.0 (`--help=all`), which was run on a CPU in a box without network: weights as float32, a root that cannot be
written, 64 MiB of /dev/shm. The engine alone then must be the worker (`uni`): a worker of its own talks to it through shared
memory of 400 MiB, and is what vLLM insists on unless VLLM_ENABLE_V1_MULTIPROCESSING is 0 (the engine stays a process apart
from the API all the same; threads are set by OMP_NUM_THREADS before either starts).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from posixpath import dirname

from jitney.facts.model import Facts
from jitney.models.model import Format, Kind, Weights
from jitney.runtimes.gpus import Board, board
from jitney.runtimes.programs import alone
from jitney.runtimes.protocol import Feature, Holder, Serving, State, diagnosis

ENTRY = "serve_vllm.py"
SMALL = 1_000_000_000
"""Parameters up to which a CPU computes in float32, as conversions write them; larger ones in bfloat16."""
HELD = '{"backend": "xgrammar", "disable_any_whitespace": true}'
"""Answers that are held to a form: a small model goes on with blanks for ever where it may."""
BLOCK = 128
"""Tokens in a block of the cache, on a CPU; each answer may leave one half empty."""

_MIB = 1 << 20
_PROCESSES = 2600 * _MIB
"""Two processes of Python with torch, without weights and cache: 2.3 GiB were measured."""
_ENCODERS = ("bert", "roberta", "xlm-roberta", "modernbert", "nomic_bert", "new")
"""`model_type` of networks that give vectors and no text."""

IMAGES: Mapping[str, Board] = {
    "nvidia": Board(image="vllm/vllm-openai:v0.30.0", least=7.0),
    "amd": Board(image="vllm/vllm-openai-rocm:v0.25.0"),
    "intel": Board(image="intel/vllm:0.21.0-ubuntu24.04"),
}
"""Its makers' images, tags as seen in use (2026-09); never run here (no GPU)."""

_CAUSES = (
    (r"Model architectures \[.*?\] (?:are not supported|failed to be inspected).*", "it does not know the model: {0}"),
    (r"Value error, (.+?)(?:\. | \[type=|$)", "{0}"),
    (r"ValueError: (To serve at least one request.*)", "{0}"),
    (r"(?:DefaultCPUAllocator|std::bad_alloc|MemoryError).*", "not enough memory: {0}"),
    (r"Illegal instruction.*", "this processor lacks AVX2, which its wheels need: {0}"),
    (r"CUDA out of memory.*|torch\.OutOfMemoryError.*", "not enough memory on the GPU: {0}"),
    (r"\S*(?:Error|Exception): (?!Engine core|WorkerProc)(.+)", "{0}"),
)  # fmt: skip


class Vllm:
    name = "vllm"
    formats: tuple[Format, ...] = ("safetensors",)
    kinds: tuple[Kind, ...] = ("text", "embedding")
    state: State = "runs"
    health = "/health"

    def refuses(self, weights: Weights, facts: Facts) -> str:
        if weights.format != "safetensors":
            return f"vLLM takes safetensors, and {weights.main} is {weights.format}"
        if weights.info.kind not in self.kinds:
            return f"vLLM is not used for {weights.info.kind} here"
        if facts.engine.arch not in ("amd64", "arm64"):
            return f"vLLM has no wheels for {facts.engine.arch}"
        return ""

    def holder(self, facts: Facts, *, gpus: bool = False) -> Holder:
        """The wheel for processors, unless a GPU is wanted and there: then its makers' image for that GPU."""
        found = board(IMAGES, facts) if gpus else None
        return Holder(image=found.image) if found else Holder(program=alone(ENTRY))

    def features(self, weights: Weights) -> tuple[Feature, ...]:
        if self.gives_vectors(weights):
            return ("embeddings", "batching")
        common: tuple[Feature, ...] = (
            "json-schema", "logprobs", "seed", "penalties", "logit-bias", "echo", "batching",
        )  # fmt: skip
        chat: tuple[Feature, ...] = ("chat",) if weights.info.chat_template else ()
        return ("completions", *chat, *common)

    def gives_vectors(self, weights: Weights) -> bool:
        info = weights.info
        return info.kind == "embedding" or info.pooling or info.architecture in _ENCODERS

    def argv(self, serving: Serving) -> tuple[str, ...]:
        """Of the entry file; for an image, of the interpreter in it."""
        info = serving.weights.info
        words = ["--model", dirname(serving.model), "--served-model-name", serving.alias]
        words += ["--host", "127.0.0.1", "--port", str(serving.port), "--max-num-seqs", str(serving.slots)]
        words += ["--disable-uvicorn-access-log"]
        if serving.vectors or self.gives_vectors(serving.weights):
            words += [
                "--runner",
                "pooling",
            ]  # as long as the folder says: sentence models take less than their network
        else:
            words += ["--max-model-len", str(_context(serving)), "--structured-outputs-config", HELD]
            if serving.most_tokens < serving.context:
                most = json.dumps({"max_new_tokens": serving.most_tokens})
                words += ["--override-generation-config", most]
        if serving.gpus:
            return ("vllm", "serve", *words, *serving.more)
        words += ["--dtype", "float32" if info.parameters <= SMALL else "bfloat16", "--enforce-eager"]
        words += ["--distributed-executor-backend", "uni", "--kv-cache-memory-bytes", str(_cache(serving))]
        return (*words, *serving.more)

    def env(self, serving: Serving) -> Mapping[str, str]:
        own = {
            "HF_HUB_OFFLINE": "1",
            "VLLM_NO_USAGE_STATS": "1",
            "VLLM_DO_NOT_TRACK": "1",
            "VLLM_CACHE_ROOT": "/tmp/vllm",  # noqa: S108  inside the box
            "VLLM_CONFIG_ROOT": "/tmp/vllm",  # noqa: S108
            "VLLM_HOST_IP": "127.0.0.1",
        }
        if serving.gpus:
            return {**own, "HOME": "/tmp"}  # noqa: S108
        return {
            **own,
            "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
            "TORCH_COMPILE_DISABLE": "1",  # small functions that count log probabilities: a box has no compiler
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",
            "OMP_NUM_THREADS": str(serving.threads),
            "OMP_WAIT_POLICY": "passive",
            "GOMP_SPINCOUNT": "0",
        }

    def memory_bytes(self, serving: Serving) -> int:
        """Weights are copied; a quarter of the memory is /tmp's, of which nothing is used."""
        width = 4 if serving.weights.info.parameters <= SMALL else 2
        numbers = max(serving.weights.info.parameters * width, serving.weights.bytes)
        return int(numbers * 1.2) + _cache(serving) + _PROCESSES

    def diagnose(self, log: str) -> str:
        return diagnosis(_CAUSES, log)


def _context(serving: Serving) -> int:
    """It refuses more than the model was made for."""
    return min(serving.context, serving.weights.info.context or serving.context)


def _cache(serving: Serving) -> int:
    """Keys and values of all tokens of the context, and of a block that each slot leaves open."""
    info = serving.weights.info
    width = 4 if info.parameters <= SMALL else 2
    tokens = serving.context + serving.slots * BLOCK
    return max(2 * width * info.layers * info.kv_width * tokens, 64 * _MIB)
