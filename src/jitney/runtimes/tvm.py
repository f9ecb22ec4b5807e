"""Apache TVM: a model compiled to a library for this kind of processor (inside/to_tvm.py), served by the adapter.

Run with apache-tvm 0.27.0.post1 on a CPU. What is compiled is Llama's architecture and its like, eight bits a number.
"""

from __future__ import annotations

from collections.abc import Mapping

from jitney.facts.model import Facts
from jitney.models.model import Weights
from jitney.plan.scripts import script
from jitney.runtimes.adapted import TEXT, Adapted, cache_bytes, program
from jitney.runtimes.protocol import Holder, Serving

_MIB = 1 << 20
_RUNNER = "tvm_run.py"
_LIBRARIES = 500 * _MIB
"""Python, the adapter, TVM's runtime and one step's activations."""


class Tvm(Adapted, kw_only=True):
    """The adapter's row, and what calls a compiled model: the file that the conversion checks its result with."""

    def holder(self, facts: Facts, *, gpus: bool = False) -> Holder:
        return Holder(program={**program(self.entry, self.modules), _RUNNER: script(_RUNNER)})

    def env(self, serving: Serving) -> Mapping[str, str]:
        """Its threads wait without spinning, as the others do. Without its compiler it starts in half the time, with 120 MB
        less."""
        own = {
            "TVM_NUM_THREADS": str(serving.threads),
            "TVM_THREAD_POOL_SPIN_COUNT": "0",
            "TVM_USE_RUNTIME_LIB": "1",
        }
        return {**super().env(serving), **own}


def _why_not(weights: Weights, facts: Facts) -> str:
    return "" if facts.engine.arch in ("amd64", "arm64") else f"TVM has no wheels for {facts.engine.arch}"


def _memory(serving: Serving) -> int:
    """Parameters, read from a file into memory; every slot can hold a whole context."""
    return int(serving.weights.bytes * 2.1) + serving.slots * cache_bytes(serving, 4) + _LIBRARIES


TVM = Tvm(
    name="tvm",
    formats=("tvm",),
    kinds=("text",),
    entry="serve_tvm",
    modules=("with_tvm",),
    why_not=_why_not,
    memory=_memory,
    text=(*TEXT, "batching"),
)
