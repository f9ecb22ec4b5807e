"""A program that opens weights by a plain path finds them there, and its folder stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Jitney

pytestmark = [pytest.mark.engine, pytest.mark.model]

LOAD = """import xllamacpp as x

params = x.CommonParams()
params.model.path = "./models/smollm2.gguf"
params.cpuparams.n_threads = 1
params.n_ctx = 256
server = x.Server(params)
reply = server.handle_completions({"prompt": "The capital of France is", "max_tokens": 4, "temperature": 0})
print(reply["choices"][0]["text"])
"""


def test_a_path_in_the_code_leads_to_the_given_model(tmp_path: Path, jitney: Jitney) -> None:
    program = tmp_path / "load.py"
    program.write_text(LOAD)
    done = jitney("run", "--model", "smollm2", program)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert done.stdout.decode().startswith(" Paris")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["load.py"]


def test_without_a_model_it_is_said_before_anything_is_built(tmp_path: Path, jitney: Jitney) -> None:
    program = tmp_path / "load.py"
    program.write_text(LOAD)
    done = jitney("run", program)
    assert done.returncode == 125
    assert b"smollm2.gguf" in done.stderr
    assert b"--model" in done.stderr
    assert b"building" not in done.stderr
