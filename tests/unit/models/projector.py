"""A projector of images (mmproj) as GGUF, made to order: LLaVA's kind, a vision transformer of two layers and two matrices behind it.

Names and shapes are those that llama.cpp's clip.cpp asks for (`clip.projector_type` mlp).
"""

from __future__ import annotations

import random
import struct

from tests.unit.models.build import pair, text

SIZE, PATCH, WIDTH, INNER, LAYERS, HEADS = 28, 14, 32, 48, 2, 2


def projector(width: int) -> bytes:
    """Into the space of a model whose embeddings have `width` numbers. Its weights are dice's: it sees, and understands nothing."""
    meta = [
        pair("general.architecture", "clip"),
        pair("general.type", "mmproj"),
        pair("clip.projector_type", "mlp"),
        *(_flag(name) for name in ("clip.has_vision_encoder", "clip.use_gelu")),
        *(
            pair(f"clip.vision.{name}", value)
            for name, value in (
                ("image_size", SIZE),
                ("patch_size", PATCH),
                ("embedding_length", WIDTH),
                ("feed_forward_length", INNER),
                ("block_count", LAYERS),
                ("projection_dim", width),
                ("attention.head_count", HEADS),
            )
        ),
        text("clip.vision.attention.layer_norm_epsilon") + struct.pack("<If", 6, 1e-5),
        *(_floats(f"clip.vision.image_{name}", (0.5, 0.5, 0.5)) for name in ("mean", "std")),
    ]
    table, data, dice = b"", b"", random.Random(7)
    shapes = _shapes(width)
    for name, shape in shapes.items():
        table += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(data))
        count = 1
        for side in shape:
            count *= side
        centre = 1.0 if name.endswith("ln.weight") or (".ln" in name and name.endswith("weight")) else 0.0
        data += struct.pack(f"<{count}f", *(dice.gauss(centre, 0.1) for _ in range(count)))
        data += bytes(-len(data) % 32)
    start = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(meta)) + b"".join(meta) + table
    return start + bytes(-len(start) % 32) + data


def _shapes(width: int) -> dict[str, tuple[int, ...]]:
    """GGUF's order: the side that lies together in memory first."""
    found: dict[str, tuple[int, ...]] = {
        "v.class_embd": (WIDTH,),
        "v.patch_embd.weight": (PATCH, PATCH, 3, WIDTH),
        "v.position_embd.weight": (WIDTH, (SIZE // PATCH) ** 2 + 1),
        "mm.0.weight": (WIDTH, width),
        "mm.0.bias": (width,),
        "mm.2.weight": (width, width),
        "mm.2.bias": (width,),
    }
    norms = ["v.pre_ln"]
    for layer in range(LAYERS):
        block = f"v.blk.{layer}"
        norms += [f"{block}.ln1", f"{block}.ln2"]
        for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
            found |= {f"{block}.{part}.weight": (WIDTH, WIDTH), f"{block}.{part}.bias": (WIDTH,)}
        found |= {f"{block}.ffn_up.weight": (WIDTH, INNER), f"{block}.ffn_up.bias": (INNER,)}
        found |= {f"{block}.ffn_down.weight": (INNER, WIDTH), f"{block}.ffn_down.bias": (WIDTH,)}
    return found | {f"{norm}.{part}": (WIDTH,) for norm in norms for part in ("weight", "bias")}


def _flag(key: str) -> bytes:
    return text(key) + struct.pack("<I?", 7, True)


def _floats(key: str, values: tuple[float, ...]) -> bytes:
    return text(key) + struct.pack(f"<IIQ{len(values)}f", 9, 6, len(values), *values)
