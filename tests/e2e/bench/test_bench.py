"""`jitney bench` on the real thing: llama.cpp with SmolLM2; what it leaves, and what it refuses."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import JITNEY, Jitney
from tests.contract.runtimes.served import boxes_of

pytestmark = [pytest.mark.engine, pytest.mark.model]
SHORT = ("--n", "2", "--prompt-tokens", "32", "--tokens", "8", "--runtime", "llama.cpp,tensorrt-llm")


def test_the_table_of_a_real_runtime(
    jitney: Jitney, tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    picture, published = tmp_path / "a.png", tmp_path / "there.csv"
    published.write_text("runtime,ms_per_token,size_mb\nllama.cpp,10,100\n")
    done = jitney("bench", "smollm2", *SHORT, "--json", "--plot", picture, "--compare", published)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    row, other = report["rows"]
    assert row["values"]["ms_per_token"]["n"] == 2
    assert 0.1 < row["values"]["start_s"]["median"] < 60
    assert 100 < row["values"]["peak_memory_mb"]["median"] < 2000, "weights of 98 MB are in it"
    assert row["values"]["cpu_ms_per_token"]["median"] > 1
    assert row["weights_bytes"] == 98_362_432
    assert row["quality"]["right"] >= 12
    assert row["marks"] == []
    assert other["runtime"] == "tensorrt-llm"
    assert "NVIDIA GPU" in other["reason"]
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert_nothing_left()


def test_interrupted_it_leaves_nothing(assert_nothing_left: Callable[[], None]) -> None:
    argv = [str(JITNEY), "bench", "smollm2", "--n", "9"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        deadline = time.monotonic() + 60
        while not boxes_of(child.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    assert child.returncode == 130, (out, err)
    assert b"Traceback" not in err
    assert_nothing_left()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("smollm2", "--runtime", "lama.cpp"), 2, "did you mean llama.cpp"),
        (("smollm2", "--prompt-tokens", "9000"), 2, "more than a context"),
        (("smollm2", "--n", "0"), 2, "not a number from 1"),
        (("smollm2", "--plot", "a.doc"), 2, "a picture ends in"),
        (("smollm2", "--compare", "nowhere.csv"), 2, "nowhere.csv"),
        (("smollm2", "--json", "--csv"), 2, "not allowed with"),
        (("minilm",), 125, "for embedding"),
        (("no-such-model",), None, "no-such-model"),
    ],
)
def test_refused_with_words(jitney: Jitney, arguments: tuple[str, ...], code: int | None, words: str) -> None:
    done = jitney("bench", *arguments)
    said = done.stderr.decode()
    assert done.returncode in ((code,) if code is not None else (2, 125))
    assert words in said
    assert "Traceback" not in said
    assert done.stdout == b""
