"""The runtimes there are, the preferred one first."""

from __future__ import annotations

import msgspec

from jitney.errors import ModelError
from jitney.facts.model import Facts
from jitney.models.model import Weights
from jitney.runtimes import adapted
from jitney.runtimes.llamacpp import LlamaCpp
from jitney.runtimes.protocol import Runtime
from jitney.runtimes.vllm import Vllm

RUNTIMES: tuple[Runtime, ...] = (LlamaCpp(), *adapted.ROWS, Vllm())


def runtime_for(weights: Weights, facts: Facts) -> Runtime:
    """The first runtime that takes the weights as they are. Raises ModelError with every runtime's reason."""
    reasons = []
    for runtime in RUNTIMES:
        reason = runtime.refuses(weights, facts)
        if not reason:
            return runtime
        reasons.append(reason)
    raise ModelError(
        f"nothing here can serve {weights.alias or weights.main}: {'; '.join(reasons)}", "give a GGUF file"
    )


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
