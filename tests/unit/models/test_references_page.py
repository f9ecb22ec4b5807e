"""docs/references.md: every reference on it is one, of the kind that its words say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitney.errors import ModelError
from jitney.models.alias import builtin
from jitney.models.reference import parse

PAGE = (Path(__file__).parents[3] / "docs" / "references.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
KINDS = ("hf", "ollama", "oci", "pypi", "npm", "s3")


def test_every_kind_is_shown() -> None:
    assert {text.split("://")[0] for text in SHOWN if "://" in text} == {*KINDS, "https"}


@pytest.mark.parametrize("text", SHOWN)
def test_a_reference_of_the_page(text: str, tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    ref = parse(text, builtin(), tmp_path)
    kinds = {"https": "url", **{kind: kind for kind in KINDS}}
    local = {"smollm2": "pypi", "org/repo": "hf", "./model.gguf": "file", "./folder": "folder"}
    assert ref.kind == local.get(text, kinds.get(text.split("://")[0]))


def test_the_short_name_of_the_page(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert parse(tomllib.loads(block)["mine"]["ref"], {}, tmp_path).quantisation == "Q4_K_M"


WORDS = st.text(alphabet=st.sampled_from("abQ4_.-:/@#%?\\ é\n~=[]0"), max_size=40)


@given(st.sampled_from(["", *(f"{kind}://" for kind in KINDS), "https://", "http://127.0.0.1"]), WORDS)
def test_anything_else_is_refused_in_words(scheme: str, rest: str) -> None:
    try:
        ref = parse(scheme + rest, builtin(), Path("/nowhere"))
    except ModelError as error:
        assert error.message
    else:
        assert ".." not in ref.file.split("/")
        assert not ref.file.startswith("/")
        assert parse(ref.canonical, {}, Path("/nowhere")).canonical == ref.canonical
