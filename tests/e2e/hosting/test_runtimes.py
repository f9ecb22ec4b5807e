"""`jitney runtimes`: what can run here, and why not, on this very machine."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Jitney

pytestmark = pytest.mark.engine


def test_all_runtimes_are_listed_with_what_they_are_here(jitney: Jitney) -> None:
    found = {one["name"]: one for one in json.loads(jitney("runtimes", "--json").stdout)}
    assert found["llama.cpp"]["state"] == "ready"
    assert found["llama.cpp"]["size_bytes"] > 1 << 20
    assert {"transformers", "vllm", "triton", "ray-serve", "torchserve", "tvm", "ollama"} <= found.keys()
    for name in ("sglang", "tensorrt-llm", "nim", "tgi"):
        assert found[name]["state"] == "no"
        assert "GPU" in found[name]["reason"]


def test_a_model_is_taken_as_it_is_or_after_a_conversion(jitney: Jitney) -> None:
    lines = jitney("runtimes", "smollm2").stdout.decode().splitlines()
    rows = {line.split()[0]: line for line in lines[1:]}
    assert rows["llama.cpp"].endswith("as it is")
    assert "after a conversion: smollm2 (Q4_1) as safetensors" in rows["vllm"]
    assert "sglang takes safetensors, and " in rows["sglang"]


def test_a_model_that_is_not_in_the_store_is_said(jitney: Jitney) -> None:
    done = jitney("runtimes", "no-such-model")
    assert done.returncode not in (0, 1)
    assert b"no-such-model" in done.stderr
