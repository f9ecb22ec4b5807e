"""Runtimes that are programs of ours: their files, as texts, read once (Holder.program)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

ADAPTER = Path(__file__).parent / "adapter"


@cache
def alone(name: str) -> Mapping[str, str]:
    """An entry file of adapter/ that needs nothing else of it."""
    return {name: (ADAPTER / name).read_text(encoding="utf-8")}
