"""Models in jitney.lock: written beside everything else, held to by every fetch."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jitney.errors import ModelError
from jitney.models.model import Weights
from jitney.models.storage import lockfile
from jitney.plan.model import Lock
from jitney.resolve.lockfile import read_lock, write_lock
from jitney.source import Source


def test_written_and_read(weights: Weights, tmp_path: Path) -> None:
    path = tmp_path / "jitney.lock"
    assert lockfile.read(path) == {}
    lockfile.write(path, "tiny", weights)
    lockfile.write(path, "hf://org/tiny:Q4_K_M", msgspec.structs.replace(weights, ref="hf://org/tiny@abc"))
    assert list(lockfile.read(path)) == ["hf://org/tiny:Q4_K_M", "tiny"]
    entry = lockfile.entry(path, "tiny")
    assert entry is not None
    assert (entry.ref, entry.files) == (weights.ref, weights.files)
    assert lockfile.entry(path, "other") is None
    first = path.read_bytes()
    lockfile.write(path, "tiny", weights)
    assert path.read_bytes() == first, "the same models, the same bytes"


def test_the_program_s_own_lock_stays_as_it_is(weights: Weights, tmp_path: Path) -> None:
    path = tmp_path / "jitney.lock"
    lock = Lock(language="python", version="3.12", key="k", packages="a==1\nb==2", bases={"x": "sha256:1"})
    write_lock(path, lock)
    before = path.read_text()
    lockfile.write(path, "tiny", weights)
    assert path.read_text().startswith(before.rstrip())
    (tmp_path / "main.py").write_text("pass")
    with Source.from_mapping({"main.py": "pass", "jitney.lock": path.read_text()}) as source:
        assert read_lock(source) == lock
    write_lock(path, msgspec.structs.replace(lock, version="3.13"))
    assert list(lockfile.read(path)) == ["tiny"], "`jitney lock` keeps the models"


def test_models_alone_are_no_lock_of_a_program(weights: Weights, tmp_path: Path) -> None:
    path = tmp_path / "jitney.lock"
    lockfile.write(path, "tiny", weights)
    with Source.from_mapping({"main.py": "pass", "jitney.lock": path.read_text()}) as source:
        assert read_lock(source) is None


def test_other_bytes_are_refused_with_the_command_that_takes_them(weights: Weights, tmp_path: Path) -> None:
    path = tmp_path / "jitney.lock"
    lockfile.write(path, "tiny", weights)
    lockfile.require(path, weights, ["tiny", "never locked"])
    other = tuple(msgspec.structs.replace(file, sha256="0" * 64) for file in weights.files)
    changed = msgspec.structs.replace(weights, files=other)
    with pytest.raises(ModelError, match=r"not the bytes that .*jitney.lock has: tiny.gguf") as caught:
        lockfile.require(path, changed, ["tiny"])
    assert "jitney pull --lock tiny" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    ["[models", "models = 3", "[models]\nx = 3", '[models]\nx = []', '[models]\nx = ["ref", "sha256:zz 1 f"]'],
)  # fmt: skip
def test_a_broken_one_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jitney.lock"
    path.write_text(text)
    with pytest.raises(ModelError, match="cannot be read"):
        lockfile.read(path)
