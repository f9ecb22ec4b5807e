"""Weights in pickle format: refused unless allowed, and then only where two scanners have seen all of it and found nothing.

Scanners disagree, skip what they do not know, and say so with exit code 0: so what was not looked at counts as found.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from jitney.errors import ModelError
from jitney.models.safety.apart import DiedError, ask

WAIT_S = 90.0
ALLOW = "--allow-pickle"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """reasons: why it must not be loaded; pickles: how many were looked at."""

    reasons: tuple[str, ...]
    pickles: int


def refused(name: str) -> ModelError:
    return ModelError(
        f"{name}: weights in pickle format are refused: loading them runs code that is inside the file",
        f"take the model's GGUF or safetensors files; or, if you trust who made it, {ALLOW} takes it once two scanners pass it",
    )


def require_clean(path: Path, name: str) -> None:
    """Raises ModelError: with what was found, or what could not be looked at."""
    try:
        seen = ask("scan_pickle.py", {"path": str(path), "name": name}, Seen, WAIT_S)
    except DiedError as error:
        raise ModelError(
            f"{name}: refused: the pickle could not be scanned: {error}",
            "what was not scanned is not taken; use the model's GGUF or safetensors files",
        ) from error
    reasons = seen.reasons or (() if seen.pickles else ("no pickle was found in it",))
    if reasons:
        raise ModelError(
            f"{name}: refused: {'; '.join(reasons[:3])}",
            "do not load this file anywhere; use the model's GGUF or safetensors files",
        )
