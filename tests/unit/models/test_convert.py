"""Formats just in time: what is converted for which program, under which name it is kept, what is taken in."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import msgspec
import pytest
from tests.unit.models.build import gguf, safetensors

from jitney.detect.model import Detection, ModelUse
from jitney.errors import ModelError
from jitney.findings import Evidence
from jitney.models.fetch import fetch
from jitney.models.formats import convert
from jitney.models.formats.convert import Conversion, conversion_for, converted, keep
from jitney.models.layout import library_view
from jitney.models.model import Alias, Weights
from jitney.models.reference import parse
from jitney.models.satisfy import satisfy
from jitney.models.storage.store import Store

REPO = "org/tiny-Instruct"
WHY = Evidence(rule="python.model", decides="models", value="x", file="main.py", line=3)


def use(name: str, file: str = "") -> ModelUse:
    return ModelUse(name=name, kind="weights", file=file, why=WHY)


def seen(*uses: ModelUse) -> Detection:
    return Detection(language="python", mode="in-process", models=uses)


def archive(files: dict[str, bytes]) -> io.BytesIO:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    made.seek(0)
    return made


def conversion(weights: Weights) -> Conversion:
    found = conversion_for(use(REPO), weights)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "file", "target"),
    [
        (REPO, "", "safetensors"),
        (REPO, "config.json", "safetensors"),
        ("org/tiny-GGUF", "", ""),
        (REPO, "tiny-q8_0.gguf", ""),
        (REPO, "onnx/model.onnx", ""),
    ],
)
def test_what_a_program_asks_for_says_what_it_can_load(
    weights: Weights, name: str, file: str, target: str
) -> None:
    found = conversion_for(use(name, file), weights)
    assert (found.target.name if found else "") == target


@pytest.mark.parametrize(
    ("frameworks", "file", "target"),
    [
        (("onnxruntime-genai",), "", "onnx-genai"),
        (("ctranslate2",), "", "ctranslate2"),
        (("transformers", "ctranslate2"), "model.safetensors", "safetensors"),
        (("transformers",), "", "safetensors"),
    ],
)
def test_a_framework_says_which_format_it_reads(
    weights: Weights, frameworks: tuple[str, ...], file: str, target: str
) -> None:
    found = conversion_for(use(REPO, file), weights, frameworks)
    assert found is not None
    assert found.target.name == target


def test_a_format_of_one_library_alone_is_kept_with_the_file_it_starts_from(
    store: Store, weights: Weights
) -> None:
    one = conversion_for(use(REPO), weights, ("ctranslate2",))
    assert one is not None
    with pytest.raises(ModelError, match=r"no model\.bin"):
        keep(store, one, archive({"config.json": b"{}"}))
    kept = keep(store, one, archive({"config.json": b"{}", "model.bin": b"\x06\0\0\0"}))
    assert (kept.main, kept.format) == ("model.bin", "ctranslate2")
    assert converted(store, one) == kept


def test_weights_in_the_right_format_are_left_alone(store: Store, tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes(safetensors())
    other = fetch(store, parse("./m.safetensors", {}, tmp_path))
    assert conversion_for(use(REPO), other) is None


def test_a_program_that_wants_safetensors_waits_for_them_and_then_gets_them(
    store: Store, weights: Weights
) -> None:
    before = satisfy(seen(use(REPO)), weights, store, {})
    (pending,) = before.pending
    assert [(one.level, one.code) for one in before.findings] == [("note", "model.converted")]

    keep(store, pending, archive({"config.json": b"{}", "model.safetensors": safetensors()}))

    after = satisfy(seen(use(REPO)), weights, store, {})
    assert after.pending == ()
    assert after.conversions == before.conversions
    assert after.findings == before.findings
    view = Path(library_view(store, after.wants).path)
    (snapshot,) = (view / "huggingface/hub/models--org--tiny-Instruct/snapshots").iterdir()
    assert sorted(path.name for path in snapshot.iterdir()) == ["config.json", "model.safetensors"]


def test_the_name_in_the_code_may_be_a_sibling_and_that_is_said(store: Store, weights: Weights) -> None:
    table = {"tiny": Alias(ref="x", hubs=("org/tiny",))}
    found = satisfy(seen(use("org/huge-Instruct")), weights, store, table)
    assert "org/huge-Instruct: the program gets tiny.gguf (Q4_1) as safetensors" in found.findings[0].message


def test_other_weights_or_another_recipe_are_another_result(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = conversion(weights)
    file = msgspec.structs.replace(weights.files[0], sha256="0" * 64)
    other = Conversion(weights=msgspec.structs.replace(weights, files=(file,)), target=one.target)
    assert other.ref != one.ref
    before = one.ref
    monkeypatch.setattr(convert, "script", lambda name: f"another {name}")
    assert one.ref != before


def test_large_models_get_two_bytes_a_number(weights: Weights) -> None:
    info = msgspec.structs.replace(weights.info, parameters=7_000_000_000)
    large = conversion(msgspec.structs.replace(weights, info=info))
    assert (large.dtype, large.bytes >> 30) == ("bfloat16", 13)
    assert conversion(weights).dtype == "float32"


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({"../model.safetensors": safetensors()}, "no file"),
        ({"/model.safetensors": safetensors()}, "no file"),
        ({"model.safetensors": safetensors()[:20]}, "cut short"),
        ({"model.gguf": gguf()}, "made gguf"),
        ({"config.json": b"{}"}, "no GGUF, safetensors or ONNX"),
    ],
)
def test_what_a_conversion_wrote_is_checked(
    store: Store, weights: Weights, files: dict[str, bytes], word: str
) -> None:
    one = conversion(weights)
    with pytest.raises(ModelError, match=word):
        keep(store, one, archive(files))
    assert converted(store, one) is None


def test_half_an_archive_is_no_model(store: Store, weights: Weights) -> None:
    one = conversion(weights)
    half = io.BytesIO(archive({"model.safetensors": safetensors() * 100}).getvalue()[:1000])
    with pytest.raises(ModelError, match="whole archive"):
        keep(store, one, half)
    assert converted(store, one) is None
