"""A program or a model, told by looking."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitney.hosting.look import looks_like_model
from jitney.models.alias import builtin

GGUF = b"GGUF\x03\0\0\0" + bytes(16)
SAFETENSORS = (2).to_bytes(8, "little") + b"{}" + bytes(16)


@pytest.mark.parametrize(
    ("text", "is_model"),
    [
        ("smollm2", True),
        ("hf://org/repo", True),
        ("hf://org/repo@main:model.gguf", True),
        ("org/repo", True),
        ("org/repo:Q4_K_M", True),
        ("ollama://llama3.2:1b", True),
        ("oci://host/name:tag", True),
        ("https://example.org/m.gguf#sha256=00", True),
        ("pypi://package/file.gguf", True),
        ("./missing.gguf", True),
        ("chat.py", False),
        ("src/main.go", False),
        ("./src", False),
        ("smolm2", True),
        ("llama3.2:1b", True),
        ("qwen3", True),
        ("chat.ts", False),
        ("Makefile.am", False),
        ("bartowski/SmolLM2-135M-Instruct-GGUF", True),
    ],
)
def test_names_that_lead_to_nothing_here(text: str, is_model: bool, tmp_path: Path) -> None:
    assert looks_like_model(text, builtin(), tmp_path) is is_model


@pytest.mark.parametrize(
    ("files", "is_model"),
    [
        ({"model.gguf": GGUF}, True),
        ({"model.safetensors": SAFETENSORS, "config.json": b"{}", "README.md": b""}, True),
        ({"model.bin": b"x", "config.json": b"{}"}, True),
        ({"genai_config.json": b"{}", "model.onnx": b"x"}, True),
        ({"main.py": b"print(1)", "model.gguf": GGUF}, False),
        ({"main.py": b"print(1)"}, False),
        ({}, False),
    ],
)
def test_folders_say_it_by_what_lies_in_them(files: dict[str, bytes], is_model: bool, tmp_path: Path) -> None:
    folder = tmp_path / "smollm2"  # what lies here wins over a short name
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    assert looks_like_model("smollm2", builtin(), tmp_path) is is_model
    assert looks_like_model("./smollm2", builtin(), tmp_path) is is_model


def test_a_file_says_it_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(GGUF)
    (tmp_path / "script").write_bytes(b"#!/bin/sh\necho hello\n")
    assert looks_like_model("weights", {}, tmp_path)
    assert not looks_like_model("script", {}, tmp_path)
