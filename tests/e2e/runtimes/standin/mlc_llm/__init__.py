"""Stands in for MLC-LLM, whose wheels no index here has: it takes the real one's words, refuses what that refuses, computes
nothing. What Jitney's side of it gives and expects is what the tests see."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any


class MLCEngine:
    """As far as to_mlc.py uses it."""

    def __init__(self, model: str, *, device: str, model_lib: str, mode: str) -> None:
        assert (device, mode) == ("cpu", "interactive")
        assert Path(model, "mlc-chat-config.json").is_file()
        assert Path(model_lib).read_bytes()[:4] == b"\x7fELF"
        self.completions = self

    def create(self, *, prompt: str, max_tokens: int, temperature: float) -> Any:
        assert temperature == 0 < max_tokens
        return SimpleNamespace(choices=[SimpleNamespace(text=f" (after {prompt!r})")])

    def terminate(self) -> None:
        self.completions = None  # type: ignore[assignment]  # nothing is asked any more
