"""The scripts that run inside a build, as texts: data of this package, read once, part of the plan's hash."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def script(name: str) -> str:
    """Text of `inside/NAME`, which runs with the base's own python3 and nothing else."""
    return (Path(__file__).parents[1] / "inside" / name).read_text(encoding="utf-8")
