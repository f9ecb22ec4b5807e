"""Apache TVM for real: models compiled in a sandbox, served from another, and right."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jitney.plan.scripts import script
from tests.conftest import Jitney

pytestmark = [pytest.mark.engine, pytest.mark.slow]
PROGRAM = Path(__file__).parent / "programs" / "compiled_alike.py"
SCRIPTS = (
    "to_tvm.py",
    "tvm_model.py",
    "tvm_kernels.py",
    "tvm_linker.py",
    "tvm_run.py",
    "processor.py",
    "made.py",
    "to_safetensors.py",
)


@pytest.mark.timeout(900)
def test_compiled_models_compute_what_their_definition_says(jitney: Jitney, tmp_path: Path) -> None:
    shutil.copyfile(PROGRAM, tmp_path / PROGRAM.name)
    for name in SCRIPTS:
        (tmp_path / name).write_text(script(name), encoding="utf-8")
    done = jitney("run", "--no-model", "--apt", "binutils", "--entry", PROGRAM.name, tmp_path, timeout=880)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    lines = done.stdout.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["llama", "llama3", "mistral", "qwen3", "qwen2"]


@pytest.mark.model
@pytest.mark.timeout(1200)
def test_a_gguf_is_compiled_once_and_answers(jitney: Jitney, assert_nothing_left: Callable[[], None]) -> None:
    ask = (
        "run",
        "--runtime",
        "tvm",
        "--temp",
        "0",
        "--max-tokens",
        "12",
        "smollm2",
        "What is the capital of France?",
    )
    first = jitney(*ask, timeout=1100)
    assert first.returncode == 0, first.stderr.decode()[-2000:]
    assert b"Paris" in first.stdout
    second = jitney(*ask)
    assert second.stdout == first.stdout
    assert b"converting" not in second.stderr
    assert_nothing_left()
