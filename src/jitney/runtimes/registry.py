"""The runtimes there are, the preferred one first."""

from __future__ import annotations

from jitney.errors import ModelError
from jitney.facts.model import Facts
from jitney.models.model import Weights
from jitney.runtimes.llamacpp import LlamaCpp
from jitney.runtimes.protocol import Runtime

RUNTIMES: tuple[Runtime, ...] = (LlamaCpp(),)


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
