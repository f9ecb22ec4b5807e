"""The loops of a Llama-like model on a CPU, for Apache TVM: each function makes one kernel for `rows` tokens at once.

Weights are eight bits a number with one factor a row, packed so that one step of the innermost loop reads LANES outputs of
one input side by side: (outputs / LANES, inputs, LANES). The cache holds `slots` texts: keys
(slots, blocks, layers, heads, width, BLOCK), values (slots, blocks, layers, heads, BLOCK, width): a text takes memory as it
grows. All rows belong to one text, each with its place in it; a row at place -1 is idle.
"""

from __future__ import annotations

import math

from tvm.script import tirx as T  # noqa: N812  its own name for it
from tvm.tirx import PrimFunc

LANES = 32
"""Outputs at once: four registers of AVX2, enough to hide the time that a multiplication takes."""
BLOCK = 32
"""Tokens of a cache's block."""
LOW, TINY = -1e30, 1e-30
F32 = "float32"
I32 = "int32"


def packed(outputs: int, inputs: int) -> tuple[int, int, int]:
    return (outputs // LANES, inputs, LANES)


def embedding(rows: int, vocabulary: int, width: int) -> PrimFunc:
    """tokens → their vectors."""

    @T.prim_func(private=True)
    def embed(tokens_p: T.handle, table_p: T.handle, factor_p: T.handle, out_p: T.handle) -> None:
        tokens = T.match_buffer(tokens_p, (rows,), I32)
        table = T.match_buffer(table_p, packed(vocabulary, width), "int8")
        factor = T.match_buffer(factor_p, (vocabulary,), F32)
        out = T.match_buffer(out_p, (rows, width), F32)
        for m in T.serial(rows):
            for k in T.serial(width):
                out[m, k] = T.cast(table[tokens[m] // LANES, k, tokens[m] % LANES], F32) * factor[tokens[m]]

    return embed


def norm(rows: int, width: int, tiny: float) -> PrimFunc:
    """Each row divided by its root mean square, times the gains."""
    lanes = math.gcd(width, LANES)

    @T.prim_func(private=True)
    def rms_norm(x_p: T.handle, gain_p: T.handle, out_p: T.handle) -> None:
        x = T.match_buffer(x_p, (rows, width), F32)
        gain = T.match_buffer(gain_p, (width,), F32)
        out = T.match_buffer(out_p, (rows, width), F32)
        part = T.alloc_buffer((lanes,), F32, scope="local")
        total = T.alloc_buffer((1,), F32, scope="local")
        for m in T.serial(rows):
            for n in T.vectorized(lanes):
                part[n] = T.float32(0)
            for k in T.serial(width // lanes):
                for n in T.vectorized(lanes):
                    part[n] = part[n] + x[m, k * lanes + n] * x[m, k * lanes + n]
            total[0] = T.float32(0)
            for n in T.serial(lanes):
                total[0] = total[0] + part[n]
            total[0] = T.float32(1) / T.sqrt(total[0] / T.float32(width) + T.float32(tiny))
            for k in T.serial(width // lanes):
                for n in T.vectorized(lanes):
                    out[m, k * lanes + n] = x[m, k * lanes + n] * total[0] * gain[k * lanes + n]

    return rms_norm


def matmul(rows: int, outputs: int, inputs: int, added: int) -> PrimFunc:
    """x · weightsᵀ · factors + what is added: one row for all (biases), or a row each (what was there before the layer)."""
    tile, half = (rows, LANES) if rows < 4 else (4, LANES // 2)

    @T.prim_func(private=True)
    def multiply(x_p: T.handle, w_p: T.handle, f_p: T.handle, add_p: T.handle, out_p: T.handle) -> None:
        x = T.match_buffer(x_p, (rows, inputs), F32)
        weights = T.match_buffer(w_p, packed(outputs, inputs), "int8")
        factor = T.match_buffer(f_p, (outputs,), F32)
        add = T.match_buffer(add_p, (added, outputs), F32)
        out = T.match_buffer(out_p, (rows, outputs), F32)
        for j in T.parallel(outputs // LANES):
            acc = T.alloc_buffer((tile, half), F32, scope="local")
            for h in T.serial(LANES // half):
                for r in T.serial(rows // tile):
                    for m in T.unroll(tile):
                        for n in T.vectorized(half):
                            acc[m, n] = T.float32(0)
                    for k in T.serial(inputs):
                        for m in T.unroll(tile):
                            for n in T.vectorized(half):
                                acc[m, n] = acc[m, n] + x[r * tile + m, k] * T.cast(
                                    weights[j, k, h * half + n], F32
                                )
                    for m in T.unroll(tile):
                        for n in T.vectorized(half):
                            out[r * tile + m, j * LANES + h * half + n] = (
                                acc[m, n] * factor[j * LANES + h * half + n]
                                + add[(r * tile + m) % added, j * LANES + h * half + n]
                            )

    return multiply


def gate(rows: int, width: int) -> PrimFunc:
    """silu(first half) · second half."""

    @T.prim_func(private=True)
    def silu(x_p: T.handle, out_p: T.handle) -> None:
        x = T.match_buffer(x_p, (rows, 2 * width), F32)
        out = T.match_buffer(out_p, (rows, width), F32)
        for m in T.serial(rows):
            for k in T.serial(width):
                out[m, k] = x[m, k] / (T.float32(1) + T.exp(-x[m, k])) * x[m, width + k]

    return silu


def head_norm(rows: int, heads: int, kept: int, width: int, tiny: float) -> PrimFunc:
    """Each head of queries and of keys divided by its root mean square, times one gain for all of them; values as they are."""

    @T.prim_func(private=True)
    def normalise(x_p: T.handle, q_p: T.handle, k_p: T.handle, out_p: T.handle) -> None:
        x = T.match_buffer(x_p, (rows, heads + 2 * kept, width), F32)
        q_gain = T.match_buffer(q_p, (width,), F32)
        k_gain = T.match_buffer(k_p, (width,), F32)
        out = T.match_buffer(out_p, (rows, heads + 2 * kept, width), F32)
        total = T.alloc_buffer((1,), F32, scope="local")
        for m in T.serial(rows):
            for h in T.serial(heads + kept):
                total[0] = T.float32(0)
                for d in T.serial(width):
                    total[0] = total[0] + x[m, h, d] * x[m, h, d]
                total[0] = T.float32(1) / T.sqrt(total[0] / T.float32(width) + T.float32(tiny))
                for d in T.serial(width):
                    out[m, h, d] = x[m, h, d] * total[0] * T.if_then_else(h < heads, q_gain[d], k_gain[d])
            for h in T.serial(kept):
                for d in T.serial(width):
                    out[m, heads + kept + h, d] = x[m, heads + kept + h, d]

    return normalise


def rotation(rows: int, layers: int, heads: int, kept: int, width: int) -> PrimFunc:
    """Queries and keys turned by their place (halves, as Hugging Face has them); keys and values go into the cache.

    heads: of queries, which are scaled here; kept: heads of keys and of values.
    """
    half = width // 2
    scale = 1 / math.sqrt(width)

    @T.prim_func(private=True)
    def rotate(
        x_p: T.handle, cos_p: T.handle, sin_p: T.handle, place_p: T.handle, slot_p: T.handle,
        keys_p: T.handle, values_p: T.handle, layer: T.int64, out_p: T.handle,
    ) -> None:  # fmt: skip
        slots, blocks = T.int64(), T.int64()
        x = T.match_buffer(x_p, (rows, heads + 2 * kept, width), F32)
        cos = T.match_buffer(cos_p, (rows, half), F32)
        sin = T.match_buffer(sin_p, (rows, half), F32)
        place = T.match_buffer(place_p, (rows,), I32)
        slot = T.match_buffer(slot_p, (1,), I32)
        keys = T.match_buffer(keys_p, (slots, blocks, layers, kept, width, BLOCK), F32)
        values = T.match_buffer(values_p, (slots, blocks, layers, kept, BLOCK, width), F32)
        out = T.match_buffer(out_p, (rows, heads, width), F32)
        for m in T.serial(rows):
            for h in T.serial(heads):
                for d in T.serial(half):
                    out[m, h, d] = (x[m, h, d] * cos[m, d] - x[m, h, d + half] * sin[m, d]) * T.float32(scale)
                    out[m, h, d + half] = (
                        x[m, h, d + half] * cos[m, d] + x[m, h, d] * sin[m, d]
                    ) * T.float32(scale)
            if place[m] >= 0:
                for h in T.serial(kept):
                    for d in T.serial(half):
                        keys[slot[0], place[m] // BLOCK, layer, h, d, place[m] % BLOCK] = (
                            x[m, heads + h, d] * cos[m, d] - x[m, heads + h, d + half] * sin[m, d]
                        )
                        keys[slot[0], place[m] // BLOCK, layer, h, d + half, place[m] % BLOCK] = (
                            x[m, heads + h, d + half] * cos[m, d] + x[m, heads + h, d] * sin[m, d]
                        )
                    for d in T.serial(width):
                        values[slot[0], place[m] // BLOCK, layer, h, place[m] % BLOCK, d] = x[
                            m, heads + kept + h, d
                        ]

    return rotate


def attention(rows: int, layers: int, heads: int, kept: int, width: int) -> PrimFunc:
    """Every row looks at what the slot holds up to its own place: softmax block by block, with the largest score so far
    taken out (Milakov and Gimelshein, 2018)."""
    share = heads // kept
    lanes = math.gcd(width, LANES)

    @T.prim_func(private=True)
    def attend(
        q_p: T.handle, place_p: T.handle, slot_p: T.handle,
        keys_p: T.handle, values_p: T.handle, layer: T.int64, out_p: T.handle,
    ) -> None:  # fmt: skip
        slots, blocks = T.int64(), T.int64()
        q = T.match_buffer(q_p, (rows, heads, width), F32)
        place = T.match_buffer(place_p, (rows,), I32)
        slot = T.match_buffer(slot_p, (1,), I32)
        keys = T.match_buffer(keys_p, (slots, blocks, layers, kept, width, BLOCK), F32)
        values = T.match_buffer(values_p, (slots, blocks, layers, kept, BLOCK, width), F32)
        out = T.match_buffer(out_p, (rows, heads, width), F32)
        for job in T.parallel(rows * heads):
            score = T.alloc_buffer((BLOCK,), F32, scope="local")
            acc = T.alloc_buffer((lanes,), F32, scope="local")
            top = T.alloc_buffer((2,), F32, scope="local")
            total = T.alloc_buffer((1,), F32, scope="local")
            m: T.let = job // heads
            h: T.let = job % heads
            for d in T.serial(width):
                out[m, h, d] = T.float32(0)
            top[0] = T.float32(LOW)
            total[0] = T.float32(0)
            for b in T.serial(place[m] // BLOCK + 1):
                for t in T.vectorized(BLOCK):
                    score[t] = T.float32(0)
                for d in T.serial(width):
                    for t in T.vectorized(BLOCK):
                        score[t] = score[t] + q[m, h, d] * keys[slot[0], b, layer, h // share, d, t]
                top[1] = top[0]
                for t in T.serial(BLOCK):
                    score[t] = T.if_then_else(b * BLOCK + t <= place[m], score[t], T.float32(LOW))
                    top[0] = T.max(top[0], score[t])
                top[1] = T.exp(top[1] - top[0])
                total[0] = total[0] * top[1]
                for t in T.serial(BLOCK):
                    score[t] = T.exp(score[t] - top[0])
                    total[0] = total[0] + score[t]
                for c in T.serial(width // lanes):
                    for n in T.vectorized(lanes):
                        acc[n] = out[m, h, c * lanes + n] * top[1]
                    for t in T.serial(BLOCK):
                        for n in T.vectorized(lanes):
                            acc[n] = (
                                acc[n] + score[t] * values[slot[0], b, layer, h // share, t, c * lanes + n]
                            )
                    for n in T.vectorized(lanes):
                        out[m, h, c * lanes + n] = acc[n]
            for d in T.serial(width):
                out[m, h, d] = out[m, h, d] / T.max(total[0], T.float32(TINY))

    return attend


def pick(rows: int, width: int) -> PrimFunc:
    """One of the rows."""

    @T.prim_func(private=True)
    def take(x_p: T.handle, which_p: T.handle, out_p: T.handle) -> None:
        x = T.match_buffer(x_p, (rows, width), F32)
        which = T.match_buffer(which_p, (1,), I32)
        out = T.match_buffer(out_p, (1, width), F32)
        for k in T.serial(width):
            out[0, k] = x[which[0], k]

    return take
