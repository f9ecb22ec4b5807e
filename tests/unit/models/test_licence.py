"""Licences as they are stated, whatever states them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.models.build import META, gguf, safetensors

from jitney.models.fetch import fetch
from jitney.models.reference import parse
from jitney.models.safety.licence import of_package, of_readme, of_text, spdx
from jitney.models.storage.store import Store


@pytest.mark.parametrize(
    ("word", "want"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("mit", "MIT"),
        ("cc-by-nc-4.0", "CC-BY-NC-4.0"),
        ("llama3.1", "llama3.1"),
        ("gemma", "gemma"),
        ("MIT OR apache-2.0", "MIT OR Apache-2.0"),
        ("two\nlines", "two lines"),
        ("", ""),
    ],
)
def test_spdx_where_it_is_one(word: str, want: str) -> None:
    assert spdx(word) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("---\nlicense: apache-2.0\n---\n# Model", "Apache-2.0"),
        ("---\nlicense:\n- mit\n- apache-2.0\n---\n", "MIT"),
        ("---\nlicense: other\nlicense_name: my-own\n---\n", "my-own"),
        ("---\r\nlicense: mit\r\n---\r\n", "MIT"),
        ("---\nlicense: [broken\n---\n", ""),
        ("# no front matter\nlicense: mit", ""),
        ("---\nlanguage: en\n---\n", ""),
    ],
)
def test_front_matter(text: str, want: str) -> None:
    assert of_readme(text) == want


def test_texts() -> None:
    assert of_text("                 Apache License\n           Version 2.0, January 2004") == "Apache-2.0"
    assert of_text("MIT License\n\nCopyright") == "MIT"
    assert of_text("all rights reserved") == ""


@pytest.mark.parametrize(
    ("lines", "want"),
    [
        ("License-Expression: apache-2.0\nLicense: MIT", "Apache-2.0"),
        ("License: MIT", "MIT"),
        ("Classifier: License :: OSI Approved :: Apache Software License", "Apache-2.0"),
        ("License: MIT License\n .\n Permission is hereby granted", "MIT"),
        ("Summary: nothing of it", ""),
    ],
)
def test_of_a_package(tmp_path: Path, lines: str, want: str) -> None:
    (tmp_path / "x-1.dist-info").mkdir()
    (tmp_path / "x-1.dist-info" / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: x\n{lines}\n\nLicense: of the text"
    )
    assert of_package(tmp_path) == want


def test_said_and_recorded(store: Store, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(gguf({**META, "general.license": "apache-2.0"}))
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "model.safetensors").write_bytes(safetensors())
    (tmp_path / "f" / "README.md").write_text("---\nlicense: mit\n---\n")
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "model.safetensors").write_bytes(safetensors())
    (tmp_path / "g" / "LICENSE.txt").write_text("Apache License\nVersion 2.0")
    (tmp_path / "n.gguf").write_bytes(gguf())
    for name, want in (("m.gguf", "Apache-2.0"), ("f", "MIT"), ("g", "Apache-2.0"), ("n.gguf", "")):
        said: list[str] = []
        weights = fetch(store, parse(f"./{name}", {}, tmp_path), on_line=said.append)
        assert weights.info.licence == want
        assert any(line.endswith(want or "none is stated") for line in said), said


def test_code_of_a_repository_is_told_and_not_run(store: Store, tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "model.safetensors").write_bytes(safetensors())
    config = '{"model_type": "own", "auto_map": {"AutoModel": "modeling_own.Own"}}'
    (tmp_path / "f" / "config.json").write_text(config)
    said: list[str] = []
    fetch(store, parse("./f", {}, tmp_path), on_line=said.append)
    assert any("trust_remote_code is off" in line and "AutoModel" in line for line in said)
