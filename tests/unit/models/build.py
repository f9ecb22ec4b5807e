"""Small GGUF and safetensors files, made to order."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key: str, value: object) -> bytes:
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    if isinstance(value, list):
        return text(key) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(text(str(one)) for one in value)
    assert isinstance(value, int)
    return text(key) + struct.pack("<II", 4, value)


META: Mapping[str, object] = {
    "general.architecture": "llama",
    "general.name": "Tiny",
    "llama.context_length": 128,
    "llama.block_count": 2,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.tokens": ["a", "b", "c"],
    "tokenizer.chat_template": "{{ messages }}",
}


def gguf(meta: Mapping[str, object] = META, version: int = 3, elements: int = 256, kind: int = 3) -> bytes:
    """One tensor of `elements` in type `kind` (3: Q4_1, 20 bytes for 32)."""
    head = (
        b"GGUF" + struct.pack("<IQQ", version, 1, len(meta)) + b"".join(pair(*item) for item in meta.items())
    )
    head += text("weights") + struct.pack("<IQIQ", 1, elements, kind, 0)
    return head + bytes(-len(head) % 32) + bytes(range(256)) * (elements * 20 // 32 // 256 + 1)


def safetensors(extra: bytes = b"", end: int = 8) -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, end]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(8) + extra
