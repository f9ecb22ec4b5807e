"""inside/to_whisper_ggml.py: CTranslate2's file is read, dequantised, and written as whisper.cpp's."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

INSIDE = Path(__file__).parents[3] / "src" / "jitney" / "inside"
HEADS, LAYERS, WIDTH, MELS, VOCABULARY = 2, 1, 4, 80, 7
CODES = {"<f4": 0, "<i1": 1, "<i2": 2, "<i4": 3, "<f2": 4}
Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def converter() -> Iterator[ModuleType]:
    """The script as a module. What it imports takes standard output away, as it must in its sandbox: given back here."""
    kept = os.dup(1)
    sys.path.insert(0, str(INSIDE))
    try:
        spec = importlib.util.spec_from_file_location("to_whisper_ggml", INSIDE / "to_whisper_ggml.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        os.close(sys.modules["made"].OUT)
        yield module
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        sys.path.remove(str(INSIDE))
        sys.modules.pop("made", None)


def text(value: str) -> bytes:
    """As CTranslate2 writes it: with its zero at the end."""
    data = value.encode() + b"\0"
    return struct.pack("<H", len(data)) + data


def variable(name: str, shape: tuple[int, ...], code: int, data: bytes) -> bytes:
    head = text(name) + struct.pack(f"<B{len(shape)}I", len(shape), *shape)
    return head + struct.pack("<BI", code, len(data)) + data


def array(name: str, values: Array, form: str = "<f4") -> bytes:
    return variable(name, values.shape, CODES[form], values.astype(form).tobytes())


def ctranslate2(
    variables: list[bytes], aliases: dict[str, str], version: int = 6, spec: str = "WhisperSpec"
) -> bytes:
    head = struct.pack("<I", version) + text(spec) + struct.pack("<II", 3, len(variables))
    names = b"".join(text(alias) + text(name) for alias, name in aliases.items())
    return head + b"".join(variables) + struct.pack("<I", len(aliases)) + names


def test_numbers_of_every_type_are_read_back(converter: ModuleType, tmp_path: Path) -> None:
    whole = np.array([[1, -2, 127], [64, 0, -127]])
    made = [
        array("a/weight", whole, "<i1"),
        array("a/weight_scale", np.array([127.0, 2.0])),
        array("half", np.array([0.5, -1.5]), "<f2"),
        variable("brain", (2,), 5, struct.pack("<2H", 0x3F80, 0xC040)),  # bfloat16: 1 and -3
        array("count", np.array(6), "<i4"),
    ]
    (tmp_path / "model.bin").write_bytes(ctranslate2(made, {"b/weight": "a/weight"}))
    found = converter.read(str(tmp_path / "model.bin"))
    assert set(found) == {"a/weight", "half", "brain", "count", "b/weight"}
    np.testing.assert_allclose(found["a/weight"], [[1 / 127, -2 / 127, 1], [32, 0, -63.5]], rtol=1e-6)
    assert found["half"].tolist() == [0.5, -1.5]
    assert found["brain"].tolist() == [1.0, -3.0]
    assert int(found["count"]) == 6


@pytest.mark.parametrize(
    ("version", "spec", "told"),
    [(5, "WhisperSpec", "binary version 5"), (6, "TransformerSpec", "this is a TransformerSpec")],
)
def test_what_is_no_whisper_ends_it(
    converter: ModuleType, tmp_path: Path, version: int, spec: str, told: str
) -> None:
    (tmp_path / "model.bin").write_bytes(ctranslate2([], {}, version, spec))
    with pytest.raises(SystemExit, match=told):
        converter.read(str(tmp_path / "model.bin"))


def test_mel_filters_are_librosas(converter: ModuleType) -> None:
    filters = converter.mel_filters(80)
    assert filters.shape == (80, 201)
    assert (filters >= 0).all()
    # The first rows of Whisper's own mel_filters.npz (openai/whisper, assets).
    first = [
        [0, 0.02486259, 0, 0, 0],
        [0, 0.001990821, 0.02287177, 0, 0],
        [0, 0, 0.003981642, 0.02088095, 0],
    ]
    np.testing.assert_allclose(filters[:3, :5], first, atol=1e-7)
    # Each triangle has an area of one: 40 Hz lie between two numbers. Where it is wide enough to be sampled well.
    areas = filters.sum(1) * 40
    np.testing.assert_allclose(areas[41:], 1, atol=0.03)


def test_the_filters_of_large_models_are_more(converter: ModuleType) -> None:
    assert converter.mel_filters(128).shape == (128, 201)


def test_every_byte_has_a_letter(converter: ModuleType) -> None:
    letters = converter.byte_of_letter()
    assert sorted(letters.values()) == list(range(256))
    assert [letters[one] for one in "A~Ġ¡ĀÿĊ"] == [65, 126, 32, 161, 0, 255, 10]


@pytest.mark.parametrize("name", ["vocabulary.txt", "vocabulary.json"])
def test_tokens_are_bytes_up_to_the_first_special_one(
    converter: ModuleType, tmp_path: Path, name: str
) -> None:
    tokens = ["!", "Ġthe", "Ã©"] + ["a"] * 50255 + ["<|startoftranscript|>"]
    told = "\n".join(tokens) if name.endswith(".txt") else json.dumps(tokens)
    (tmp_path / name).write_text(told, encoding="utf-8")
    found = converter.words(str(tmp_path), 51865)
    assert found[:3] == [b"!", b" the", "é".encode()]
    assert len(found) == 50257
    assert len(converter.words(str(tmp_path), converter.ENGLISH)) == 50256


def whisper() -> dict[str, Array]:
    """A Whisper of one layer and width 4, its numbers all different."""
    dice = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {
        "encoder/conv1/weight": (WIDTH, MELS, 3), "encoder/conv1/bias": (WIDTH,),
        "encoder/conv2/weight": (WIDTH, WIDTH, 3), "encoder/conv2/bias": (WIDTH,),
        "encoder/position_encodings/encodings": (6, WIDTH), "decoder/position_encodings/encodings": (5, WIDTH),
        "decoder/embeddings/weight": (VOCABULARY, WIDTH),
    }  # fmt: skip
    norms = ["encoder/layer_norm", "decoder/layer_norm"]
    for side, kinds in (("encoder", ("self_attention",)), ("decoder", ("self_attention", "attention"))):
        layer = f"{side}/layer_0"
        norms += [f"{layer}/{kind}/layer_norm" for kind in (*kinds, "ffn")]
        rows = {"self_attention": (3, 1), "attention": (1, 2, 1)}
        for kind in kinds:
            for at, parts in enumerate(rows[kind]):
                shapes[f"{layer}/{kind}/linear_{at}/weight"] = (parts * WIDTH, WIDTH)
                shapes[f"{layer}/{kind}/linear_{at}/bias"] = (parts * WIDTH,)
        for at, size in enumerate(((2 * WIDTH, WIDTH), (WIDTH, 2 * WIDTH))):
            shapes[f"{layer}/ffn/linear_{at}/weight"] = size
            shapes[f"{layer}/ffn/linear_{at}/bias"] = size[:1]
    shapes |= {f"{norm}/{part}": (WIDTH,) for norm in norms for part in ("gamma", "beta")}
    found: dict[str, Array] = {name: dice.normal(size=shape) for name, shape in shapes.items()}
    return {**found, "encoder/num_heads": np.array(HEADS), "decoder/num_heads": np.array(HEADS)}


def read_ggml(file: io.BytesIO) -> tuple[list[int], Array, list[bytes], dict[str, Array]]:
    """As whisper.cpp reads it (whisper_model_load): head, filters, tokens, tensors."""
    head = list(struct.unpack("<12i", file.read(48)))
    rows, columns = struct.unpack("<2i", file.read(8))
    filters = np.frombuffer(file.read(4 * rows * columns), "<f4").reshape(rows, columns)
    (count,) = struct.unpack("<i", file.read(4))
    tokens = [file.read(struct.unpack("<i", file.read(4))[0]) for _ in range(count)]
    tensors: dict[str, Array] = {}
    while start := file.read(12):
        dimensions, length, half = struct.unpack("<3i", start)
        shape = struct.unpack(f"<{dimensions}i", file.read(4 * dimensions))[::-1]
        name = file.read(length).decode()
        form = "<f2" if half else "<f4"
        data = file.read(int(np.prod(shape)) * int(form[-1]))
        tensors[name] = np.frombuffer(data, form).reshape(shape)
    return head, filters, tokens, tensors


def test_whisper_cpps_file_has_every_tensor_under_its_name(converter: ModuleType) -> None:
    numbers, file = whisper(), io.BytesIO()
    converter.write(file, numbers, [b"a", b"bc"])
    head, filters, tokens, tensors = read_ggml(io.BytesIO(file.getvalue()))
    assert head == [0x67676D6C, VOCABULARY, 6, WIDTH, HEADS, LAYERS, 5, WIDTH, HEADS, LAYERS, MELS, 1]
    assert filters.shape == (MELS, 201)
    assert tokens == [b"a", b"bc"]
    query, key, value = np.split(numbers["decoder/layer_0/self_attention/linear_0/weight"], 3)
    for name, want in (("query", query), ("key", key), ("value", value)):
        np.testing.assert_allclose(tensors[f"decoder.blocks.0.attn.{name}.weight"], want, atol=2e-3)
    across = np.split(numbers["decoder/layer_0/attention/linear_1/bias"], 2)[1]
    np.testing.assert_allclose(tensors["decoder.blocks.0.cross_attn.value.bias"], across, rtol=1e-6)
    assert not [name for name in tensors if name.endswith("key.bias")]
    assert tensors["encoder.conv1.bias"].shape == (WIDTH, 1)
    assert tensors["encoder.positional_embedding"].dtype == np.float32
    assert tensors["encoder.conv1.weight"].dtype == np.float16
    assert "encoder.blocks.0.cross_attn.query.weight" not in tensors
    assert len(tensors) == 7 + 4 + 15 + 24
