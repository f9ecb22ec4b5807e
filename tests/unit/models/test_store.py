"""The Store: whole and verified, or not there."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import zipfile
from pathlib import Path

import pytest
from tests.unit.models.build import gguf, safetensors

from jitney.errors import ModelError
from jitney.models.fetch import fetch, on_hand
from jitney.models.model import Reference
from jitney.models.reference import parse
from jitney.models.storage.store import Store


def test_a_file_of_the_users_is_copied_once(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf())
    path.chmod(0o600)
    weights = fetch(store, parse("./m.gguf", {}, tmp_path))
    assert (weights.format, weights.main, weights.ref) == ("gguf", "m.gguf", str(path))
    assert weights.digest == f"sha256:{hashlib.sha256(gguf()).hexdigest()}"
    assert store.path(weights).stat().st_mode & 0o777 == 0o444
    assert fetch(store, parse("./m.gguf", {}, tmp_path)) == weights


def test_a_changed_file_is_another_model(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf())
    first = fetch(store, parse("./m.gguf", {}, tmp_path))
    path.write_bytes(gguf(elements=512))
    second = fetch(store, parse("./m.gguf", {}, tmp_path))
    assert first.digest != second.digest
    assert store.path(first).read_bytes() == gguf()


def test_a_file_cut_short_is_not_taken_in(store: Store, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(gguf(elements=32_000)[:2000])
    with pytest.raises(ModelError, match="cut short: 2,000 bytes"):
        fetch(store, parse("./m.gguf", {}, tmp_path))
    assert not list(store.blobs())


def test_a_folder_without_its_pickles(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(safetensors())
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04pickle")
    weights = fetch(store, parse("./model", {}, tmp_path))
    assert weights.main == "model.safetensors"
    assert [file.name for file in weights.files] == ["config.json", "model.safetensors"]
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="pickle format are refused"):
        fetch(store, parse("./model", {}, tmp_path))


@pytest.mark.parametrize("name", ["empty", "texts"])
def test_a_folder_that_holds_no_model(store: Store, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    if name == "texts":
        (folder / "readme.txt").write_text("hello")
    with pytest.raises(ModelError, match=r"holds no files|no GGUF, safetensors or ONNX"):
        fetch(store, parse(f"./{name}", {}, tmp_path))


def _archived(store: Store, *members: tuple[str, bytes]) -> Reference:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    blob = store.add_stream(io.BytesIO(data.getvalue()))
    return Reference(
        kind="url", text="t", url="https://example.org/m.zip", file="m.zip", sha256=blob.sha256, archive=True
    )


def test_an_archive_becomes_its_files(store: Store) -> None:
    ref = _archived(store, ("top/config.json", b"{}"), ("top/model.safetensors", safetensors()))
    weights = fetch(store, ref)
    assert [file.name for file in weights.files] == ["config.json", "model.safetensors"]
    assert on_hand(store, ref) == weights


def test_an_archive_that_leads_out_of_itself_is_refused(store: Store) -> None:
    for name in ("../evil.safetensors", "/etc/evil.safetensors", "a/../../evil.safetensors"):
        with pytest.raises(ModelError, match="not an archive of a model"):
            fetch(store, _archived(store, (name, safetensors())))


def test_a_wrong_hash_is_not_kept(store: Store) -> None:
    with pytest.raises(ModelError, match="wrong hash"):
        store.add_stream(io.BytesIO(b"data"), sha256="0" * 64)
    assert not list(store.blobs())
    assert not list((store.root / "parts").iterdir())


def test_verify_finds_and_removes_what_was_changed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(gguf())
    ref = parse("./m.gguf", {}, tmp_path)
    weights = fetch(store, ref)
    assert store.verify() == []
    blob = store.path(weights)
    blob.chmod(0o644)
    with blob.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff\xff\xff")
    findings = store.verify()
    assert [finding.code for finding in findings] == ["store.hash"]
    assert not blob.exists()
    assert fetch(store, ref).digest == weights.digest, "it is taken in anew"


def test_a_missing_blob_makes_the_reference_unknown(store: Store, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(gguf())
    weights = fetch(store, parse("./m.gguf", {}, tmp_path))
    assert store.all()
    store.path(weights).unlink()
    assert store.all() == []


def test_a_broken_note_of_a_reference_is_as_good_as_none(store: Store) -> None:
    (store.root / "refs").mkdir(parents=True)
    (store.root / "refs" / f"{hashlib.sha256(b'x').hexdigest()}.json").write_text("{broken")
    assert store.find("x") is None
    assert store.all() == []


def _add(root: str, path: str) -> None:
    fetch(Store(Path(root)), parse(path, {}, Path("/")))


def test_many_processes_take_in_the_same_file(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf(elements=320_000))
    spawn = multiprocessing.get_context("spawn")
    children = [spawn.Process(target=_add, args=(str(store.root), str(path))) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    assert [blob.name for blob in store.blobs()] == [hashlib.sha256(path.read_bytes()).hexdigest()]
    assert not list((store.root / "parts").iterdir())


def test_a_file_that_vanished_meanwhile(store: Store, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(gguf())
    ref = parse("./m.gguf", {}, tmp_path)
    (tmp_path / "m.gguf").unlink()
    with pytest.raises(ModelError, match="No such file"):
        fetch(store, ref)
