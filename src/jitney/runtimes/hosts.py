"""Hosts of other runtimes: servers that bring no engine of their own. Ray Serve and Triton host the adapter's CTranslate2,
TorchServe its transformers."""

from __future__ import annotations

from jitney.facts.model import Facts
from jitney.models.model import Weights
from jitney.runtimes.adapted import CTRANSLATE2, TRANSFORMERS, Adapted
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


def _triton_memory(serving: Serving) -> int:
    """Two processes around the one that has the model."""
    return CTRANSLATE2.memory_bytes(serving) + 500 * _MIB


TRITON = Adapted(
    name="triton",
    formats=CTRANSLATE2.formats,
    kinds=CTRANSLATE2.kinds,
    entry="serve_triton",
    modules=("with_triton", "triton_model", *CTRANSLATE2.modules),
    why_not=_wheels,
    memory=_triton_memory,
    text=CTRANSLATE2.text,
)


def _torchserve_memory(serving: Serving) -> int:
    """A Java of half a gigabyte, and the adapter's front, around the worker that has the model."""
    return TRANSFORMERS.memory_bytes(serving) + 1000 * _MIB


TORCHSERVE = Adapted(
    name="torchserve",
    formats=TRANSFORMERS.formats,
    kinds=("text",),
    entry="serve_torchserve",
    modules=("with_torchserve", "torchserve_model", "torchserve_handler", *TRANSFORMERS.modules),
    why_not=_wheels,
    memory=_torchserve_memory,
    text=TRANSFORMERS.text,
)
"""Archived by its makers in 2025."""

HOSTS = (RAY, TRITON, TORCHSERVE)
