"""From a folder with a projector to the command of llama.cpp, and to what the gateway is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.models.build import META, gguf
from tests.unit.models.projector import projector

from jitney.config import Config
from jitney.facts.model import EngineFacts, Facts
from jitney.models.fetch import fetch
from jitney.models.layout import Want, library_view
from jitney.models.reference import parse
from jitney.models.storage.store import Store
from jitney.runtimes.llamacpp import LlamaCpp
from jitney.runtimes.server import make_serving


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("eyes.gguf", projector(64)),
        ("clip.gguf", gguf({**META, "general.architecture": "clip"})),
        ("mmproj-F16.gguf", gguf({**META, "general.architecture": "mllama"})),
    ],
)
def test_a_projector_beside_a_model_becomes_mmproj(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "model.gguf").write_bytes(gguf(elements=1 << 20))
    (tmp_path / "m" / name).write_bytes(data)
    store = Store(tmp_path / "store")
    weights = fetch(store, parse("./m", {}, tmp_path))
    assert (weights.main, weights.projector) == ("model.gguf", name)
    view = library_view(store, (Want(weights=weights),))
    serving = make_serving(weights, view, Facts(engine=EngineFacts(cpus=2)), Config())
    words = LlamaCpp().argv(serving)
    assert words[words.index("--mmproj") + 1] == f"/models/files/{name}"
    assert words[words.index("--model") + 1] == "/models/files/model.gguf"
    assert (Path(view.path) / "files" / name).read_bytes() == data
    assert "vision" in LlamaCpp().features(weights)
