"""What `jitney runtimes` tells: what can run here now, and why not."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jitney.config import Config
from jitney.engine.fake import FakeEngine
from jitney.facts.model import BaseOnHand, EngineFacts, Facts
from jitney.hosting.standing import Standing, standings
from jitney.models.model import ModelInfo, WeightFile, Weights
from jitney.runtimes.llamacpp import BASE

INFO = ModelInfo(
    architecture="llama", context=8192, parameters=134_515_008, layers=30, kv_width=192, embedding=576,
    vocabulary=49152, quantisation="Q4_1", chat_template=True,
)  # fmt: skip
FILES = (WeightFile(name="m.gguf", sha256="0" * 64, bytes=98_362_432),)
GGUF = Weights(ref="x", format="gguf", main="m.gguf", files=FILES, alias="tiny", info=INFO)
MACHINE = Facts(engine=EngineFacts(name="fake", cpus=2))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(cache_dir=str(tmp_path / "cache"), data_dir=str(tmp_path / "data"))


def by_name(
    facts: Facts, config: Config, engine: FakeEngine, weights: Weights | None = None
) -> dict[str, Standing]:
    return {one.name: one for one in standings(facts, config, engine, weights)}


def test_a_bare_machine_needs_images_and_lacks_gpus(config: Config) -> None:
    found = by_name(MACHINE, config, FakeEngine())
    assert (found["llama.cpp"].state, found["llama.cpp"].holds) == ("needs image", "base")
    assert (found["vllm"].state, found["vllm"].holds) == ("needs image", "program")
    assert (found["ollama"].state, found["ollama"].image) == ("planned", "ollama/ollama:0.33.3")
    assert found["sglang"].state == "no"
    assert "this machine has no GPU" in found["sglang"].reason
    assert "chat" in found["sglang"].features


def test_a_base_that_is_here_makes_it_ready(config: Config) -> None:
    engine = FakeEngine()
    size = engine.add_image("jitney-debian/llama.cpp:sid-run", size=72 << 20).size_bytes
    base = BaseOnHand(key=BASE, ref="jitney-debian/llama.cpp:sid-run", digest="sha256:" + "0" * 64)
    found = by_name(msgspec.structs.replace(MACHINE, bases=(base,)), config, engine)
    assert (found["llama.cpp"].state, found["llama.cpp"].size_bytes) == ("ready", size)


def test_with_a_model_each_says_how_it_would_take_it(config: Config) -> None:
    found = by_name(MACHINE, config, FakeEngine(), GGUF)
    assert found["llama.cpp"].way == "as it is"
    assert found["vllm"].way.startswith("after a conversion: tiny (Q4_1) as safetensors")
    assert found["ray-serve"].way.startswith("after a conversion: tiny (Q4_1) as ctranslate2")
    assert found["sglang"].reason == "sglang takes safetensors, and m.gguf is gguf"
    assert found["sglang"].features == ()
