"""A signature over a whole repository, checked for the part of it that is pulled."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitney.errors import ModelError
from jitney.models.fetch import Terms, fetch
from jitney.models.model import Weights
from jitney.models.reference import parse
from jitney.models.safety.gate import Policy
from jitney.models.storage.store import Store
from tests.hub.server import Hub, Repo
from tests.unit.models.build import gguf
from tests.unit.models.test_signatures import key, sign


def signed(folder: Path, private: Path) -> dict[str, bytes]:
    """Files of a repository with two quantisations, and the signature over all of it."""
    folder.mkdir()
    (folder / "tiny-Q4_K_M.gguf").write_bytes(gguf())
    (folder / "tiny-Q8_0.gguf").write_bytes(gguf(elements=512))
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    sign(folder, folder / "model.sig", private)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def pull(store: Store, tmp_path: Path, public: Path) -> Weights:
    policy = Policy(trusted_keys=(str(public),), require_signature=True)
    return fetch(store, parse("hf://org/tiny:Q4_K_M", {}, tmp_path), terms=Terms(policy=policy))


def test_one_quantisation_of_a_signed_repository(hub: Hub, store: Store, tmp_path: Path) -> None:
    private, public = key(tmp_path, "publisher")
    hub.repos["org/tiny"] = Repo(signed(tmp_path / "repo", private))
    weights = pull(store, tmp_path, public)
    assert weights.signed
    assert weights.main == "tiny-Q4_K_M.gguf"


def test_a_hub_that_gives_another_file_is_found_out(hub: Hub, store: Store, tmp_path: Path) -> None:
    private, public = key(tmp_path, "publisher")
    files = signed(tmp_path / "repo", private)
    hub.repos["org/tiny"] = Repo({**files, "tiny-Q4_K_M.gguf": gguf(elements=1024)})
    with pytest.raises(ModelError, match=r"tiny-Q4_K_M\.gguf is not what was signed"):
        pull(store, tmp_path, public)
    assert store.all() == []
