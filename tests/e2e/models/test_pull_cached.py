"""What huggingface_hub itself has downloaded is taken from its cache: no byte twice, on the wire or on the disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import Jitney
from tests.hub.server import Hub, Repo, serving
from tests.unit.models.build import gguf

DATA = gguf(elements=320_000)
FETCH = """
from huggingface_hub import hf_hub_download
for name in ("tiny-Q4_K_M.gguf", "README.md"):
    hf_hub_download("org/tiny-GGUF", name)
"""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """One repository, downloaded by the hub's own library into a home of its own."""
    with serving() as running:
        running.repos["org/tiny-GGUF"] = Repo(
            {"tiny-Q4_K_M.gguf": DATA, "README.md": b"---\nlicense: apache-2.0\n---\n"}
        )
        for name in ("HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE"):
            monkeypatch.delenv(name, raising=False)
        for name, value in (
            ("HF_ENDPOINT", running.url),
            ("HF_HOME", str(tmp_path / "hf")),
            ("HF_HUB_DISABLE_XET", "1"),
            ("OLLAMA_MODELS", str(tmp_path / "ollama")),
            ("JITNEY_DATA_DIR", str(tmp_path / "data")),
        ):
            monkeypatch.setenv(name, value)
        done = subprocess.run([sys.executable, "-c", FETCH], capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode()
        running.asked.clear()
        yield running


def _blobs(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "data" / "store" / "blobs" / "sha256").iterdir())


def test_pulled_by_name_without_a_download_and_without_a_copy(
    jitney: Jitney, hub: Hub, tmp_path: Path
) -> None:
    done = jitney("pull", "org/tiny-GGUF", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert not [path for path in hub.asked if "resolve" in path or "cdn" in path], hub.asked
    original = next((tmp_path / "hf" / "hub").glob("models--*/snapshots/*/tiny-Q4_K_M.gguf")).resolve()
    blob = next(path for path in _blobs(tmp_path) if path.stat().st_size == len(DATA))
    assert blob.read_bytes() == DATA
    assert blob.stat().st_ino == original.stat().st_ino or b"copied" not in done.stderr
    (row,) = json.loads(jitney("ls", "--json", "org/tiny-GGUF", cwd=tmp_path).stdout)
    assert (row["licence"], row["name"]) == ("Apache-2.0", "hf://org/tiny-GGUF:tiny-Q4_K_M.gguf")


def test_all_that_is_cached_without_a_network(jitney: Jitney, hub: Hub, tmp_path: Path) -> None:
    assert jitney("ls", "--cached", "-q", cwd=tmp_path).stdout == b"hf://org/tiny-GGUF\n"
    assert b"Hugging Face" in jitney("ls", "--cached", cwd=tmp_path).stdout
    done = jitney("pull", "--cached", cwd=tmp_path, env={"HF_HUB_OFFLINE": "1"})
    assert done.returncode == 0, done.stderr.decode()
    assert b"taken from the cache" in done.stderr
    assert hub.asked == []
    assert any(path.read_bytes() == DATA for path in _blobs(tmp_path))
    linked = any(
        path.stat().st_nlink > 1 for path in _blobs(tmp_path)
    )  # else a clone, which is the Store's own
    removed = jitney("rm", "org/tiny-GGUF", cwd=tmp_path)
    assert (b"0 B freed (another model or another tool has the rest)" in removed.stdout) == linked
    original = next((tmp_path / "hf" / "hub").glob("models--*/snapshots/*/tiny-Q4_K_M.gguf"))
    assert original.read_bytes() == DATA, "the other tool's own file stays"
    assert os.access(original, os.W_OK)


def test_the_lock_holds_to_a_commit(jitney: Jitney, hub: Hub, tmp_path: Path) -> None:
    assert jitney("pull", "--lock", "org/tiny-GGUF", cwd=tmp_path).returncode == 0
    hub.repos["org/tiny-GGUF"].push({"tiny-Q4_K_M.gguf": gguf(elements=32_000), "README.md": b""})
    jitney("rm", "--all", "--yes", cwd=tmp_path)
    done = jitney("pull", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert any(path.read_bytes() == DATA for path in _blobs(tmp_path)), "as it was when it was locked"
    (tmp_path / "jitney.lock").unlink()
    assert jitney("pull", "org/tiny-GGUF", cwd=tmp_path).returncode == 0
    sizes = {row["bytes"] for row in json.loads(jitney("ls", "--json", cwd=tmp_path).stdout)}
    assert len(sizes) == 2, "without the lock, what the branch leads to today"
