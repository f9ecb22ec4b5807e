"""Hosts of other runtimes: servers that bring no engine of their own. Each hosts the adapter's CTranslate2."""

from __future__ import annotations

from jitney.facts.model import Facts
from jitney.models.model import Weights
from jitney.runtimes.adapted import CTRANSLATE2, Adapted
from jitney.runtimes.protocol import Serving

_MIB = 1 << 20


def _wheels(weights: Weights, facts: Facts) -> str:
    """Ray, Triton and CTranslate2 alike."""
    if facts.engine.arch == "amd64":
        return ""
    return f"it is planned for amd64 alone, and this machine is {facts.engine.arch}"


def _ray_memory(serving: Serving) -> int:
    """Six processes of Python and C++ around the one that has the model, and an object store in /tmp."""
    return CTRANSLATE2.memory_bytes(serving) + 1600 * _MIB


RAY = Adapted(
    name="ray-serve",
    formats=CTRANSLATE2.formats,
    kinds=CTRANSLATE2.kinds,
    entry="serve_ray",
    modules=CTRANSLATE2.modules,
    why_not=_wheels,
    memory=_ray_memory,
    text=CTRANSLATE2.text,
)

HOSTS = (RAY,)
