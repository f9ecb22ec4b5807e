"""ModelInfo of folders whose weights have no header of their own: from the JSON files that libraries read.

config.json (transformers, and what is made from it) · genai_config.json (ONNX Runtime GenAI) · mlc-chat-config.json (MLC-LLM)
· modules.json (sentence-transformers) · tokenizer_config.json, chat_template.jinja (chat templates). A file that is broken or odd says nothing:
what must be right is the runtime's to check.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from jitney.models.model import Kind, ModelInfo, Weights

MAX_JSON = 32 << 20
"""Bytes; tokenizer_config.json of large vocabularies takes some megabytes."""

_ENCODERS = (
    "albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "ernie", "jina_bert", "modernbert", "mpnet",
    "neobert", "new", "nomic_bert", "roberta", "xlm-roberta", "xlm-roberta-xl",
)  # fmt: skip
"""Values of model_type that give vectors and no text."""

Reader = Callable[[str], Path | None]
"""The file of this name inside the model; None: there is none."""


def described(info: ModelInfo, weights: Weights, read: Reader) -> ModelInfo:
    """`info` with what the configuration beside the weights adds; what a header said stays."""
    if weights.format in ("gguf", "ggml"):
        return info if weights.format == "gguf" else msgspec.structs.replace(info, architecture="whisper")
    folder = PurePosixPath(weights.main).parent
    tables = _Tables(read, folder)
    config = tables.of("config.json")
    if genai := tables.of("genai_config.json").get("model"):
        config = {**config, **_genai(genai)}
    if mlc := tables.of("mlc-chat-config.json"):
        inner = mlc.get("model_config")
        config = {**config, **(inner if isinstance(inner, dict) else {}), **mlc}
    if not config:
        return info
    return _filled(info, config, tables)


class _Tables:
    """The JSON objects beside the main file, then at the top of the model."""

    def __init__(self, read: Reader, folder: PurePosixPath) -> None:
        self.read = read
        self.folders = dict.fromkeys((folder, PurePosixPath()))

    def path(self, name: str) -> Path | None:
        found = (self.read((folder / name).as_posix()) for folder in self.folders)
        return next((path for path in found if path is not None), None)

    def load(self, name: str) -> object:
        path = self.path(name)
        if path is None or path.stat().st_size > MAX_JSON:
            return None
        try:
            return msgspec.json.decode(path.read_bytes())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def of(self, name: str) -> dict[str, Any]:
        value = self.load(name)
        return value if isinstance(value, dict) else {}


def _filled(info: ModelInfo, config: dict[str, Any], tables: _Tables) -> ModelInfo:
    nested = config.get("text_config")
    text: dict[str, Any] = {**config, **nested} if isinstance(nested, dict) else config
    embedding = _number(text, "hidden_size", "n_embd", "d_model")
    heads = _number(text, "num_attention_heads", "n_head", "decoder_attention_heads") or 1
    kv_heads = _number(text, "num_key_value_heads", "n_head_kv") or heads
    width = _number(text, "head_dim", "head_size") or embedding // heads
    pooling = _pools(tables)
    return msgspec.structs.replace(
        info,
        architecture=info.architecture or _word(config, "model_type") or _unnamed(config),
        name=info.name or _word(config, "_name_or_path").rpartition("/")[2],
        context=info.context or _context(text),
        quantisation=_quantisation(config) or info.quantisation or _word(text, "dtype", "torch_dtype"),
        layers=info.layers or _number(text, "num_hidden_layers", "n_layer", "num_layers", "decoder_layers"),
        kv_width=info.kv_width or kv_heads * width,
        embedding=info.embedding or embedding,
        vocabulary=info.vocabulary or _number(text, "vocab_size"),
        chat_template=info.chat_template or _has_template(tables),
        pooling=info.pooling or pooling,
        kind=_kind(config, tables, pooling),
    )


def _unnamed(config: dict[str, Any]) -> str:
    """CTranslate2's configuration of Whisper does not say whose it is."""
    return "whisper" if "alignment_heads" in config else ""


def _genai(model: object) -> dict[str, Any]:
    """ONNX Runtime GenAI's names in those of config.json."""
    if not isinstance(model, dict):
        return {}
    decoder = model.get("decoder")
    table = {**model, **(decoder if isinstance(decoder, dict) else {})}
    table["model_type"] = model.get("type", "")
    return {key: value for key, value in table.items() if not isinstance(value, dict | list)}


def _context(text: dict[str, Any]) -> int:
    return _number(
        text,
        "context_length",
        "context_window_size",
        "max_position_embeddings",
        "n_positions",
        "max_target_positions",
        "seq_length",
    )


def _quantisation(config: dict[str, Any]) -> str:
    table = config.get("quantization_config")
    if isinstance(table, dict):
        bits = _number(table, "bits")
        return f"{_word(table, 'quant_method')}{f'-{bits}bit' if bits else ''}"
    return _word(config, "quantization")


def _has_template(tables: _Tables) -> bool:
    if tables.path("chat_template.jinja") or tables.path("chat_template.json"):
        return True
    return bool(tables.of("tokenizer_config.json").get("chat_template"))


def _pools(tables: _Tables) -> bool:
    """sentence-transformers' list of modules has a pooling."""
    modules = tables.load("modules.json")
    rows = modules if isinstance(modules, list) else []
    return any(isinstance(row, dict) and str(row.get("type", "")).endswith("Pooling") for row in rows)


def _kind(config: dict[str, Any], tables: _Tables, pooling: bool) -> Kind:
    classes = config.get("architectures")
    named = [str(one) for one in classes] if isinstance(classes, list) else []
    family = _word(config, "model_type")
    if family == "whisper" or "alignment_heads" in config:
        return "transcription"
    if any(name.endswith("ForSequenceClassification") for name in named):
        return "reranking"
    if any(name.endswith(("ForCausalLM", "ForConditionalGeneration", "LMHeadModel")) for name in named):
        return "embedding" if pooling else "text"
    return "embedding" if pooling or family in _ENCODERS else "text"


def _number(table: dict[str, Any], *names: str) -> int:
    """The first that is a positive number, else 0."""
    for name in names:
        value = table.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 40:
            return value
    return 0


def _word(table: dict[str, Any], *names: str) -> str:
    for name in names:
        value = table.get(name)
        if isinstance(value, str) and value:
            return value[:200]
    return ""
