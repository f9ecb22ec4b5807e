"""The runtimes there are, the preferred one first."""

from __future__ import annotations

import msgspec

from jitney.errors import ModelError
from jitney.facts.model import Facts
from jitney.models.model import Weights
from jitney.runtimes import adapted
from jitney.runtimes.hosts import HOSTS
from jitney.runtimes.llamacpp import LlamaCpp
from jitney.runtimes.mlc import MLC
from jitney.runtimes.nim import NIM
from jitney.runtimes.ollama import OLLAMA
from jitney.runtimes.protocol import Runtime
from jitney.runtimes.sglang import SGLANG
from jitney.runtimes.tensorrt_llm import TENSORRT_LLM
from jitney.runtimes.tgi import TGI
from jitney.runtimes.tvm import TVM
from jitney.runtimes.vllm import Vllm

PLANNED: tuple[Runtime, ...] = (MLC, SGLANG, TENSORRT_LLM, NIM, OLLAMA, TGI)
RUNTIMES: tuple[Runtime, ...] = (LlamaCpp(), *adapted.ROWS, Vllm(), TVM, *HOSTS, *PLANNED)


def refusal(runtime: Runtime, weights: Weights, facts: Facts) -> str:
    """Why these weights cannot be served by it here, as half a sentence; empty: they can. LoRA adapters are not left out in
    silence."""
    reason = runtime.refuses(weights, facts)
    if not reason and weights.adapters and "lora" not in runtime.features(weights):
        return f"{runtime.name} takes no LoRA adapters, and {weights.adapters[0]} is one"
    return reason


def runtime_for(weights: Weights, facts: Facts) -> Runtime:
    """The first runtime that takes the weights as they are. Raises ModelError with every runtime's reason."""
    reasons = []
    for runtime in RUNTIMES:
        if runtime.state != "runs":
            continue
        reason = refusal(runtime, weights, facts)
        if not reason:
            return runtime
        reasons.append(reason)
    raise ModelError(
        f"nothing here can serve {weights.alias or weights.main}: {'; '.join(reasons)}", "give a GGUF file"
    )


def plain_runtime(weights: Weights, facts: Facts, wanted: str) -> Runtime | None:
    """The first that takes the weights as they are and is a base image: nothing has to be converted or built for it.
    wanted: the name that was asked for, empty: any. None: the longer way (hosting) finds one, or says why not."""
    for runtime in RUNTIMES:
        is_wanted = wanted in ("", runtime.name)
        if is_wanted and runtime.state == "runs" and not refusal(runtime, weights, facts):
            return runtime if runtime.holder(facts).base else None
    return None


def expected_name(weights: Weights, wanted: str) -> str:
    """The runtime's name for a plan: of the one that is wanted, else of the first that reads the format."""
    return wanted or next((one.name for one in RUNTIMES if weights.format in one.formats), RUNTIMES[0].name)


def offers(weights: Weights) -> dict[str, tuple[str, ...]]:
    """Feature → runtimes that would have it with this model, in whatever format they take it."""
    found: dict[str, tuple[str, ...]] = {}
    for runtime in RUNTIMES:
        if runtime.state != "runs" or weights.info.kind not in runtime.kinds:
            continue
        taken = msgspec.structs.replace(weights, format=runtime.formats[0])
        for feature in runtime.features(taken):
            found[feature] = (*found.get(feature, ()), runtime.name)
    return found
