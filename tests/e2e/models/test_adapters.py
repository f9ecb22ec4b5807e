"""`--adapter`: a LoRA adapter changes what the real model says; one of zeros does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Jitney
from tests.unit.models.lora import lora

pytestmark = [pytest.mark.engine, pytest.mark.model]
WIDTH, LAYERS = 576, 30


def test_an_adapter_takes_effect(
    jitney: Jitney, tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    (tmp_path / "none.gguf").write_bytes(lora(WIDTH, LAYERS, 0.0))
    (tmp_path / "much.gguf").write_bytes(lora(WIDTH, LAYERS, 1.0))
    said = []
    for name in ("", "none.gguf", "much.gguf"):
        options = ["--adapter", str(tmp_path / name)] if name else []
        done = jitney("run", "--temp", "0", "--max-tokens", "16", *options, "smollm2", "What is 2+2?")
        assert done.returncode == 0, done.stderr.decode()
        said.append(done.stdout)
    assert b"4" in said[0]
    assert said[1] == said[0]
    assert said[2] != said[0]
    assert_nothing_left()


def test_an_adapter_for_another_model_is_refused(jitney: Jitney, tmp_path: Path) -> None:
    (tmp_path / "qwen.gguf").write_bytes(lora(WIDTH, 1, 0.0, architecture="qwen2"))
    done = jitney("run", "--adapter", tmp_path / "qwen.gguf", "smollm2", "Hello")
    assert done.returncode == 125
    assert b"is an adapter for qwen2 models" in done.stderr
