"""Adapters and projectors with their models."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from tests.unit.models.build import META, gguf, safetensors

from jitney.cli.report import Report
from jitney.config import Config
from jitney.errors import ModelError
from jitney.models.fetch import fetch
from jitney.models.model import Weights
from jitney.models.reference import parse
from jitney.models.storage.store import Store
from jitney.models.together import base_of, joined
from jitney.supply import fetch_model


def taken(store: Store, root: Path, name: str, data: bytes) -> Weights:
    (root / name).write_bytes(data)
    return fetch(store, parse(f"./{name}", {}, root))


def test_a_model_with_two_adapters_and_a_projector(store: Store, tmp_path: Path) -> None:
    base = taken(store, tmp_path, "m.gguf", gguf())
    adapters = [
        taken(store, tmp_path, f"lora{n}.gguf", gguf({**META, "general.type": "adapter", "n": n}))
        for n in (1, 2)
    ]
    projector = taken(store, tmp_path, "mmproj.gguf", gguf({**META, "general.architecture": "clip"}))
    whole = joined(base, tuple(adapters), projector)
    assert whole.main == "m.gguf"
    assert whole.adapters == ("adapters/1/lora1.gguf", "adapters/2/lora2.gguf")
    assert whole.projector == "projector/mmproj.gguf"
    assert {file.name for file in whole.files} == {whole.main, *whole.adapters, whole.projector}
    assert whole.digest != base.digest
    assert store.find(store.remember(whole).ref) == whole


def test_what_does_not_go_together(store: Store, tmp_path: Path) -> None:
    base = taken(store, tmp_path, "m.gguf", gguf())
    with pytest.raises(ModelError, match="not an adapter: it is a model"):
        joined(base, (base,))
    other = msgspec.structs.replace(base, format="safetensors")
    adapter = taken(store, tmp_path, "lora.gguf", gguf({**META, "general.type": "adapter"}))
    with pytest.raises(ModelError, match="do not go together"):
        joined(other, (adapter,))
    foreign = {"general.architecture": "qwen2", "general.type": "adapter"}
    with pytest.raises(ModelError, match="an adapter for qwen2 models"):
        joined(base, (taken(store, tmp_path, "qwen.gguf", gguf(foreign)),))


def test_an_adapter_brings_its_model(tmp_path: Path) -> None:
    for name in ("base", "lora"):
        (tmp_path / name).mkdir()
    (tmp_path / "base" / "model.safetensors").write_bytes(safetensors())
    (tmp_path / "base" / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "lora" / "adapter_model.safetensors").write_bytes(safetensors())
    config = json.dumps({"base_model_name_or_path": str(tmp_path / "base")})
    (tmp_path / "lora" / "adapter_config.json").write_text(config)
    settings = Config(data_dir=str(tmp_path / "data"))
    whole = fetch_model(str(tmp_path / "lora"), settings, Report(quiet=True))
    assert (whole.main, whole.info.architecture) == ("model.safetensors", "llama")
    assert whole.adapters == ("adapters/1/adapter_model.safetensors",)


def test_an_adapter_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(gguf())
    (tmp_path / "lora.gguf").write_bytes(gguf({**META, "general.type": "adapter"}))
    settings = Config(data_dir=str(tmp_path / "data"), adapters=(str(tmp_path / "lora.gguf"),))
    whole = fetch_model(str(tmp_path / "m.gguf"), settings, Report(quiet=True))
    assert (whole.main, whole.adapters) == ("m.gguf", ("adapters/1/lora.gguf",))
    plain = fetch_model(str(tmp_path / "m.gguf"), Config(data_dir=str(tmp_path / "data")), Report(quiet=True))
    assert plain.adapters == ()


def test_a_projector_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mmproj.gguf").write_bytes(gguf({**META, "general.architecture": "clip"}))
    with pytest.raises(ModelError, match="a projector is no model by itself"):
        fetch_model(
            str(tmp_path / "mmproj.gguf"), Config(data_dir=str(tmp_path / "data")), Report(quiet=True)
        )


@pytest.mark.parametrize("config", ["{", "[]", '{"base_model_name_or_path": 3}', "{}"])
def test_an_adapter_that_says_nothing(store: Store, tmp_path: Path, config: str) -> None:
    (tmp_path / "lora").mkdir()
    (tmp_path / "lora" / "adapter_model.safetensors").write_bytes(safetensors())
    (tmp_path / "lora" / "adapter_config.json").write_text(config)
    assert base_of(store, fetch(store, parse("./lora", {}, tmp_path))) == ""
