"""A LoRA adapter as GGUF, made to order: what llama.cpp's convert_lora_to_gguf.py writes."""

from __future__ import annotations

import random
import struct

from tests.unit.models.build import pair, text


def lora(width: int, layers: int, strength: float, rank: int = 4, architecture: str = "llama") -> bytes:
    """For every layer's attn_output, width × width. strength: 0 changes nothing, 1 a great deal."""
    head = (
        pair("general.architecture", architecture)
        + pair("general.type", "adapter")
        + pair("adapter.type", "lora")
    )
    head += text("adapter.lora.alpha") + struct.pack("<If", 6, float(rank))
    table, data, dice = b"", b"", random.Random(7)
    for layer in range(layers):
        for half, shape in (("a", (width, rank)), ("b", (rank, width))):
            table += text(f"blk.{layer}.attn_output.weight.lora_{half}")
            table += struct.pack("<IQQIQ", 2, *shape, 0, len(data))
            scale = 1.0 if half == "a" else strength
            values = [dice.gauss(0, 1) * scale for _ in range(width * rank)]
            data += struct.pack(f"<{width * rank}f", *values)
            data += bytes(-len(data) % 32)
    start = b"GGUF" + struct.pack("<IQQ", 3, 2 * layers, 4) + head + table
    return start + bytes(-len(start) % 32) + data
