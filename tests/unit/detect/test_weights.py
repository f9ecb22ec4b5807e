"""Weights that lie in a program's folder."""

from __future__ import annotations

import pytest

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.source import Source

LARGE = b"\0" * (10 << 20)
CODE = "print('hello')\n"


@pytest.mark.parametrize(
    ("name", "files", "want"),
    [
        (
            "a file by its ending, however small",
            {"models/tiny.gguf": b"GGUF"},
            [("models/tiny.gguf", "gguf", 4)],
        ),
        (
            "a model's folder is one",
            {
                "m/config.json": b"{}",
                "m/tokenizer.json": b"{}",
                "m/a.safetensors": b"1234",
                "m/b.safetensors": b"56",
            },
            [("m", "safetensors", 6)],
        ),
        ("a configuration without a tokenizer is no model", {"m/config.json": b"{}"}, []),
        ("large and beside no code", {"data/weights.bin": LARGE}, [("data/weights.bin", "bin", 10 << 20)]),
        ("large, but beside the code", {"table.dat": LARGE}, []),
        ("small, of no ending that says it", {"data/words.bin": b"1"}, []),
        ("onnx, any case", {"net.ONNX": b"1"}, [("net.ONNX", "onnx", 1)]),
    ],
)
def test_weights(name: str, files: dict[str, str | bytes], want: list[tuple[str, str, int]]) -> None:
    found = detect(Source.from_mapping({"main.py": CODE, **files}), Wishes())
    assert [(one.path, one.format, one.bytes) for one in found.weights] == want, name
