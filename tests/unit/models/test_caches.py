"""What other tools have already: found, checked, shared without a copy."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.models.build import gguf
from tests.unit.models.server import serving

from jitney.errors import ModelError
from jitney.models.layout import Want, library_view
from jitney.models.model import Weights
from jitney.models.sources import caches
from jitney.models.sources.download import Remote, download
from jitney.models.sources.hosts import ollama_registry
from jitney.models.storage import holds
from jitney.models.storage.store import Store

DATA = gguf()
SHA256 = hashlib.sha256(DATA).hexdigest()
CONFIG = b'{"model_type": "llama"}'
GIT = hashlib.sha1(b"blob %d\0" % len(CONFIG) + CONFIG).hexdigest()
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No cache of the machine's own is looked at."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "ollama"))
    return tmp_path


@pytest.fixture
def hub(elsewhere: Path) -> Path:
    """One repository, as huggingface_hub lays it out."""
    folder = elsewhere / "hub" / "models--org--tiny-GGUF"
    top = folder / "snapshots" / COMMIT
    top.mkdir(parents=True)
    (folder / "blobs").mkdir()
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    for name, content, blob in (("tiny.gguf", DATA, SHA256), ("config.json", CONFIG, GIT)):
        (folder / "blobs" / blob).write_bytes(content)
        (top / name).symlink_to(f"../../blobs/{blob}")
    return folder


def test_a_snapshot_by_branch_and_by_commit(hub: Path) -> None:
    for revision in ("", "main", COMMIT):
        found = caches.hub_snapshot("org/tiny-GGUF", revision)
        assert found is not None
        assert found.commit == COMMIT
        assert sorted(found.files) == ["config.json", "tiny.gguf"]
    assert caches.hub_snapshot("org/tiny-GGUF", "v2") is None
    assert caches.hub_snapshot("org/other") is None


@pytest.mark.parametrize("repo", ["../../etc", "org/..", "/abs", "a b/c", ""])
def test_a_name_does_not_lead_out_of_the_cache(hub: Path, repo: str) -> None:
    assert caches.hub_snapshot(repo, COMMIT) is None
    assert caches.hub_snapshot("org/tiny-GGUF", repo or "..") is None


def test_a_link_that_leads_out_of_the_repository_is_not_followed(hub: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (hub / "snapshots" / COMMIT / "secret").symlink_to(tmp_path / "secret")
    found = caches.hub_snapshot("org/tiny-GGUF")
    assert found is not None
    assert "secret" not in found.files


def test_nothing_is_downloaded_or_copied_that_the_hub_s_cache_has(store: Store, hub: Path) -> None:
    said: list[str] = []
    with serving(DATA) as server:
        remote = Remote(url=server.url, name="tiny.gguf", sha256=SHA256, bytes=len(DATA))
        file = download(store, remote, on_line=said.append)
        config = download(store, Remote(url=server.url, name="config.json", git=GIT, bytes=len(CONFIG)))
        assert server.asked == []
    assert (file.sha256, file.name, file.bytes) == (SHA256, "tiny.gguf", len(DATA))
    assert store.blob(config.sha256).read_bytes() == CONFIG
    assert said == []
    blob, original = store.blob(SHA256), hub / "blobs" / SHA256
    assert blob.stat().st_ino == original.stat().st_ino or blob.stat().st_nlink == 1, "a link, or a clone"
    weights = store.remember(Weights(ref="r", format="gguf", main="tiny.gguf", files=(file,)))
    library_view(store, (Want(weights=weights),))
    holds.release()
    assert original.stat().st_mode & 0o777 == 0o644, "the tool's file is as it was"


def test_ollama_s_blobs_are_found_too(store: Store, elsewhere: Path) -> None:
    blobs = elsewhere / "ollama" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / f"sha256-{SHA256}").write_bytes(DATA)
    assert caches.bring(store, SHA256, "", print) is not None
    assert store.has(SHA256, len(DATA))


def test_a_spoilt_cache_is_told_and_not_believed(store: Store, hub: Path) -> None:
    (hub / "blobs" / SHA256).write_bytes(DATA[:-1] + b"!")
    (hub / "blobs" / GIT).write_bytes(b"{}")
    said: list[str] = []
    with serving(DATA) as server:
        file = download(store, Remote(url=server.url, sha256=SHA256, bytes=len(DATA)), on_line=said.append)
        assert len(server.asked) == 1
    assert store.blob(file.sha256).read_bytes() == DATA
    assert caches.bring(store, "", GIT, said.append) is None
    assert len(said) == 2
    assert all("not the bytes that its name says" in line for line in said)
    assert not list((store.root / "parts").iterdir())


def _writable_by_all(path: Path) -> None:
    path.chmod(0o666)


def _private(path: Path) -> None:
    path.chmod(0o600)


@pytest.mark.parametrize("spoil", [_writable_by_all, _private])
def test_what_others_can_change_or_the_sandbox_cannot_read_is_copied_and_that_is_said(
    store: Store, hub: Path, spoil: Callable[[Path], None]
) -> None:
    original = hub / "blobs" / SHA256
    spoil(original)
    said: list[str] = []
    assert caches.bring(store, SHA256, "", said.append) is not None
    blob = store.blob(SHA256)
    assert blob.stat().st_ino != original.stat().st_ino
    assert blob.stat().st_mode & 0o777 == 0o444
    assert any("copied" in line for line in said) or blob.stat().st_blocks == 0


def test_what_is_there_can_be_listed(hub: Path, elsewhere: Path) -> None:
    own = elsewhere / "ollama" / "manifests" / ollama_registry() / "library" / "tiny"
    manifest = elsewhere / "ollama" / "manifests" / "registry.example" / "library" / "tiny"
    own.mkdir(parents=True)
    manifest.mkdir(parents=True)
    (own / "latest").write_text('{"layers": [{"size": 7}]}')
    (manifest / "latest").write_text('{"layers": [{"size": 100}, {"size": 5}]}')
    (manifest / "broken").write_text("{")
    found = sorted((one.reference, one.tool, one.bytes) for one in caches.every())
    assert found == [
        ("hf://org/tiny-GGUF", "Hugging Face", len(DATA) + len(CONFIG)),
        ("ollama://registry.example/library/tiny:latest", "Ollama", 105),
        ("ollama://tiny:latest", "Ollama", 7),
    ]
    assert caches.ollama_manifest("registry.example", "library/tiny", "latest")
    assert caches.ollama_manifest("registry.example", "../library/tiny", "latest") is None


def test_no_cache_at_all_is_said_with_the_places() -> None:
    with pytest.raises(ModelError, match="no other tool has models") as caught:
        caches.require_known(caches.every())
    assert "ollama" in caught.value.hint
