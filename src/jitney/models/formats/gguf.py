"""Read the header of a GGUF file (versions 2 and 3) without trusting a byte of it.

magic "GGUF" · version u32 · tensors u64 · pairs u64 · pairs: key, type, value … · tensors: name, shape, type, offset …
then, aligned, the tensors' data. Little-endian. Source: the GGUF specification in ggml's docs/gguf.md.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jitney.errors import ModelError
from jitney.models.model import Kind, ModelInfo, Role

MAX_PAIRS = 1 << 16
MAX_TENSORS = 1 << 18
MAX_ARRAY = 1 << 24
MAX_ITEMS = 1 << 23
"""Texts and arrays inside all arrays of a file: each is looked at. The largest vocabularies have a million, merges included."""
MAX_TEXT = 1 << 24
"""Bytes of one value; the longest seen, a chat template, takes some 60,000."""
MAX_NAME = 1 << 16
MAX_ELEMENTS = 1 << 44
MAX_DEPTH = 4

ENCODERS = (
    "bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "modern-bert", "neo-bert", "eurobert", "t5encoder",
)  # fmt: skip
"""Architectures that give vectors and no text."""
_RANK = 4
"""llama.cpp's pooling type of rerankers (llama.h)."""

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

# ggml's tensor types: id → name, elements in a block, bytes of a block (ggml-common.h)
_TENSORS = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
}  # fmt: skip


class _CutError(Exception):
    """The file ends before byte `wanted`."""

    def __init__(self, wanted: int) -> None:
        super().__init__(wanted)
        self.wanted = wanted


class _Header:
    """A cursor over the mapped file; every step is checked against its end."""

    def __init__(self, data: mmap.mmap | bytes) -> None:
        self.data = data
        self.size = len(data)
        self.at = 0
        self.items = 0

    def skip(self, count: int) -> int:
        start = self.at
        if count > self.size - start:
            raise _CutError(start + count)
        self.at = start + count
        return start

    def scalar(self, code: str) -> int | float | bool:
        layout = struct.Struct("<" + code)
        value: int | float | bool = layout.unpack_from(self.data, self.skip(layout.size))[0]
        return value

    def u32(self) -> int:
        return int(self.scalar("I"))

    def u64(self) -> int:
        return int(self.scalar("Q"))

    def text(self, most: int = MAX_TEXT) -> str:
        length = self.u64()
        if length > most:
            raise ValueError(f"a {'name' if most == MAX_NAME else 'text'} of {length} bytes")
        start = self.skip(length)
        return bytes(self.data[start : start + length]).decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> object:
        """A pair's value; of arrays only the length, as an int."""
        if kind in _SCALARS:
            return self.scalar(_SCALARS[kind])
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY or depth >= MAX_DEPTH:
            raise ValueError(f"a value of unknown type {kind}")
        return self._array(depth)

    def _array(self, depth: int) -> int:
        kind, count = self.u32(), self.u64()
        if count > MAX_ARRAY:
            raise ValueError(f"an array of {count} elements")
        if kind in _SCALARS:
            self.skip(count * struct.calcsize("<" + _SCALARS[kind]))
            return count
        self.items += count
        if self.items > MAX_ITEMS:
            raise ValueError(f"more than {MAX_ITEMS} elements in its arrays")
        if kind == _STRING:
            self._skip_strings(count)
        else:
            for _ in range(count):
                self.value(kind, depth + 1)
        return count

    def _skip_strings(self, count: int) -> None:
        """Vocabularies: hundreds of thousands of strings, so no call per string."""
        data, at, size = self.data, self.at, self.size
        length_of = struct.Struct("<Q").unpack_from
        for _ in range(count):
            if at + 8 > size:
                raise _CutError(at + 8)
            at += 8 + length_of(data, at)[0]
            if at > size:
                raise _CutError(at)
        self.at = at


def read_gguf(path: Path, name: str = "") -> ModelInfo:
    """What the header says. name: of the file, for messages, where `path` is a blob.

    Raises ModelError: not GGUF, a header that makes no sense, or a file cut short (with the bytes seen and expected).
    """
    with _mapped(path, name or path.name) as data:
        return parse_gguf(data, name or path.name)


def read_texts(path: Path, prefix: str) -> dict[str, str]:
    """The texts among the metadata whose keys begin with `prefix`. Raises ModelError as `read_gguf` does."""
    with _mapped(path, path.name) as data, _translated(header := _Header(data), path.name):
        meta, _ = _metadata(header)
    return {key: value for key, value in meta.items() if key.startswith(prefix) and isinstance(value, str)}


def parse_gguf(data: mmap.mmap | bytes, name: str) -> ModelInfo:
    """As `read_gguf`, over bytes at hand. name: for messages."""
    with _translated(header := _Header(data), name):
        meta, tensors = _metadata(header)
        return _info(meta, _Tensors(header, tensors, _positive(meta, "general.alignment", 32)))


@contextmanager
def _mapped(path: Path, name: str) -> Iterator[mmap.mmap]:
    try:
        with path.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise ModelError(f"{name}: not a GGUF file: it is empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                yield data
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error


@contextmanager
def _translated(header: _Header, name: str) -> Iterator[None]:
    try:
        yield
    except _CutError as cut:
        raise ModelError(
            f"{name}: the file is cut short: {header.size:,} bytes, at least {cut.wanted:,} expected",
            "download it again; what lies in the Store is checked by:  jitney verify",
        ) from cut
    except ValueError as error:
        raise ModelError(f"{name}: not a usable GGUF file: {error}") from error


def _metadata(header: _Header) -> tuple[dict[str, object], int]:
    """Key → value, and how many tensors follow."""
    if header.size < 4 or bytes(header.data[:4]) != b"GGUF":
        raise ValueError("it does not begin with GGUF")
    header.skip(4)
    version = header.u32()
    if version not in (2, 3):
        raise ValueError(f"version {version}; 2 and 3 are known")
    tensors, pairs = header.u64(), header.u64()
    if tensors > MAX_TENSORS or pairs > MAX_PAIRS:
        raise ValueError(f"{tensors} tensors and {pairs} pairs of metadata")
    meta: dict[str, object] = {}
    for _ in range(pairs):
        key = header.text(MAX_NAME)
        meta[key] = header.value(header.u32())
    return meta, tensors


class _Tensors:
    """The tensor table: sizes by type. The constructor checks that the file holds all of them."""

    def __init__(self, header: _Header, count: int, alignment: int) -> None:
        self.bytes: dict[str, int] = {}
        self.parameters = 0
        end = 0
        for _ in range(count):
            end = max(end, self._one(header, alignment))
        start = -(-header.at // alignment) * alignment
        if count and start + end > header.size:
            raise _CutError(start + end)

    def _one(self, header: _Header, alignment: int) -> int:
        name = header.text(MAX_NAME)
        dimensions = header.u32()
        if dimensions > 8:
            raise ValueError(f"tensor {name[:64]} has {dimensions} dimensions")
        elements = 1
        for _ in range(dimensions):
            elements *= header.u64()
        kind, offset = header.u32(), header.u64()
        if elements > MAX_ELEMENTS:
            raise ValueError(f"tensor {name[:64]} has {elements} elements")
        if offset % alignment:
            raise ValueError(f"tensor {name[:64]} lies at {offset}, not on a multiple of {alignment}")
        self.parameters += elements
        if kind not in _TENSORS:  # a type newer than this table: its size is not known
            self.bytes[f"type {kind}"] = 0
            return offset
        label, block, size = _TENSORS[kind]
        total = -(-elements // block) * size
        self.bytes[label] = self.bytes.get(label, 0) + total
        return offset + total


def _positive(meta: dict[str, object], key: str, default: int) -> int:
    value = meta.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 40:
        return default
    return value


def _words(meta: dict[str, object], key: str) -> str:
    value = meta.get(key, "")
    return value[:200] if isinstance(value, str) else ""


def _info(meta: dict[str, object], tensors: _Tensors) -> ModelInfo:
    arch = _words(meta, "general.architecture")
    if not arch and "split.no" not in meta:  # shards but the first have tensors alone
        raise ValueError("its metadata names no architecture (general.architecture)")
    embedding = _positive(meta, f"{arch}.embedding_length", 0)
    heads = _positive(meta, f"{arch}.attention.head_count", 1)
    kv_heads = _positive(meta, f"{arch}.attention.head_count_kv", heads)
    head_width = _positive(meta, f"{arch}.attention.key_length", embedding // heads)
    return ModelInfo(
        architecture=arch,
        name=_words(meta, "general.name"),
        context=_positive(meta, f"{arch}.context_length", 0),
        quantisation=max(tensors.bytes, key=lambda label: tensors.bytes[label], default=""),
        parameters=tensors.parameters,
        tensor_bytes=sum(tensors.bytes.values()),
        layers=_positive(meta, f"{arch}.block_count", 0),
        kv_width=kv_heads * head_width,
        embedding=embedding,
        vocabulary=_positive(meta, "tokenizer.ggml.tokens", 0),
        chat_template=isinstance(meta.get("tokenizer.chat_template"), str),
        pooling=f"{arch}.pooling_type" in meta,
        kind=_kind(meta, arch),
        licence=_words(meta, "general.license"),
        role=_role(meta, arch),
    )


def _role(meta: dict[str, object], arch: str) -> Role:
    kind = _words(meta, "general.type")
    if kind == "adapter":
        return "adapter"
    return "projector" if kind == "mmproj" or arch == "clip" else "model"


def _kind(meta: dict[str, object], arch: str) -> Kind:
    pooling = meta.get(f"{arch}.pooling_type")
    if pooling == _RANK:
        return "reranking"
    return "embedding" if arch in ENCODERS or pooling else "text"
