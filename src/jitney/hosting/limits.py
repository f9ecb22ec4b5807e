"""How much a model may take of the machine: threads that help, memory that is there. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from jitney.config import Config
from jitney.errors import ModelError
from jitney.runtimes.server import Hosted

SMALL = 1_000_000_000
"""Parameters below which a second thread waits longer than it works."""
WORK = 500_000_000
"""Parameters that keep one more thread busy."""


def threads_for(cores: int, load: float, parameters: int) -> int:
    """Threads for one answer: as many as have something to do, and no more than there are idle cores.

    Measured on two cores (facts on runtimes, 135M parameters): 1 thread 49–64 tokens/s, 2 threads 1–6 beside other work and
    42–47 with waits that sleep. A core too many costs far more than one too few.
    """
    idle = max(1, cores - round(load))
    if parameters and parameters < SMALL:
        return min(idle, 1 + parameters // WORK)
    return min(idle, max(1, cores // 2) if cores <= 2 else cores - 1)


def require_memory(hosted: Hosted, free: int, config: Config) -> None:
    """ModelError: more than is free (bytes, 0: not known), or than --memory allows, in numbers."""
    needed, weights = hosted.memory_bytes, hosted.weights
    limit = config.memory_bytes or free
    least = weights.bytes
    if not limit or (needed <= limit if config.memory_bytes == 0 else least <= limit):
        return
    what = "--memory allows" if config.memory_bytes else "are free on this machine"
    info = weights.info
    smaller = ""
    if info.parameters and needed > least:
        smaller = f"\nor a shorter context: --ctx-size {max(512, hosted.serving.context // 4)}"
    quantised = _smaller(info.parameters, info.quantisation)
    raise ModelError(
        f"{hosted.serving.alias} needs {needed / 1e9:,.1f} GB with {hosted.runtime.name} "
        f"({least / 1e9:,.1f} GB of weights, a context of {hosted.serving.context:,} tokens), "
        f"and {limit / 1e9:,.1f} GB {what}",
        f"take a smaller quantisation{quantised} or a smaller model{smaller}",
    )


_BITS = (("Q8_0", 8.5), ("Q6_K", 6.6), ("Q5_K_M", 5.7), ("Q4_K_M", 4.85), ("Q3_K_M", 3.9), ("Q2_K", 3.0))
"""Bits a weight of llama.cpp's quantisations, from its own table (`llama-quantize --help`)."""


def _smaller(parameters: int, current: str) -> str:
    if not parameters:
        return ""
    names = [name for name, _ in _BITS]
    start = names.index(current) + 1 if current in names else 0
    rows = [f"{name} {parameters * bits / 8e9:,.1f} GB" for name, bits in _BITS[start : start + 3]]
    return f" ({', '.join(rows)})" if rows else ""


def require_all(models: Mapping[str, Hosted], free: int) -> None:
    """ModelError: each alone would fit, and all together do not."""
    needed = {name: hosted.memory_bytes for name, hosted in models.items()}
    if not free or len(models) < 2 or sum(needed.values()) <= free:
        return
    rows = ", ".join(f"{name} {size / 1e9:,.1f} GB" for name, size in needed.items())
    raise ModelError(
        f"these models need {sum(needed.values()) / 1e9:,.1f} GB together ({rows}), and {free / 1e9:,.1f} GB are free",
        "serve fewer of them, or with --ctx-size a shorter context",
    )
