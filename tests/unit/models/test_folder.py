"""What the files of a folder are together."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from tests.unit.models.build import META, gguf, safetensors

from jitney.errors import ModelError
from jitney.models.fetch import fetch
from jitney.models.formats.folder import shards
from jitney.models.model import Weights
from jitney.models.reference import parse
from jitney.models.storage.store import Store

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 576,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "num_hidden_layers": 30,
    "max_position_embeddings": 8192,
    "vocab_size": 49152,
    "torch_dtype": "bfloat16",
}
BERT = {"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 384, "num_attention_heads": 12}
CROSS = {"architectures": ["BertForSequenceClassification"], "model_type": "bert", "hidden_size": 384}
WHISPER = {"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper", "d_model": 384}
POOLING = [
    {"type": "sentence_transformers.models.Transformer"},
    {"type": "sentence_transformers.models.Pooling"},
]
GENAI = {"model": {"type": "llama", "context_length": 2048, "vocab_size": 7, "decoder": {
    "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "head_size": 16, "num_hidden_layers": 2}}}  # fmt: skip
MLC = {
    "model_type": "llama",
    "quantization": "q4f16_1",
    "context_window_size": 512,
    "model_config": {"hidden_size": 64},
}


def taken(store: Store, root: Path, files: dict[str, object]) -> Weights:
    for name, content in files.items():
        path = root / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return fetch(store, parse("./model", {}, root))


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"genai_config.json": GENAI, "model.onnx": b"o", "model.onnx.data": b"o"}, ("onnx-genai", "genai_config.json")),
        ({"cpu/genai_config.json": GENAI, "cpu/model.onnx": b"o"}, ("onnx-genai", "cpu/genai_config.json")),
        ({"mlc-chat-config.json": MLC, "params_shard_0.bin": b"p"}, ("mlc", "mlc-chat-config.json")),
        ({"jitney-tvm.json": {}, "lib.so": b"\x7fELF", "w.safetensors": safetensors()}, ("tvm", "jitney-tvm.json")),
        ({"openvino_model.xml": b"<net/>", "openvino_model.bin": b"1"}, ("openvino", "openvino_model.xml")),
        ({"openvino_encoder_model.xml": b"<n/>", "config.json": WHISPER}, ("openvino", "openvino_encoder_model.xml")),
        ({"model.bin": b"\x06\0\0\0", "config.json": {}, "vocabulary.json": []}, ("ctranslate2", "model.bin")),
        ({"ggml-tiny.bin": b"lmgg\0\0", "README.md": b"x"}, ("ggml", "ggml-tiny.bin")),
        ({"model.onnx": b"o", "tokenizer.json": {}}, ("onnx", "model.onnx")),
        ({"model.safetensors": safetensors(), "config.json": LLAMA}, ("safetensors", "model.safetensors")),
        ({"a.gguf": gguf(), "model.safetensors": safetensors()}, ("gguf", "a.gguf")),
    ],
)  # fmt: skip
def test_the_file_that_names_a_format(
    store: Store, tmp_path: Path, files: dict[str, object], want: tuple[str, str]
) -> None:
    weights = taken(store, tmp_path, files)
    assert (weights.format, weights.main) == want
    assert weights.file(weights.main).bytes > 0


@pytest.mark.parametrize(
    ("files", "kind", "architecture"),
    [
        ({"config.json": LLAMA}, "text", "llama"),
        ({"config.json": BERT}, "embedding", "bert"),
        ({"config.json": CROSS}, "reranking", "bert"),
        ({"config.json": WHISPER}, "transcription", "whisper"),
        ({"config.json": LLAMA, "modules.json": POOLING}, "embedding", "llama"),
        ({"config.json": b"{ broken"}, "text", ""),
        ({"config.json": b"[" * 100_000}, "text", ""),
        ({"config.json": [LLAMA]}, "text", ""),
        ({"config.json": {"architectures": "x", "hidden_size": -1, "model_type": 3}}, "text", ""),
    ],
)
def test_kinds(store: Store, tmp_path: Path, files: dict[str, object], kind: str, architecture: str) -> None:
    info = taken(store, tmp_path, {"model.safetensors": safetensors(), **files}).info
    assert (info.kind, info.architecture) == (kind, architecture)


def test_dimensions_of_a_folder_of_safetensors(store: Store, tmp_path: Path) -> None:
    files = {"config.json": LLAMA, "tokenizer_config.json": {"chat_template": "{{ messages }}"}}
    info = taken(store, tmp_path, {"model.safetensors": safetensors(), **files}).info
    assert (info.context, info.layers, info.embedding, info.vocabulary) == (8192, 30, 576, 49152)
    assert (info.kv_width, info.parameters, info.tensor_bytes) == (3 * 64, 2, 8)
    assert (info.chat_template, info.quantisation) == (True, "F32")


def test_dimensions_from_the_files_of_one_library(store: Store, tmp_path: Path) -> None:
    info = taken(store, tmp_path / "a", {"genai_config.json": GENAI, "model.onnx": b"o"}).info
    assert (info.architecture, info.context, info.layers, info.kv_width) == ("llama", 2048, 2, 32)
    info = taken(store, tmp_path / "b", {"mlc-chat-config.json": MLC, "params_shard_0.bin": b"p"}).info
    assert (info.architecture, info.context, info.quantisation, info.embedding) == (
        "llama",
        512,
        "q4f16_1",
        64,
    )


def test_shards_are_one_model(store: Store, tmp_path: Path) -> None:
    names = shards("m-00002-of-00002.safetensors")
    assert names == ("m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors")
    weights = taken(store, tmp_path, {name: safetensors() for name in names})
    assert (weights.main, weights.info.tensor_bytes, weights.info.parameters) == (names[0], 16, 4)


def test_a_shard_of_gguf_but_the_first_has_no_metadata(store: Store, tmp_path: Path) -> None:
    rest = gguf({"split.no": 1, "split.count": 2})
    weights = taken(store, tmp_path, {"m-00001-of-00002.gguf": gguf(), "m-00002-of-00002.gguf": rest})
    assert (weights.main, weights.info.name) == ("m-00001-of-00002.gguf", "Tiny")
    assert weights.info.parameters == 512


def test_a_missing_shard_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"3 parts, and 2 of them are missing: m-00001-of-00003\.gguf"):
        taken(store, tmp_path, {"m-00002-of-00003.gguf": gguf()})


def test_a_projector_and_adapters_belong_to_their_model(store: Store, tmp_path: Path) -> None:
    files: dict[str, object] = {
        "m.gguf": gguf(),
        "mmproj-m.gguf": gguf({**META, "general.architecture": "clip"}, elements=4096),
        "lora.gguf": gguf({**META, "general.type": "adapter"}, elements=8192),
    }
    weights = taken(store, tmp_path, files)
    assert (weights.main, weights.projector, weights.adapters) == ("m.gguf", "mmproj-m.gguf", ("lora.gguf",))


def test_a_projector_of_an_architecture_of_its_own_is_told_by_its_name(store: Store, tmp_path: Path) -> None:
    own = gguf({**META, "general.architecture": "mllama"}, elements=8192)
    weights = taken(store, tmp_path, {"m.gguf": gguf(), "Model-mmproj-F16.gguf": own})
    assert (weights.main, weights.projector) == ("m.gguf", "Model-mmproj-F16.gguf")


def test_peft_adapters(store: Store, tmp_path: Path) -> None:
    adapter: dict[str, object] = {"adapter_config.json": {}, "adapter_model.safetensors": safetensors()}
    alone = taken(store, tmp_path / "a", adapter)
    assert (alone.main, alone.info.role, alone.adapters) == ("adapter_model.safetensors", "adapter", ())
    below = {f"adapters/x/{name}": content for name, content in adapter.items()}
    beside = taken(store, tmp_path / "b", {**below, "model.safetensors": safetensors(), "config.json": LLAMA})
    assert (beside.main, beside.info.role) == ("model.safetensors", "model")
    assert beside.adapters == ("adapters/x/adapter_model.safetensors",)


@pytest.mark.parametrize("meta, kind", [
    ({**META, "general.architecture": "bert"}, "embedding"),
    ({**META, "llama.pooling_type": 4}, "reranking"),
    ({**META, "llama.pooling_type": 1}, "embedding"),
    ({**META, "llama.pooling_type": 0}, "text"),
])  # fmt: skip
def test_kinds_of_gguf(store: Store, tmp_path: Path, meta: dict[str, object], kind: str) -> None:
    assert taken(store, tmp_path, {"m.gguf": gguf(meta)}).info.kind == kind


def test_a_folder_without_a_model_says_what_there_is(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a model") as caught:
        taken(store, tmp_path, {"README.md": b"x", "config.json": LLAMA})
    assert "README.md" in caught.value.hint


def test_a_header_that_lies_about_its_length(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a usable safetensors"):
        taken(store, tmp_path, {"model.safetensors": struct.pack("<Q", 1 << 60) + b"x"})
