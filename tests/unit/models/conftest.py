"""A store of one's own, and the smallest weights in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.models.build import gguf

from jitney.models.fetch import fetch
from jitney.models.model import Weights
from jitney.models.reference import parse
from jitney.models.storage.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def weights(store: Store, tmp_path: Path) -> Weights:
    (tmp_path / "tiny.gguf").write_bytes(gguf())
    return fetch(store, parse("./tiny.gguf", {}, tmp_path))
