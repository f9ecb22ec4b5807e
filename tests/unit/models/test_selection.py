"""Which files of a repository are one model: pure, names and sizes in, names out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitney.errors import ModelError
from jitney.models.sources.selection import Asked, select

TOKENIZER = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "merges.txt",
    "vocab.json",
)
SHARDS = tuple(f"model-0000{n}-of-00003.safetensors" for n in (1, 2, 3))
PAPERS = ("README.md", "LICENSE")

REPOSITORIES = {
    "llama with the maker's own files": (
        (*TOKENIZER, *PAPERS, *SHARDS, "model.safetensors.index.json", "original/consolidated.00.pth", "original/params.json", ".gitattributes"),
        (*TOKENIZER, *PAPERS, *SHARDS, "model.safetensors.index.json"),
    ),
    "mistral with consolidated weights": (
        (*TOKENIZER, *SHARDS, "consolidated.safetensors", "params.json", "tekken.json"),
        (*TOKENIZER, *SHARDS, "params.json", "tekken.json"),
    ),
    "sentence-transformers with everything": (
        (*TOKENIZER, "model.safetensors", "pytorch_model.bin", "tf_model.h5", "rust_model.ot", "onnx/model.onnx", "onnx/model_O2.onnx",
         "openvino/openvino_model.xml", "modules.json", "1_Pooling/config.json", "sentence_bert_config.json"),
        (*TOKENIZER, "model.safetensors", "modules.json", "1_Pooling/config.json", "sentence_bert_config.json"),
    ),
    "transformers.js": (
        (*TOKENIZER, "onnx/model.onnx", "onnx/model.onnx_data", "onnx/model_q4.onnx", "onnx/model_fp16.onnx"),
        (*TOKENIZER, "onnx/model.onnx", "onnx/model.onnx_data"),
    ),
    "onnxruntime-genai for three devices": (
        ("README.md", "cuda/cuda-fp16/genai_config.json", "cuda/cuda-fp16/model.onnx", "cpu_and_mobile/cpu-int4-rtn/genai_config.json",
         "cpu_and_mobile/cpu-int4-rtn/model.onnx", "cpu_and_mobile/cpu-int4-rtn/model.onnx.data"),
        ("cpu_and_mobile/cpu-int4-rtn/genai_config.json", "cpu_and_mobile/cpu-int4-rtn/model.onnx",
         "cpu_and_mobile/cpu-int4-rtn/model.onnx.data"),
    ),
    "openvino": (
        ("README.md", "config.json", "openvino_model.xml", "openvino_model.bin", "openvino_tokenizer.xml", "openvino_tokenizer.bin", "x.png"),
        ("README.md", "config.json", "openvino_model.xml", "openvino_model.bin", "openvino_tokenizer.xml", "openvino_tokenizer.bin"),
    ),
    "faster-whisper": (
        ("README.md", "config.json", "model.bin", "tokenizer.json", "vocabulary.txt"),
        ("README.md", "config.json", "model.bin", "tokenizer.json", "vocabulary.txt"),
    ),
    "mlc": (
        ("mlc-chat-config.json", "ndarray-cache.json", "params_shard_0.bin", "tokenizer.json"),
        ("mlc-chat-config.json", "ndarray-cache.json", "params_shard_0.bin", "tokenizer.json"),
    ),
    "gguf with an importance matrix and an adapter": (
        ("README.md", "m-Q8_0.gguf", "m-Q2_K.gguf", "imatrix.gguf", "m-lora.gguf", "config.json"),
        ("README.md", "m-Q8_0.gguf"),
    ),
    "an adapter": (
        ("README.md", "adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "checkpoint-10/adapter_model.safetensors"),
        ("README.md", "adapter_config.json", "adapter_model.safetensors", "tokenizer.json"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REPOSITORIES)
def test_repositories_as_they_are(name: str) -> None:
    files, want = REPOSITORIES[name]
    assert set(select(dict.fromkeys(files, 1000), Asked(text="x")).files) == set(want)


def test_a_part_that_is_asked_for_brings_the_others() -> None:
    sizes = dict.fromkeys(
        ("q/m-00001-of-00002.gguf", "q/m-00002-of-00002.gguf", "mmproj-F16.gguf", "README.md"), 1
    )
    found = select(sizes, Asked(text="x", file="q/m-00002-of-00002.gguf"))
    assert set(found.files) == set(sizes)
    with pytest.raises(ModelError, match="a part of the model is missing"):
        select({"m-00001-of-00002.gguf": 1}, Asked(text="x", file="m-00001-of-00002.gguf"))


def test_pickles_only_where_they_are_allowed() -> None:
    sizes = dict.fromkeys((*TOKENIZER, "pytorch_model.bin"), 1)
    with pytest.raises(ModelError, match="pickle format alone"):
        select(sizes, Asked(text="x"))
    assert "pytorch_model.bin" in select(sizes, Asked(text="x", pickles=True)).files


def test_a_quantisation_of_what_has_none() -> None:
    with pytest.raises(ModelError, match="holds no GGUF files"):
        select({"model.safetensors": 1}, Asked(text="x", quantisation="Q8_0"))


PARTS = st.sampled_from(
    [
        "a",
        "onnx",
        "model",
        "-00001-of-00002",
        ".gguf",
        ".safetensors",
        ".bin",
        ".onnx",
        "/",
        "config.json",
        "mmproj",
        "Q4_0",
    ]
)
NAMES = st.lists(PARTS, min_size=1, max_size=5).map("".join)


@given(
    st.dictionaries(NAMES, st.integers(0, 1 << 40), max_size=8), NAMES, st.integers(0, 1 << 40), st.booleans()
)
def test_only_what_is_there_is_taken(sizes: dict[str, int], file: str, memory: int, ask: bool) -> None:
    try:
        found = select(sizes, Asked(text="x", file=file if ask else "", memory=memory, pickles=True))
    except ModelError as error:
        assert error.message
    else:
        assert found.files
        assert set(found.files) <= set(sizes)
        assert len(set(found.files)) == len(found.files)
        assert all(name.startswith(found.root) for name in found.files)
