"""Weights written out: whole or not at all, over nothing that is there, the Store's own untouched."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jitney.errors import ModelError, UsageError
from jitney.models.model import WeightFile, Weights
from jitney.models.storage.export import require_free, write_out
from jitney.models.storage.store import Store


def folder(store: Store, tmp_path: Path) -> Weights:
    (tmp_path / "a").write_bytes(b"one")
    blob = store.add_file(tmp_path / "a")
    files = tuple(WeightFile(name=name, sha256=blob.sha256, bytes=3) for name in ("config.json", "sub/x.bin"))
    return Weights(ref="r", format="other", main="config.json", files=files)


def test_one_file_goes_where_it_is_said(store: Store, weights: Weights, tmp_path: Path) -> None:
    target = tmp_path / "x.gguf"
    assert write_out(store, weights, target) == target
    assert target.read_bytes() == store.path(weights).read_bytes()
    target.write_bytes(b"the user's own")
    assert store.path(weights).read_bytes()[:4] == b"GGUF"


def test_into_a_folder_it_goes_under_its_own_name(store: Store, weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert write_out(store, weights, tmp_path / "out") == tmp_path / "out" / "tiny.gguf"


def test_several_files_are_a_folder(store: Store, tmp_path: Path) -> None:
    made = write_out(store, folder(store, tmp_path), tmp_path / "out")
    assert (made / "sub" / "x.bin").read_bytes() == b"one"
    assert not list(tmp_path.glob(".*"))


def test_what_is_there_is_not_overwritten(store: Store, weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("file", "full", "link"):
        with pytest.raises(UsageError):
            write_out(store, weights, tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"
    with pytest.raises(UsageError, match="there is no folder"):
        require_free(tmp_path / "no" / "x")


def test_half_a_model_is_not_written(store: Store, tmp_path: Path) -> None:
    whole = folder(store, tmp_path)
    gone = msgspec.structs.replace(whole.files[1], sha256="0" * 64)
    with pytest.raises(ModelError):
        write_out(store, msgspec.structs.replace(whole, files=(whole.files[0], gone)), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".*"))
