"""GPUs and the images that are made for them: rows of runtimes, and what to say where there is none."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from jitney.facts.model import Facts, Gpu

MAKERS = {"nvidia": "NVIDIA", "amd": "AMD", "intel": "Intel"}


class Board(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What runs on one maker's GPUs. image: public, `name:tag`; base: key of a base of ours. least: compute capability, for
    NVIDIA; 0: any that its driver knows."""

    image: str = ""
    base: str = ""
    least: float = 0.0


def board(boards: Mapping[str, Board], facts: Facts) -> Board | None:
    """The row for the first GPU of this machine that one is made for."""
    return next((row for gpu in facts.gpus if (row := boards.get(gpu.vendor)) and _fits(gpu, row)), None)


def no_gpu(boards: Mapping[str, Board], facts: Facts) -> str:
    """Why none of the rows runs here, as half a sentence; empty: one does."""
    if board(boards, facts) is not None:
        return ""
    return f"it needs {_wanted(boards)}; {_seen(facts)}"


def _wanted(boards: Mapping[str, Board]) -> str:
    words = []
    for vendor, row in boards.items():
        least = f" with compute capability {row.least:.1f} or newer" if row.least else ""
        words.append(f"an {MAKERS[vendor]} GPU{least}")
    return " or ".join(words)


def _seen(facts: Facts) -> str:
    if not facts.gpus:
        return "this machine has no GPU"
    names = []
    for gpu in facts.gpus:
        capability = f" ({gpu.compute_capability})" if gpu.compute_capability else ""
        names.append(f"{gpu.name or MAKERS[gpu.vendor]}{capability}")
    return f"this machine has {', '.join(names)}"


def _fits(gpu: Gpu, row: Board) -> bool:
    try:
        return not row.least or float(gpu.compute_capability) >= row.least
    except ValueError:  # nobody said: the driver decides
        return True
