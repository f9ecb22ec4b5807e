"""A cross-encoder of two small layers, made to order: the files of a BertForSequenceClassification, and what it must say, by numpy."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WIDTH, HEADS, LAYERS, INNER, POSITIONS = 32, 2, 2, 48, 24
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WORDS = [
    "paris",
    "is",
    "the",
    "capital",
    "of",
    "france",
    "a",
    "dog",
    "eats",
    "bread",
    "rivers",
    "run",
    "north",
]
CONFIG = {
    "architectures": ["BertForSequenceClassification"],
    "model_type": "bert",
    "vocab_size": len(SPECIAL) + len(WORDS),
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": INNER,
    "max_position_embeddings": POSITIONS,
    "type_vocab_size": 2,
    "hidden_act": "relu",
    "layer_norm_eps": 1e-12,
    "num_labels": 1,
    "id2label": {"0": "LABEL_0"},
    "label2id": {"LABEL_0": 0},
    "pad_token_id": 0,
}
Array = np.ndarray[Any, Any]


def write(folder: Path) -> dict[str, Array]:
    """The folder of the model; what it says is a matter of its numbers, which are given back."""
    numbers = made()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model.safetensors").write_bytes(safetensors(numbers))
    vocabulary = {word: at for at, word in enumerate((*SPECIAL, *WORDS))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "BertTokenizerFast", "pad_token": "[PAD]"})
    )
    return numbers


def made() -> dict[str, Array]:
    dice = np.random.default_rng(7)
    linear = {"bert.pooler.dense": (WIDTH, WIDTH), "classifier": (1, WIDTH)}
    for layer in range(LAYERS):
        name = f"bert.encoder.layer.{layer}"
        linear |= {f"{name}.attention.self.{one}": (WIDTH, WIDTH) for one in ("query", "key", "value")}
        linear |= {
            f"{name}.attention.output.dense": (WIDTH, WIDTH),
            f"{name}.intermediate.dense": (INNER, WIDTH),
            f"{name}.output.dense": (WIDTH, INNER),
        }
    shapes = {f"{name}.weight": shape for name, shape in linear.items()}
    shapes |= {
        "bert.embeddings.word_embeddings.weight": (len(SPECIAL) + len(WORDS), WIDTH),
        "bert.embeddings.position_embeddings.weight": (POSITIONS, WIDTH),
        "bert.embeddings.token_type_embeddings.weight": (2, WIDTH),
    }
    found: dict[str, Array] = {name: dice.normal(0, 0.4, shape) for name, shape in shapes.items()}
    found |= {f"{name}.bias": dice.normal(0, 0.1, shape[0]) for name, shape in linear.items()}
    norms = ["bert.embeddings.LayerNorm"]
    for layer in range(LAYERS):
        norms += [f"bert.encoder.layer.{layer}.{one}.LayerNorm" for one in ("attention.output", "output")]
    found |= {f"{name}.weight": dice.normal(1, 0.1, WIDTH) for name in norms}
    found |= {f"{name}.bias": dice.normal(0, 0.1, WIDTH) for name in norms}
    return {name: value.astype("<f4") for name, value in found.items()}


def safetensors(numbers: dict[str, Array]) -> bytes:
    header, data = {}, b""
    for name, value in numbers.items():
        begin = len(data)
        data += value.tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [begin, len(data)]}
    head = json.dumps({**header, "__metadata__": {"format": "pt"}}).encode()
    head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + data


def score(numbers: dict[str, Array], query: str, document: str) -> float:
    """Between 0 and 1, as BERT's paper has it (relu for gelu)."""
    first, second = (["[CLS]", *query.split(), "[SEP]"], [*document.split(), "[SEP]"])
    known = (*SPECIAL, *WORDS)
    tokens = [known.index(word if word in known else "[UNK]") for word in (*first, *second)]
    kinds = [0] * len(first) + [1] * len(second)
    table = "bert.embeddings.{}_embeddings.weight"
    states = numbers[table.format("word")][tokens] + numbers[table.format("token_type")][kinds]
    states = _norm(numbers, "bert.embeddings", states + numbers[table.format("position")][: len(tokens)])
    for layer in range(LAYERS):
        states = _layer(numbers, f"bert.encoder.layer.{layer}", states)
    pooled = np.tanh(_linear(numbers, "bert.pooler.dense", states[0]))
    return float(1 / (1 + np.exp(-_linear(numbers, "classifier", pooled)[0])))


def _layer(numbers: dict[str, Array], name: str, states: Array) -> Array:
    query, key, value = (
        _linear(numbers, f"{name}.attention.self.{one}", states)
        .reshape(len(states), HEADS, -1)
        .swapaxes(0, 1)
        for one in ("query", "key", "value")
    )
    weights = np.exp(query @ key.swapaxes(1, 2) / np.sqrt(WIDTH / HEADS))
    mixed = (weights / weights.sum(-1, keepdims=True) @ value).swapaxes(0, 1).reshape(states.shape)
    states = _norm(
        numbers,
        f"{name}.attention.output",
        states + _linear(numbers, f"{name}.attention.output.dense", mixed),
    )
    inner = np.maximum(0, _linear(numbers, f"{name}.intermediate.dense", states))
    return _norm(numbers, f"{name}.output", states + _linear(numbers, f"{name}.output.dense", inner))


def _linear(numbers: dict[str, Array], name: str, values: Array) -> Array:
    found: Array = values @ numbers[f"{name}.weight"].T + numbers[f"{name}.bias"]
    return found


def _norm(numbers: dict[str, Array], name: str, values: Array) -> Array:
    centred = values - values.mean(-1, keepdims=True)
    unit = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    found: Array = unit * numbers[f"{name}.LayerNorm.weight"] + numbers[f"{name}.LayerNorm.bias"]
    return found
