"""Headers from strangers: whatever the bytes are, a result or a ModelError, soon, and without the memory that they ask for."""

from __future__ import annotations

import json
import os
import resource
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.models.build import gguf, safetensors, text

from jitney.config import Config
from jitney.errors import ModelError
from jitney.models.formats.check import read_safetensors
from jitney.models.formats.gguf import parse_gguf, read_gguf, read_texts
from jitney.models.storage.store import Store

QUICK = settings(
    max_examples=400,
    deadline=2000,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
MOST_KB = 600_000
"""Of memory beyond what was there before: the largest header that is allowed, and its index."""


def survives(read: Callable[[], object]) -> str:
    """`read` or `refused`; anything else is a failure of the test."""
    try:
        read()
    except ModelError as error:
        assert error.message
        return "refused"
    return "read"


@given(data=st.binary(max_size=4096))
@QUICK
def test_any_bytes_behind_a_magic(data: bytes) -> None:
    assert survives(lambda: parse_gguf(b"GGUF" + data, "m")) == "refused"


@given(
    edits=st.lists(
        st.tuples(st.integers(0, 4095), st.sampled_from([0, 1, 2, 8, 9, 0x7F, 0x80, 0xFF])), max_size=12
    ),
    keep=st.integers(0, 4096),
)
@QUICK
def test_a_mutated_gguf_header(edits: list[tuple[int, int]], keep: int) -> None:
    data = bytearray(gguf())
    for place, value in edits:
        data[place % len(data)] = value
    survives(lambda: parse_gguf(bytes(data[: max(keep, 1)]), "m"))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_TENSOR = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "BF16", "I64", "NEW", ""]),
        "shape": st.lists(st.integers(-3, 1 << 70), max_size=40),
        "data_offsets": st.lists(st.integers(-3, 1 << 70), max_size=3),
    }
)


@given(header=st.dictionaries(st.text(max_size=8), _TENSOR | _JSON, max_size=6), data=st.binary(max_size=64))
@QUICK
def test_any_safetensors_header(header: dict[str, object], data: bytes, tmp_path: Path) -> None:
    try:
        encoded = json.dumps(header).encode()
    except (ValueError, UnicodeEncodeError):  # lone surrogates
        return
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)
    survives(lambda: read_safetensors(path))


@given(
    edits=st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), max_size=8), keep=st.integers(0, 256)
)
@QUICK
def test_a_mutated_safetensors_file(edits: list[tuple[int, int]], keep: int, tmp_path: Path) -> None:
    data = bytearray(safetensors())
    for place, value in edits:
        data[place % len(data)] = value
    path = tmp_path / "m.safetensors"
    path.write_bytes(bytes(data[:keep]))
    survives(lambda: read_safetensors(path))


def _sparse(path: Path, head: bytes, size: int) -> Path:
    path.write_bytes(head)
    os.truncate(path, size)
    return path


GREEDY = {
    "an array of empty texts in a file of 8 GB": b"GGUF"
    + struct.pack("<IQQ", 3, 0, 60_000)
    + text("k")
    + struct.pack("<IIQ", 9, 8, 1 << 24),
    "arrays of arrays": b"GGUF"
    + struct.pack("<IQQ", 3, 0, 60_000)
    + text("k")
    + struct.pack("<IIQ", 9, 9, 1 << 24),
    "a text of 2 GB": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<IQ", 8, 2 << 30),
    "pairs without end": b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 16),
    "tensors without end": b"GGUF" + struct.pack("<IQQ", 3, 1 << 18, 0),
}


@pytest.mark.parametrize("name", GREEDY)
def test_a_large_file_does_not_make_a_large_header(name: str, tmp_path: Path) -> None:
    path = _sparse(tmp_path / "m.gguf", GREEDY[name], 8 << 30)
    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(ModelError):
        read_gguf(path)
    assert time.monotonic() - begin < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KB


def _safetensors_of(header: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'{"w":{"dtype":"F32","shape":[' + b"9223372036854775807," * 200_000 + b'1],"data_offsets":[0,4]}}',
        b'{"w":{"dtype":"F32","shape":[' + b"9" * 1_000_000 + b'],"data_offsets":[0,4]}}',
        b"{" + b",".join(b'"%d":{}' % number for number in range(1_500_000)) + b"}",
        b" " * 20_000_000 + b"{}",
    ],
    ids=["deep lists", "deep maps", "a long shape", "a long number", "a million tensors", "blanks"],
)
def test_a_header_that_costs(header: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(_safetensors_of(header))
    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    survives(lambda: read_safetensors(path))
    assert time.monotonic() - begin < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KB


REAL = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@pytest.mark.model
def test_the_header_of_smollm2_mutated(tmp_path: Path) -> None:
    import random

    blob = Store(Config().data / "store").blob(REAL)
    with blob.open("rb") as file:
        head = file.read(4 << 20)
    size = blob.stat().st_size
    path = tmp_path / "m.gguf"
    _sparse(path, head, size)
    assert read_gguf(path).licence == "apache-2.0"
    assert "im_start" in read_texts(path, "tokenizer.chat_template")["tokenizer.chat_template"]
    chance = random.Random(6)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(60):
        with path.open("r+b") as file:
            file.write(head)
            for _ in range(chance.randint(1, 6)):
                file.seek(chance.choice((chance.randrange(4096), chance.randrange(1_700_000))))
                file.write(bytes([chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))]))
        if chance.random() < 0.2:
            os.truncate(path, chance.randrange(size))
        outcomes[survives(lambda: read_gguf(path))] += 1
        os.truncate(path, size)
    assert min(outcomes.values()) > 5, outcomes
