"""What `jitney clean` calls stale: what nothing leads to any more, and only that."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.models.build import gguf

from jitney import disk
from jitney.config import Config, load
from jitney.engine.fake import FakeEngine
from jitney.engine.protocol import LABEL, LABEL_RUN, ContainerSpec
from jitney.models.fetch import fetch
from jitney.models.layout import Want, library_view
from jitney.models.reference import parse
from jitney.models.storage.store import Store
from jitney.sandbox.initvolume import volume_name


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load(None, {"data_dir": str(tmp_path / "data"), "cache_dir": str(tmp_path / "cache")})


@pytest.fixture
def engine() -> FakeEngine:
    made = FakeEngine()
    for name in (volume_name(made.abilities().arch), "jitney-init-0123456789abcdef", "jitney-weights-x"):
        made.create_volume(name, {LABEL: "init" if "init" in name else "weights"})
    made.create_volume("jitney-init-not-ours", {})
    return made


def names(engine: FakeEngine, config: Config) -> list[str]:
    return [Path(item.name).name for item in disk.stale(engine, config)]


def test_volumes_of_former_inits(engine: FakeEngine, config: Config) -> None:
    assert names(engine, config) == ["jitney-init-0123456789abcdef"]
    assert disk.remove_stale(engine, "jitney-init-0123456789abcdef")
    assert names(engine, config) == []
    assert volume_name(engine.abilities().arch) in [volume.name for volume in engine.volumes()]


def test_blobs_and_views_that_nothing_leads_to(
    engine: FakeEngine, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(config.data / "store")
    for name in ("kept", "old"):
        (tmp_path / f"{name}.gguf").write_bytes(gguf() + name.encode())
    kept, old = (fetch(store, parse(f"./{name}.gguf", {}, tmp_path)) for name in ("kept", "old"))
    good, bad = (Path(library_view(store, (Want(weights=w, repo="o/r"),)).path) for w in (kept, old))
    for note in (store.root / "refs").iterdir():
        if old.main in note.read_text():
            note.unlink()
    former = ["jitney-init-0123456789abcdef"]
    assert names(engine, config) == former, "young: somebody may be fetching it"
    monkeypatch.setattr("jitney.disk.STALE_S", -1.0)
    assert names(engine, config) == [*former, store.path(old).name, bad.name]
    box = engine.create(
        ContainerSpec(image=engine_image(engine), argv=("x",), labels={LABEL: "run", LABEL_RUN: "1"})
    )
    assert names(engine, config) == former, "something runs, and may use them"
    engine.remove(box)
    for item in disk.stale(engine, config):
        assert disk.remove_stale(engine, item.name)
    assert names(engine, config) == []
    assert store.path(kept).exists() and good.is_dir()
    assert not store.path(old).exists() and not bad.exists()
    assert list((store.root / "views").iterdir()) == [good]


def engine_image(engine: FakeEngine) -> str:
    engine.import_image([b""], "box:1", {LABEL: "image"})
    return "box:1"
