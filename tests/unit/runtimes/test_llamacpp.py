"""llama.cpp as a runtime: what it takes, how it is started, what its answers mean."""

from __future__ import annotations

import msgspec
import pytest

from jitney.config import Config
from jitney.errors import ModelError
from jitney.facts.model import EngineFacts, Facts
from jitney.models.layout import View
from jitney.models.model import ModelInfo, WeightFile, Weights
from jitney.runtimes.llamacpp import BASE, LlamaCpp
from jitney.runtimes.protocol import Holder
from jitney.runtimes.registry import RUNTIMES, runtime_for
from jitney.runtimes.server import make_serving

INFO = ModelInfo(
    architecture="llama",
    context=2048,
    layers=30,
    kv_width=192,
    embedding=576,
    vocabulary=49152,
    chat_template=True,
)
FILES = (WeightFile(name="m.gguf", sha256="0" * 64, bytes=98_362_432),)
WEIGHTS = Weights(ref="x", format="gguf", main="m.gguf", files=FILES, alias="tiny", info=INFO)
VIEW = View(key="k", path="/host/view", main="/models/files/m.gguf")


def facts(cpus: int) -> Facts:
    return Facts(engine=EngineFacts(cpus=cpus))


def words(weights: Weights = WEIGHTS, cpus: int = 2) -> str:
    return " ".join(LlamaCpp().argv(make_serving(weights, VIEW, facts(cpus), Config())))


def test_the_command_listens_on_loopback_only_and_fetches_nothing() -> None:
    assert "--model /models/files/m.gguf --alias tiny --host 127.0.0.1 --port 8080" in words()
    assert "--offline" in words()
    assert "--no-ui" in words()
    assert "--ctx-size 2048" in words()


@pytest.mark.parametrize(("cpus", "threads"), [(1, 1), (2, 1), (3, 1), (8, 4)])
def test_half_of_the_cores_are_left_to_the_program(cpus: int, threads: int) -> None:
    assert f"--threads {threads} --threads-batch {threads} " in words(cpus=cpus)


def test_no_answer_is_longer_than_the_context() -> None:
    """Nor shorter than a request asks for: the server takes its own limit for the most that anybody may have."""
    assert "--predict 2048" in words()


def test_a_second_server_gives_the_vectors_of_a_model_that_gives_text() -> None:
    serving = msgspec.structs.replace(make_serving(WEIGHTS, VIEW, facts(2), Config()), vectors=True)
    assert "--embeddings --ubatch-size 2048 --pooling mean" in " ".join(LlamaCpp().argv(serving))


def test_encoders_give_embeddings_and_nothing_else() -> None:
    encoder = msgspec.structs.replace(WEIGHTS, info=ModelInfo(architecture="bert", context=512))
    assert "--embeddings" in words(encoder)
    assert "--embeddings" not in words()
    assert LlamaCpp().features(encoder) == ("embeddings",)


def test_without_a_chat_template_it_only_completes() -> None:
    bare = msgspec.structs.replace(WEIGHTS, info=msgspec.structs.replace(INFO, chat_template=False))
    assert not {"chat", "tools"} & {*LlamaCpp().features(bare)}
    assert "chat" in LlamaCpp().features(WEIGHTS)


def test_memory_holds_weights_cache_and_buffers() -> None:
    serving = make_serving(WEIGHTS, VIEW, facts(2), Config())
    needed = LlamaCpp().memory_bytes(serving)
    cache = 2 * 2 * 30 * 192 * 2048
    assert FILES[0].bytes + cache + (512 << 20) < needed < 2 << 30
    longer = msgspec.structs.replace(serving, context=8192)
    assert LlamaCpp().memory_bytes(longer) - needed == 3 * cache


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        (
            "x\nE error loading model: tensor 'a' data is not within the file bounds\ny",
            "not within the file bounds",
        ),
        ("llama_model_load: error: unknown model architecture: 'foo'", "does not know the model"),
        ("ggml_backend: failed to allocate CPU buffer of size 1", "not enough memory"),
        ("all is well", ""),
    ],
)
def test_last_words_become_a_sentence(log: str, sentence: str) -> None:
    told = LlamaCpp().diagnose(log)
    assert sentence in told
    assert bool(told) == bool(sentence)


def test_the_base_is_the_image() -> None:
    assert LlamaCpp().holder(facts(2)) == Holder(base=BASE)


def test_weights_that_nothing_serves_are_refused_with_the_reason() -> None:
    assert runtime_for(WEIGHTS, facts(2)) is RUNTIMES[0]
    other = msgspec.structs.replace(WEIGHTS, format="other", main="m.bin")
    with pytest.raises(ModelError, match=r"llama\.cpp takes GGUF, and m\.bin is other"):
        runtime_for(other, facts(2))


def test_what_belongs_to_a_model_goes_along() -> None:
    serving = make_serving(WEIGHTS, VIEW, facts(2), Config(runtime_args=("--verbose",)))
    whole = msgspec.structs.replace(serving, projector="/models/files/mmproj.gguf", adapters=("/a", "/b"))
    words = " ".join(LlamaCpp().argv(whole))
    assert "--mmproj /models/files/mmproj.gguf --lora /a,/b" in words
    assert words.endswith(" --verbose")
    seeing = msgspec.structs.replace(WEIGHTS, projector="mmproj.gguf")
    assert "vision" in LlamaCpp().features(seeing)
    assert "vision" not in LlamaCpp().features(WEIGHTS)


def test_a_ranker_ranks_and_nothing_else() -> None:
    info = msgspec.structs.replace(WEIGHTS.info, architecture="bert", kind="reranking")
    ranker = msgspec.structs.replace(WEIGHTS, info=info)
    assert LlamaCpp().features(ranker) == ("reranking",)
    words = LlamaCpp().argv(make_serving(ranker, VIEW, facts(2), Config()))
    assert "--reranking" in words
    assert "--embeddings" not in words


def test_adapters_are_not_left_out_in_silence() -> None:
    from jitney.runtimes.adapted import TRANSFORMERS
    from jitney.runtimes.registry import refusal

    tuned = msgspec.structs.replace(WEIGHTS, adapters=("lora.gguf",))
    assert refusal(LlamaCpp(), tuned, facts(2)) == ""
    plain = msgspec.structs.replace(tuned, format="safetensors")
    assert "takes no LoRA adapters, and lora.gguf is one" in refusal(TRANSFORMERS, plain, facts(2))
