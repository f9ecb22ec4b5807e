"""Headers of weights, read without trusting a byte."""

from __future__ import annotations

import pickle
import random
import struct
import zipfile
from pathlib import Path

import pytest
from tests.unit.models.build import gguf, safetensors

from jitney.errors import ModelError
from jitney.models.formats.check import check, is_pickle, read_safetensors
from jitney.models.formats.gguf import parse_gguf, read_gguf


def test_a_gguf_header() -> None:
    info = parse_gguf(gguf(), "m.gguf")
    assert (info.architecture, info.name, info.context, info.quantisation) == ("llama", "Tiny", 128, "Q4_1")
    assert (info.layers, info.kv_width, info.vocabulary, info.chat_template) == (2, 32, 3, True)
    assert (info.parameters, info.tensor_bytes) == (256, 160)


def test_version_2_is_read_and_others_are_refused() -> None:
    assert parse_gguf(gguf(version=2), "m").architecture == "llama"
    for version in (0, 1, 4, 1 << 24):
        with pytest.raises(ModelError, match="version"):
            parse_gguf(gguf(version=version), "m")


@pytest.mark.parametrize("keep", [0, 3, 4, 7, 20, 60, 200])
def test_cut_short_anywhere_in_the_header(keep: int) -> None:
    with pytest.raises(ModelError, match=r"cut short|not begin with GGUF"):
        parse_gguf(gguf()[:keep], "m.gguf")


def test_cut_short_in_the_tensors_says_bytes_seen_and_expected() -> None:
    whole = gguf(elements=32 * 1000)
    start = whole.index(bytes(range(32)))
    with pytest.raises(ModelError) as caught:
        parse_gguf(whole[:4000], "m.gguf")
    assert "4,000 bytes" in caught.value.message
    assert f"{start + 20 * 1000:,} expected" in caught.value.message


@pytest.mark.parametrize(
    "head",
    [
        b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 63),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<IIQ", 9, 4, 1 << 62),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<I", 99),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<IIQ", 9, 9, 1) * 50,
    ],
)
def test_impossible_counts_are_refused_at_once(head: bytes) -> None:
    with pytest.raises(ModelError):
        parse_gguf(head + bytes(4096), "m")


def test_without_an_architecture_it_is_no_model() -> None:
    with pytest.raises(ModelError, match="architecture"):
        parse_gguf(gguf({"general.name": "x"}), "m")


def test_two_thousand_mutated_headers_give_a_result_or_a_model_error() -> None:
    chance = random.Random(20261121)
    whole = bytearray(gguf())
    outcomes = {"read": 0, "refused": 0}
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        if chance.random() < 0.3:
            data = data[: chance.randrange(len(data))]
        try:
            parse_gguf(bytes(data), "m")
            outcomes["read"] += 1
        except ModelError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 100, outcomes


def test_an_empty_and_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "e.gguf").touch()
    with pytest.raises(ModelError, match="empty"):
        read_gguf(tmp_path / "e.gguf")
    with pytest.raises(ModelError, match="No such file"):
        read_gguf(tmp_path / "none.gguf")


def test_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(safetensors())
    assert check(path)[0] == "safetensors"
    assert read_safetensors(path).quantisation == "F32"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (safetensors()[:-1], "cut short"),
        (safetensors(end=4), "a tensor F32"),
        (struct.pack("<Q", 1 << 62) + b"{}", "header of"),
        (b"\x00", "header of"),
        (struct.pack("<Q", 2) + b"[]", "not a usable"),
        (struct.pack("<Q", 9) + b"\xff" * 9, "not a usable"),
    ],
)
def test_broken_safetensors(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=message):
        check(path)


def test_pickles_are_refused_whatever_their_name(tmp_path: Path) -> None:
    raw = pickle.dumps({"weights": [1.0]})
    with zipfile.ZipFile(tmp_path / "torch.bin", "w") as archive:
        archive.writestr("archive/data.pkl", raw)
    (tmp_path / "pytorch_model.bin").write_bytes(raw)
    (tmp_path / "model.pt").write_bytes(b"anything")
    (tmp_path / "nosuffix").write_bytes(raw)
    for name in ("torch.bin", "pytorch_model.bin", "model.pt", "nosuffix"):
        assert is_pickle(tmp_path / name)
        with pytest.raises(ModelError, match="pickle format are refused"):
            check(tmp_path / name)


def test_a_bin_file_that_is_no_pickle_is_not_one(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"\x06\x00\x00\x00CTranslate2")
    assert not is_pickle(tmp_path / "model.bin")


def test_a_tensor_of_absurd_size_is_refused_whatever_its_type() -> None:
    with pytest.raises(ModelError, match="elements"):
        parse_gguf(
            gguf(elements=0).replace(b"weights\x01\0\0\0" + bytes(8), b"weights\x01\0\0\0" + b"\xff" * 8), "m"
        )
