"""A Llama-like model as Apache TVM's graph (Relax), and its parameters out of a Hugging Face folder.

    step_N(tokens, places, slot, last, cos, sin, keys, values, parameters) → logits after row `last`

for N tokens of the text in `slot`, whose keys and values it writes into the cache that it is given.

What differs between the architectures that this knows is in `Shape`; another one is refused with its name.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Iterator, Mapping

import numpy as np
import safetensors
import tvm
import tvm_kernels as kernels
from tvm import relax

KNOWN = ("LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM")


class UnsupportedError(Exception):
    """Why this model cannot be compiled."""


@dataclasses.dataclass(frozen=True)
class Shape:
    """A model's dimensions. heads: of queries; kept: heads of keys and values; width: of one head; turning: radians a token,
    one number for each pair of a head's."""

    layers: int
    hidden: int
    middle: int
    heads: int
    kept: int
    width: int
    vocabulary: int
    context: int
    tiny: float
    tied: bool
    biased: bool
    normed: bool
    turning: tuple[float, ...]

    @property
    def padded(self) -> int:
        """The vocabulary in whole groups of outputs."""
        return self.vocabulary + -self.vocabulary % int(kernels.LANES)

    @property
    def together(self) -> int:
        """Outputs of queries, keys and values."""
        return (self.heads + 2 * self.kept) * self.width


def read_shape(folder: str) -> Shape:
    """From config.json. UnsupportedError: what it says is not computed here."""
    with open(folder + "/config.json", encoding="utf-8") as file:
        config = json.load(file)
    name = (config.get("architectures") or ["?"])[0]
    heads, hidden = config["num_attention_heads"], config["hidden_size"]
    shape = Shape(
        layers=config["num_hidden_layers"],
        hidden=hidden,
        middle=config["intermediate_size"],
        heads=heads,
        kept=config.get("num_key_value_heads") or heads,
        width=config.get("head_dim") or hidden // heads,
        vocabulary=config["vocab_size"],
        context=config["max_position_embeddings"],
        tiny=config["rms_norm_eps"],
        tied=bool(config.get("tie_word_embeddings")),
        biased=name == "Qwen2ForCausalLM" or bool(config.get("attention_bias")),
        normed=name == "Qwen3ForCausalLM",
        turning=tuple(_turning(config, config.get("head_dim") or hidden // heads)),
    )
    _refuse(name, config, shape)
    return shape


def _refuse(name: str, config: Mapping[str, object], shape: Shape) -> None:
    said = {
        "the architecture %s (known: %s)" % (name, ", ".join(KNOWN)): name not in KNOWN,
        "the activation %s" % config.get("hidden_act"): config.get("hidden_act", "silu") != "silu",
        "biases of %s" % name: name != "Qwen2ForCausalLM"
        and bool(config.get("attention_bias") or config.get("mlp_bias")),
        "a sliding window": bool(config.get("sliding_window")) and config.get("use_sliding_window", True),
        "dimensions that are no multiples of %d" % kernels.LANES: any(
            number % kernels.LANES
            for number in (shape.hidden, 2 * shape.middle, shape.together, shape.heads * shape.width)
        ),
    }
    for what, is_so in said.items():
        if is_so:
            raise UnsupportedError(what)


def _turning(config: Mapping[str, object], width: int) -> Iterator[float]:
    """Rotary embeddings' frequencies: plain, or stretched as Llama 3 has it."""
    said: dict[str, float | str] = {}
    for key in ("rope_scaling", "rope_parameters"):
        found = config.get(key)
        said.update(found if isinstance(found, dict) else {})
    kind = said.get("rope_type") or said.get("type") or "default"
    if kind not in ("default", "linear", "llama3"):
        raise UnsupportedError("positions of the kind %s" % kind)
    base = float(said.get("rope_theta") or config.get("rope_theta") or 10000.0)  # type: ignore[arg-type]  # a number
    for pair in range(width // 2):
        plain = base ** (-2 * pair / width)
        if kind == "linear":
            plain /= float(said["factor"])
        yield _stretched(plain, said) if kind == "llama3" else plain


def _stretched(plain: float, said: Mapping[str, float | str]) -> float:
    factor, low, high = (float(said[key]) for key in ("factor", "low_freq_factor", "high_freq_factor"))
    turns = float(said["original_max_position_embeddings"]) * plain / (2 * math.pi)
    mixed = min(max((turns - low) / (high - low), 0.0), 1.0)
    return (1 - mixed) * plain / factor + mixed * plain


def parameters(folder: str, shape: Shape) -> Iterator[tuple[str, np.ndarray]]:
    """Names and values, in the order in which the compiled functions take them."""
    read = _reader(folder)
    yield from _eight("table", _rows(read("model.embed_tokens.weight"), shape.padded))
    if not shape.tied:
        yield from _eight("head", _rows(read("lm_head.weight"), shape.padded))
    yield "norm", read("model.norm.weight")
    for number in range(shape.layers):
        own, name = "model.layers.%d." % number, "%d." % number
        parts = [own + "self_attn.%s_proj" % letter for letter in "qkv"]
        yield name + "before", read(own + "input_layernorm.weight")
        yield from _eight(name + "qkv", np.concatenate([read(part + ".weight") for part in parts]))
        if shape.biased:
            yield name + "qkv.bias", np.concatenate([read(part + ".bias") for part in parts])[None, :]
        for letter in "qk" if shape.normed else "":
            yield name + letter, read(own + "self_attn.%s_norm.weight" % letter)
        yield from _eight(name + "out", read(own + "self_attn.o_proj.weight"))
        yield name + "after", read(own + "post_attention_layernorm.weight")
        gates = [read(own + "mlp.%s_proj.weight" % part) for part in ("gate", "up")]
        yield from _eight(name + "gate", np.concatenate(gates))
        yield from _eight(name + "down", read(own + "mlp.down_proj.weight"))


def _reader(folder: str):  # type: ignore[no-untyped-def]  # a function of a name
    """What reads a tensor of the folder as 32-bit numbers, from whichever shard has it."""
    where = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".safetensors"):
            shard = safetensors.safe_open(folder + "/" + name, framework="numpy")
            where.update(dict.fromkeys(shard.keys(), shard))

    def read(name: str) -> np.ndarray:
        if name not in where:
            raise UnsupportedError("weights without %s" % name)
        return np.ascontiguousarray(where[name].get_tensor(name).astype(np.float32))

    return read


def _rows(table: np.ndarray, count: int) -> np.ndarray:
    return np.pad(table, ((0, count - len(table)), (0, 0)))


def _eight(name: str, table: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Eight bits a number and one factor a row, packed as the kernels read them."""
    factor = np.maximum(np.abs(table).max(axis=1), 1e-12) / 127
    whole = np.rint(table / factor[:, None]).astype(np.int8)
    outputs, inputs = table.shape
    lanes = whole.reshape(outputs // kernels.LANES, kernels.LANES, inputs)
    yield name, np.ascontiguousarray(lanes.transpose(0, 2, 1))
    yield name + ".factor", factor.astype(np.float32)


def graph(
    shape: Shape, types: Mapping[str, tuple[tuple[int, ...], str]], sizes: tuple[int, ...]
) -> tvm.IRModule:
    """All functions. types: shape and dtype of each parameter, in order; sizes: tokens at once, one `step` each."""
    builder = relax.BlockBuilder()
    for rows in sizes:
        _Function(builder, shape, types, rows).step()
    return builder.finalize()


class _Function:
    """One function of the graph while it is written."""

    def __init__(
        self,
        builder: relax.BlockBuilder,
        shape: Shape,
        types: Mapping[str, tuple[tuple[int, ...], str]],
        rows: int,
    ) -> None:
        self.builder, self.shape, self.rows, self.types = builder, shape, rows, types
        self.taken = relax.Var(
            "parameters", relax.TupleType([relax.TensorType(size, kind) for size, kind in types.values()])
        )

    def step(self) -> None:
        shape, rows = self.shape, self.rows
        slots, blocks = tvm.tirx.Var("slots", "int64"), tvm.tirx.Var("blocks", "int64")
        caches = [
            relax.TensorType((slots, blocks, shape.layers, shape.kept, *inner), kernels.F32)
            for inner in ((shape.width, kernels.BLOCK), (kernels.BLOCK, shape.width))
        ]
        ints, one = (relax.TensorType((size,), kernels.I32) for size in (rows, 1))
        turns = relax.TensorType((rows, shape.width // 2), kernels.F32)
        tokens, place, slot, last = map(
            relax.Var, ("tokens", "places", "slot", "last"), (ints, ints, one, one)
        )
        cos, sin, keys, values = map(relax.Var, ("cos", "sin", "keys", "values"), (turns, turns, *caches))
        self.where, self.caches = (cos, sin, place, slot), [keys, values]
        given = [tokens, place, slot, last, cos, sin, keys, values, self.taken]
        with self.builder.function("step_%d" % rows, given):
            embed = kernels.embedding(rows, shape.padded, shape.hidden)
            x = self.call(embed, (tokens, *self.weight("table")), (rows, shape.hidden))
            for number in range(shape.layers):
                x = self.layer(x, number)
            x = self.call(kernels.pick(rows, shape.hidden), (x, last), (1, shape.hidden))
            x = self.matmul(self.normal(x, "norm"), "table" if shape.tied else "head", None)
            self.builder.emit_func_output(x)

    def layer(self, x: relax.Var, number: int) -> relax.Var:
        shape, rows, name = self.shape, self.rows, "%d." % number
        each = (shape.layers, shape.heads, shape.kept, shape.width)
        layer = tvm.tirx.IntImm("int64", number)
        bias = self.one(name + "qkv.bias") if shape.biased else None
        qkv = self.matmul(self.normal(x, name + "before"), name + "qkv", bias)
        parted = (rows, shape.heads + 2 * shape.kept, shape.width)
        qkv = self.emit(relax.op.reshape(qkv, parted))
        if shape.normed:
            kernel = kernels.head_norm(rows, *each[1:], shape.tiny)
            qkv = self.call(kernel, (qkv, self.one(name + "q"), self.one(name + "k")), parted)
        turned = relax.TensorType((rows, shape.heads, shape.width), kernels.F32)
        three = self.emit(
            relax.call_tir_inplace(
                self.builder.add_func(kernels.rotation(rows, *each), "rotate"),
                [qkv, *self.where, *self.caches, layer],
                inplace_indices=[5, 6, -1],
                out_ty=[*(cache.ty for cache in self.caches), turned],
            )
        )
        *self.caches, q = (self.emit(three[part]) for part in range(3))
        given = (q, *self.where[2:], *self.caches, layer)
        seen = self.call(kernels.attention(rows, *each), given, (rows, shape.heads, shape.width))
        seen = self.emit(relax.op.reshape(seen, (rows, shape.heads * shape.width)))
        x = self.matmul(seen, name + "out", x)
        both = self.matmul(self.normal(x, name + "after"), name + "gate", None)
        inner = self.call(kernels.gate(rows, shape.middle), (both,), (rows, shape.middle))
        return self.matmul(inner, name + "down", x)

    def normal(self, x: relax.Var, name: str) -> relax.Var:
        rows, width = (int(size) for size in x.ty.shape)
        return self.call(kernels.norm(rows, width, self.shape.tiny), (x, self.one(name)), (rows, width))

    def matmul(self, x: relax.Var, name: str, add: relax.Expr | None) -> relax.Var:
        packed, _ = self.types[name]
        rows, outputs, inputs = int(x.ty.shape[0]), packed[0] * packed[2], packed[1]
        if add is None:
            add = relax.const(np.zeros((1, outputs), np.float32))
        added = int(add.ty.shape[0])
        kernel = kernels.matmul(rows, outputs, inputs, added)
        return self.call(kernel, (x, *self.weight(name), add), (rows, outputs))

    def weight(self, name: str) -> tuple[relax.Var, relax.Var]:
        return self.one(name), self.one(name + ".factor")

    def one(self, name: str) -> relax.Var:
        return self.emit(self.taken[list(self.types).index(name)])

    def call(self, kernel: object, arguments: tuple[relax.Expr, ...], out: tuple[int, ...]) -> relax.Var:
        function = self.builder.add_func(kernel, "kernel")
        return self.emit(relax.call_tir(function, list(arguments), relax.TensorType(out, kernels.F32)))

    def emit(self, expression: relax.Expr) -> relax.Var:
        return self.builder.emit(expression)
