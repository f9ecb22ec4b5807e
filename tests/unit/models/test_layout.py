"""Views: the trees that libraries look into, and which models of a program can be put there."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from tests.unit.models.build import gguf, safetensors

from jitney.detect.model import Detection, ModelUse
from jitney.errors import ModelError
from jitney.findings import Evidence
from jitney.models.alias import builtin
from jitney.models.fetch import fetch
from jitney.models.layout import Want, asked_name, library_view, view_tar
from jitney.models.model import Alias, Weights
from jitney.models.reference import parse
from jitney.models.satisfy import satisfy
from jitney.models.storage.store import Store

REPO = "HuggingFaceTB/SmolLM2-135M-Instruct-GGUF"
HUB = "huggingface/hub/models--HuggingFaceTB--SmolLM2-135M-Instruct-GGUF"
WHY = Evidence(rule="python.model", decides="models", value="x", file="main.py", line=3)


def revision(path: Path) -> str:
    return (path / HUB / "refs" / "main").read_text()


def test_a_repository_has_the_file_under_its_own_and_the_asked_name(store: Store, weights: Weights) -> None:
    view = library_view(store, (Want(weights=weights, repo=REPO, file="q8.gguf"),))
    snapshot = Path(view.path) / HUB / "snapshots" / revision(Path(view.path))
    assert sorted(path.name for path in snapshot.iterdir()) == ["q8.gguf", "tiny.gguf"]
    assert len(revision(Path(view.path))) == 40
    assert view.main == "/models/files/tiny.gguf"


def test_nothing_is_copied_and_the_sandbox_may_read_it(store: Store, weights: Weights) -> None:
    view = library_view(store, (Want(weights=weights, repo=REPO, file="q8.gguf"),))
    files = [path for path in Path(view.path).rglob("*") if path.is_file()]
    linked = [path for path in files if path.suffix == ".gguf"]
    assert {path.stat().st_ino for path in linked} == {store.path(weights).stat().st_ino}
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in files)
    assert all(path.stat().st_mode & 0o755 == 0o755 for path in Path(view.path).rglob("*") if path.is_dir())


def test_the_same_wants_are_the_same_view(store: Store, weights: Weights) -> None:
    want = Want(weights=weights, repo=REPO, file="q8.gguf")
    assert library_view(store, (want,)) == library_view(store, (want,))
    assert library_view(store, (want,)).key != library_view(store, (Want(weights=weights),)).key
    assert not [path for path in (store.root / "views").iterdir() if path.name.startswith(".")]


def test_a_half_built_view_of_a_dead_process_is_in_nobodys_way(store: Store, weights: Weights) -> None:
    view = library_view(store, (Want(weights=weights),))
    before = sorted(path.relative_to(view.path) for path in Path(view.path).rglob("*"))
    Path(view.path).rename(Path(view.path).with_name(f".{view.key}-999999"))
    again = library_view(store, (Want(weights=weights),))
    assert sorted(path.relative_to(again.path) for path in Path(again.path).rglob("*")) == before


def test_a_blob_that_left_the_store_is_told(store: Store, weights: Weights) -> None:
    store.path(weights).unlink()
    with pytest.raises(ModelError, match="left the Store"):
        library_view(store, (Want(weights=weights),))
    assert not list((store.root / "views").iterdir())


def test_the_tar_holds_the_same_tree(store: Store, weights: Weights) -> None:
    view = library_view(store, (Want(weights=weights, repo=REPO),))
    with tarfile.open(fileobj=io.BytesIO(b"".join(view_tar(view)))) as archive:
        content = {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}  # type: ignore[union-attr]  # files have one
    assert content["files/tiny.gguf"] == gguf()
    assert content[f"{HUB}/refs/main"].decode() == revision(Path(view.path))


@pytest.mark.parametrize(
    ("asked", "name"),
    [("", ""), ("a.gguf", "a.gguf"), ("*.gguf", "tiny.gguf"), ("*q8_0.gguf", "modelq8_0.gguf"), ("[a]*", "")],
)
def test_patterns_find_a_file_that_matches_them(weights: Weights, asked: str, name: str) -> None:
    assert asked_name(asked, weights) == name


def seen(*uses: ModelUse, **more: object) -> Detection:
    return Detection(language="python", mode="in-process", models=uses, **more)  # type: ignore[arg-type]  # fields by name


def use(name: str, file: str = "", kind: str = "weights") -> ModelUse:
    return ModelUse(name=name, kind=kind, file=file, why=WHY)  # type: ignore[arg-type]  # a literal by value


def test_a_program_without_its_model_is_told_the_flag(store: Store) -> None:
    found = satisfy(seen(use(REPO, "q8.gguf")), None, store, builtin())
    (error,) = found.errors
    assert REPO in error.message
    assert error.hint == "give it one:  --model smollm2"
    assert (error.file, error.line) == ("main.py", 3)
    assert found.wants == ()


def test_an_unknown_model_is_told_an_example(store: Store) -> None:
    (error,) = satisfy(seen(use("org/huge-GGUF", "x.gguf")), None, store, builtin()).errors
    assert "--model" in error.hint


def test_the_given_model_stands_in_for_another_and_that_is_said(store: Store, weights: Weights) -> None:
    found = satisfy(seen(use("org/huge-GGUF", "x.gguf")), weights, store, builtin())
    assert found.wants == (Want(weights=weights, repo="org/huge-GGUF", file="x.gguf"),)
    assert [(one.level, one.code) for one in found.findings] == [("note", "model.other")]


def test_what_is_in_the_store_is_used_without_a_flag(store: Store, weights: Weights, tmp_path: Path) -> None:
    table = {"tiny": Alias(ref=str(tmp_path / "tiny.gguf"), hubs=("org/tiny-GGUF",))}
    found = satisfy(seen(use("org/tiny-GGUF", "tiny.gguf")), None, store, table)
    assert not found.findings
    assert found.wants[0].weights.digest == weights.digest


def test_a_plain_path_becomes_a_link(store: Store, weights: Weights) -> None:
    found = satisfy(seen(use("./models/m.gguf"), workdir="app"), weights, store, builtin())
    assert found.links == {"app/models/m.gguf": "/models/files/tiny.gguf"}
    assert found.wants[0].repo == ""


def test_weights_that_come_along_need_nobody(store: Store) -> None:
    along = seen(use("./m.gguf"), use("model"), takes=("m.gguf", "model/config.json", "main.py"))
    assert satisfy(along, None, store, builtin()).findings == ()


def test_a_link_never_leads_out_of_the_source(store: Store, weights: Weights) -> None:
    outside = seen(use("../../x.gguf"), use("/etc/m.gguf"))
    assert satisfy(outside, weights, store, builtin()).links == {}


def test_the_wrong_format_is_said(store: Store, weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes(safetensors())
    other = fetch(store, parse("./m.safetensors", {}, tmp_path))
    assert satisfy(seen(use("org/x-GGUF", "x.gguf")), other, store, {}).errors[0].code == "model.format"
    (warning,) = satisfy(seen(use("org/x", "model.onnx")), weights, store, {}).findings
    assert (warning.level, "tiny.gguf" in warning.message) == ("warning", True)


def test_an_llm_does_not_stand_in_for_an_embedding_model(store: Store, weights: Weights) -> None:
    embedding = use("sentence-transformers/all-MiniLM-L6-v2", kind="embedding")
    (error,) = satisfy(seen(embedding), weights, store, builtin()).errors
    assert error.hint == "give it one:  --model minilm"


def test_a_model_that_is_asked_of_a_server_needs_no_weights(store: Store, weights: Weights) -> None:
    found = satisfy(seen(use("gpt-4o", kind="served")), weights, store, builtin())
    assert found.wants == (Want(weights=weights),)
    assert not found.findings


def test_a_file_named_elsewhere_in_the_code_is_found_in_the_repository(
    store: Store, weights: Weights
) -> None:
    found = satisfy(seen(use("q8.gguf"), use("org/x-GGUF")), weights, store, {})
    assert Want(weights=weights, repo="org/x-GGUF", file="q8.gguf") in found.wants
    view = library_view(store, found.wants)
    hub = Path(view.path) / "huggingface/hub/models--org--x-GGUF"
    revision = (hub / "refs/main").read_text()
    assert [path.name for path in (hub / "snapshots").iterdir()] == [revision]
    assert (hub / "snapshots" / revision / "q8.gguf").is_file()


def test_a_repository_is_named_before_a_file(store: Store) -> None:
    errors = satisfy(seen(use("q8.gguf"), use(REPO)), None, store, builtin()).errors
    assert "--model smollm2" in errors[0].hint
    assert REPO in errors[0].message
