# /// script
# dependencies = [
#     "apache-tvm==0.27.0.post1", "apache-tvm-ffi==0.1.15.post2", "numpy>=2", "safetensors>=0.8", "ml-dtypes>=0.5",
#     "tokenizers>=0.22",
# ]
# ///
"""Small models of random numbers, one of each kind that TVM compiles here, against the same in plain numpy.

Prints a line a model: its name, the largest difference between the logits, the largest logit. Fails where they are not alike,
where a prompt in one piece and token by token differ at all, and where a text disturbs the one in the next slot.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import made
import ml_dtypes
import numpy as np
import processor
import to_tvm
import tvm_model
import tvm_run
from safetensors.numpy import save_file

OUT = os.fdopen(made.OUT, "w")
"""Standard output, which a conversion keeps for its archive."""
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
KINDS: dict[str, dict[str, Any]] = {
    "llama": {
        "architectures": ["LlamaForCausalLM"],
        "rope_parameters": {"rope_theta": 1e5},
        "tie_word_embeddings": True,
    },
    "llama3": {
        "architectures": ["LlamaForCausalLM"],
        "rope_scaling": {**LLAMA3, "original_max_position_embeddings": 64},
        "rope_theta": 5e5,
    },
    "mistral": {"architectures": ["MistralForCausalLM"], "num_key_value_heads": 1, "sliding_window": None},
    "qwen3": {"architectures": ["Qwen3ForCausalLM"], "head_dim": 64, "tie_word_embeddings": True},
    "qwen2": {"architectures": ["Qwen2ForCausalLM"], "sliding_window": 64, "use_sliding_window": False},
}
COMMON: dict[str, Any] = {
    "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "head_dim": 32, "vocab_size": 101, "max_position_embeddings": 128, "rms_norm_eps": 1e-5, "hidden_act": "silu",
}  # fmt: skip


def make(folder: str, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Hugging Face folder in bfloat16, in two shards. Returns its tensors."""
    config = {**COMMON, **KINDS[kind]}
    chance = np.random.default_rng(7)
    hidden, middle, width = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    sizes = {"model.embed_tokens.weight": (config["vocab_size"], hidden), "model.norm.weight": (hidden,)}
    if not config.get("tie_word_embeddings"):
        sizes["lm_head.weight"] = (config["vocab_size"], hidden)
    for layer in range(config["num_hidden_layers"]):
        own = f"model.layers.{layer}."
        heads = {
            "q": config["num_attention_heads"],
            "k": config["num_key_value_heads"],
            "v": config["num_key_value_heads"],
        }
        for letter, count in heads.items():
            sizes[f"{own}self_attn.{letter}_proj.weight"] = (count * width, hidden)
            if kind == "qwen3" and letter != "v":
                sizes[f"{own}self_attn.{letter}_norm.weight"] = (width,)
            if kind == "qwen2":
                sizes[f"{own}self_attn.{letter}_proj.bias"] = (count * width,)
        sizes[own + "self_attn.o_proj.weight"] = (hidden, heads["q"] * width)
        sizes |= {
            own + "mlp.gate_proj.weight": (middle, hidden),
            own + "mlp.up_proj.weight": (middle, hidden),
        }
        sizes |= {own + "mlp.down_proj.weight": (hidden, middle)}
        sizes |= {
            own + "input_layernorm.weight": (hidden,),
            own + "post_attention_layernorm.weight": (hidden,),
        }
    tensors = {
        name: (chance.standard_normal(size) * 0.2).astype(ml_dtypes.bfloat16) for name, size in sizes.items()
    }
    names = list(tensors)
    for part, some in enumerate((names[::2], names[1::2])):
        save_file({name: tensors[name] for name in some}, f"{folder}/model-{part}.safetensors")
    Path(folder, "config.json").write_text(json.dumps(config))
    return config, {name: eight(value.astype(np.float32)) for name, value in tensors.items()}


def eight(table: Any) -> Any:
    """What eight bits a number leave of it. In 32 bits, as it is done: a tie is rounded elsewhere in 64."""
    if table.ndim == 1:
        return table.astype(np.float64)
    factor = np.abs(table).max(axis=1, keepdims=True) / np.float32(127)
    return np.rint(table / factor).astype(np.float64) * factor


def expected(
    config: dict[str, Any], tensors: dict[str, Any], tokens: list[int], turning: Sequence[float]
) -> Any:
    """Logits after the last token, by the definition."""

    def normal(x: Any, gain: Any) -> Any:
        return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + config["rms_norm_eps"]) * gain

    def turned(x: Any) -> Any:
        angle = np.arange(len(tokens))[:, None, None] * np.array(turning)
        left, right = np.split(x, 2, axis=-1)
        cos, sin = np.cos(angle), np.sin(angle)
        return np.concatenate([left * cos - right * sin, right * cos + left * sin], axis=-1)

    width, heads, kept = config["head_dim"], config["num_attention_heads"], config["num_key_value_heads"]
    x = tensors["model.embed_tokens.weight"][tokens]
    hidden_from = np.triu(np.ones((len(tokens), len(tokens)), bool), 1)
    for layer in range(config["num_hidden_layers"]):
        own = f"model.layers.{layer}."
        y = normal(x, tensors[own + "input_layernorm.weight"])
        q, k, v = (
            (y @ tensors[f"{own}self_attn.{letter}_proj.weight"].T + tensors.get(f"{own}self_attn.{letter}_proj.bias", 0))
            .reshape(len(tokens), -1, width)
            for letter in "qkv"
        )  # fmt: skip
        if own + "self_attn.q_norm.weight" in tensors:
            q, k = (
                normal(part, tensors[f"{own}self_attn.{letter}_norm.weight"])
                for part, letter in ((q, "q"), (k, "k"))
            )
        q, k, v = turned(q), np.repeat(turned(k), heads // kept, axis=1), np.repeat(v, heads // kept, axis=1)
        score = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(width)
        score[:, hidden_from] = -np.inf
        share = np.exp(score - score.max(axis=-1, keepdims=True))
        share /= share.sum(axis=-1, keepdims=True)
        seen = np.einsum("hqk,khd->qhd", share, v).reshape(len(tokens), -1)
        x = x + seen @ tensors[own + "self_attn.o_proj.weight"].T
        y = normal(x, tensors[own + "post_attention_layernorm.weight"])
        gate = y @ tensors[own + "mlp.gate_proj.weight"].T
        inner = gate / (1 + np.exp(-gate)) * (y @ tensors[own + "mlp.up_proj.weight"].T)
        x = x + inner @ tensors[own + "mlp.down_proj.weight"].T
    head = tensors.get("lm_head.weight", tensors["model.embed_tokens.weight"])
    return normal(x[-1], tensors["model.norm.weight"]) @ head.T


def check(kind: str) -> None:
    with tempfile.TemporaryDirectory() as room:
        folder, out = room + "/in", room + "/out"
        Path(folder).mkdir()
        Path(out).mkdir()
        config, tensors = make(folder, kind)
        to_tvm.write(folder, processor.baseline(), out)
        turning = tvm_model.read_shape(folder).turning
        tokens = np.random.default_rng(3).integers(0, config["vocab_size"], 77).tolist()
        want = expected(config, tensors, tokens, turning)
        model = tvm_run.Model(out, context=128, slots=2)
        whole = model.feed(tokens, 0, 1)
        model.feed(tokens[::-1], 0, 0)
        for place, token in enumerate(tokens[:-1]):
            model.feed([token], place, 0)
        single = model.feed(tokens[-1:], len(tokens) - 1, 0)
        again = model.feed(tokens[-1:], len(tokens) - 1, 1)
        apart = float(np.abs(whole - want).max())
        print(kind, f"{apart:.1e}", f"{np.abs(want).max():.2f}", file=OUT, flush=True)
        assert whole.shape == (config["vocab_size"],)
        assert apart < 1e-4 * np.abs(want).max() + 1e-4, (whole[:5], want[:5])
        assert (whole == single).all(), "a prompt in one piece differs from one token by token"
        assert (whole == again).all(), "one text disturbs another"


if __name__ == "__main__":
    for name in sys.argv[1:] or KINDS:
        check(name)
