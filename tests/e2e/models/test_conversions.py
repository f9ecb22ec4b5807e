"""`jitney convert` for real: another format is made in a sandbox, asked, kept, written out; nothing is left when it is ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from tests.conftest import JITNEY, Jitney
from tests.unit.models.build import gguf

from jitney.config import load
from jitney.models.storage.store import Store

GREEDY = ("--temp", "0", "--max-tokens", "24")
SMOLLM2 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@pytest.fixture
def smollm2(jitney: Jitney, tmp_path: Path) -> Path:
    """The model as a file of the user's."""
    assert jitney("pull", "smollm2").returncode == 0
    link = tmp_path / "SmolLM2-135M-Instruct.Q4_1.gguf"
    link.symlink_to(Store(load(None, {}).data / "store").blob(SMOLLM2))
    return link


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """A Store of the test's own, in which nothing was ever converted. Gigabytes, so gone with the test, and all beside it."""
    yield {"JITNEY_DATA_DIR": str(tmp_path / "data")}
    shutil.rmtree(tmp_path)


def test_other_bits_are_made_once_and_answer(
    jitney: Jitney, smollm2: Path, own: Mapping[str, str], assert_nothing_left: Callable[[], None]
) -> None:
    made = smollm2.with_name("made.gguf")
    first = jitney("convert", smollm2, "--to", "gguf:q8_0", "-o", made, env=own)
    assert first.returncode == 0, first.stderr
    assert b"converting SmolLM2-135M-Instruct.Q4_1.gguf (Q4_1) as gguf, Q8_0" in first.stderr
    assert first.stdout.startswith(b"gguf Q8_0  145 MB  ")
    assert made.stat().st_size == 144_811_072
    assert made.read_bytes()[:4] == b"GGUF"

    again = jitney("convert", smollm2, "--to", "gguf:Q8_0", "--json", env=own)
    event = [json.loads(line) for line in again.stdout.splitlines()][-1]
    assert (event["event"], event["format"], event["quantisation"]) == ("converted", "gguf", "Q8_0")
    assert event["bytes"] == made.stat().st_size
    assert b"converting" not in again.stdout + again.stderr

    by_id = jitney("run", *GREEDY, event["id"][:12], "What is 2+2?", env=own)
    assert b"4" in by_id.stdout, by_id.stderr
    unknown = jitney("run", "0" * 12, "What is 2+2?", env=own)
    assert (unknown.returncode, unknown.stdout) == (125, b"")
    assert b"there is no such model in the Store" in unknown.stderr
    answer = jitney("run", *GREEDY, made, "What is 2+2?", env=own)
    assert b"4" in answer.stdout
    assert_nothing_left()


def test_what_is_there_is_not_overwritten_and_nothing_is_made_first(jitney: Jitney, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    done = jitney("convert", "smollm2", "--to", "gguf:Q2_K", "-o", tmp_path / "mine")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"is there already, and is not overwritten" in done.stderr
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("smollm2", "--to", "ctranslate"), 2, b"did you mean ctranslate2?"),
        (("smollm2", "--to", "gguf:Q9"), 125, b"gguf has no Q9"),
        (("smollm2", "--to", "mlx"), 2, b"nothing here makes mlx"),
        (("minilm", "--to", "openvino"), 125, b"minilm is a model for embedding; openvino is made for text"),
        (("smollm2",), 2, b"to which format?"),
    ],
)
def test_what_cannot_be_made_is_said(jitney: Jitney, words: tuple[str, ...], code: int, told: bytes) -> None:
    done = jitney("convert", *words)
    assert done.returncode == code
    assert told in done.stderr
    assert b"Traceback" not in done.stderr


def test_an_architecture_that_no_converter_knows_is_named(
    jitney: Jitney, tmp_path: Path, own: Mapping[str, str]
) -> None:
    from tests.unit.models.build import META

    other = {key.replace("llama.", "rwkv7."): value for key, value in META.items()}
    (tmp_path / "r.gguf").write_bytes(gguf({**other, "general.architecture": "rwkv7"}))
    done = jitney("convert", tmp_path / "r.gguf", "--to", "safetensors", env=own)
    assert done.returncode == 125
    assert b"transformers does not read the architecture rwkv7 from GGUF" in done.stderr
    assert b"it can be made into gguf" in done.stderr


def test_a_failure_says_the_tools_last_words_and_what_else_would_do(
    jitney: Jitney, tmp_path: Path, own: Mapping[str, str], assert_nothing_left: Callable[[], None]
) -> None:
    (tmp_path / "bad.gguf").write_bytes(gguf())
    done = jitney("convert", tmp_path / "bad.gguf", "--to", "gguf:Q8_0", "-o", tmp_path / "o", env=own)
    assert done.returncode == 125
    assert b"the conversion failed (" in done.stderr
    assert b"llama-" in done.stderr
    assert b"or another format of these: " in done.stderr
    assert not (tmp_path / "o").exists()
    assert list((tmp_path / "data" / "store" / "parts").iterdir()) == []
    assert_nothing_left()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_conversion_leaves_nothing_and_the_next_one_makes_it(
    jitney: Jitney,
    smollm2: Path,
    own: Mapping[str, str],
    how: signal.Signals,
    assert_nothing_left: Callable[[], None],
) -> None:
    words = ("convert", smollm2, "--to", "gguf:Q5_K_M")
    environment = {**os.environ, **own}
    child = subprocess.Popen([JITNEY, *map(str, words)], env=environment, stderr=subprocess.DEVNULL)
    parts = Path(own["JITNEY_DATA_DIR"]) / "store" / "parts"
    deadline = time.monotonic() + 240
    while not list(parts.glob("convert-*/room/*/*.gguf")) and time.monotonic() < deadline:
        assert child.poll() is None, "it ended before it was interrupted"
        time.sleep(0.005)
    child.send_signal(how)
    assert child.wait(20) == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert_nothing_left()
    if how == signal.SIGINT:
        assert list(parts.iterdir()) == []

    done = jitney(*words, env=own)
    assert done.returncode == 0, done.stderr
    assert list(parts.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("runtime", "question", "answer"),
    [
        ("ctranslate2", "What is the capital of France?", b"Paris"),
        ("openvino-genai", "What is the capital of France?", b"Paris"),
        ("onnxruntime-genai", "What is 2+2?", b"4"),
        ("transformers", "What is the capital of France?", b"Paris"),
    ],
)
def test_a_runtime_that_reads_another_format_just_works(
    jitney: Jitney, runtime: str, question: str, answer: bytes
) -> None:
    words = ("run", "--runtime", runtime, *GREEDY, "smollm2", question)
    first = jitney(*words, timeout=900)
    assert first.returncode == 0, first.stderr
    assert answer in first.stdout
    second = jitney(*words, timeout=900)
    assert second.stdout == first.stdout
    assert b"converting" not in second.stderr


@pytest.mark.slow
def test_there_and_back_and_on(jitney: Jitney, smollm2: Path, own: Mapping[str, str]) -> None:
    """GGUF → a folder of safetensors → GGUF of sixteen bits and OpenVINO by way of GGUF; each says what the first one says."""
    folder = smollm2.with_name("folder")
    assert (
        jitney("convert", smollm2, "--to", "safetensors", "-o", folder, env=own, timeout=900).returncode == 0
    )
    back = jitney(
        "convert", folder, "--to", "gguf:F16", "-o", smollm2.with_name("back"), env=own, timeout=900
    )
    assert back.returncode == 0, back.stderr
    on = jitney("convert", folder, "--to", "openvino", env=own, timeout=900)
    assert on.returncode == 0, on.stderr
    assert on.stdout.startswith(b"openvino Q8_0")
    answer = jitney("run", *GREEDY, smollm2.with_name("back"), "What is the capital of France?", env=own)
    assert b"Paris" in answer.stdout


PICKLE = """
import sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer

out = sys.argv[1]
model = AutoModelForCausalLM.from_pretrained("HuggingFaceTB/SmolLM2-135M-Instruct", dtype=torch.bfloat16)
model.config.save_pretrained(out)
AutoTokenizer.from_pretrained("HuggingFaceTB/SmolLM2-135M-Instruct").save_pretrained(out)
torch.save(model.state_dict(), out + "/pytorch_model.bin")
"""


@pytest.mark.slow
def test_pickles_become_safetensors_once_they_are_allowed(
    jitney: Jitney, tmp_path: Path, own: Mapping[str, str]
) -> None:
    folder = tmp_path / "pickles"
    folder.mkdir()
    folder.chmod(0o777)
    (tmp_path / "make.py").write_text(PICKLE)
    words = ("run", "--model", "smollm2", "--write", folder, tmp_path / "make.py", folder)
    made = jitney(*words, timeout=900)
    assert made.returncode == 0, made.stderr
    refused = jitney("convert", folder, "--to", "safetensors", env=own)
    assert refused.returncode == 125
    assert b"weights in pickle format are refused" in refused.stderr
    done = jitney("convert", "--allow-pickle", folder, "--to", "safetensors", env=own, timeout=900)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"safetensors float32  ")
