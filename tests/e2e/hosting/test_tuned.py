"""A folder that holds a model and its LoRA adapter: both are taken, and what cannot add the adapter is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.conftest import Jitney
from tests.e2e.hosting.conftest import Service
from tests.unit.models.lora import lora

pytestmark = [pytest.mark.engine, pytest.mark.model]
WIDTH, LAYERS = 576, 30
QUESTION = "What is 2+2?"


@pytest.fixture
def tuned(jitney: Jitney, tmp_path: Path) -> Iterator[Callable[[float], Path]]:
    """A folder with SmolLM2 and an adapter of that strength."""

    def make(strength: float) -> Path:
        folder = tmp_path / f"tuned-{strength:g}"
        folder.mkdir()
        shown = msgspec.json.decode(jitney("show", "--json", "smollm2").stdout)
        shutil.copyfile(shown["path"], folder / "model.gguf")
        (folder / "adapter.gguf").write_bytes(lora(WIDTH, LAYERS, strength))
        return folder

    yield make
    for folder in tmp_path.glob("tuned-*"):
        jitney("rm", folder)


def test_the_adapter_in_a_folder_takes_effect(
    jitney: Jitney, tuned: Callable[[float], Path], assert_nothing_left: Callable[[], None]
) -> None:
    said = []
    for model in ("smollm2", tuned(0.0), tuned(1.0)):
        done = jitney("run", "--temp", "0", "--max-tokens", "16", model, QUESTION)
        assert done.returncode == 0, done.stderr.decode()
        said.append(done.stdout)
    plain, nothing, much = said
    assert b"4" in plain
    assert nothing == plain
    assert much != plain
    assert_nothing_left()


def test_the_command_names_the_adapter(tuned: Callable[[float], Path], serve: Callable[..., Service]) -> None:
    service = serve(tuned(0.0))
    assert "4" in service.ask(QUESTION, model="tuned-0")
    commands = [path.read_bytes().split(b"\0") for path in Path("/proc").glob("[0-9]*/cmdline")]
    servers = [words for words in commands if words[0].endswith(b"llama-server")]
    assert [b"/models/files/adapter.gguf"] in [
        words[at + 1 : at + 2] for words in servers for at, word in enumerate(words) if word == b"--lora"
    ]


@pytest.mark.parametrize("runtime", ["transformers", "ctranslate2"])
def test_a_runtime_that_adds_no_adapters_is_refused(
    jitney: Jitney, tuned: Callable[[float], Path], runtime: str
) -> None:
    done = jitney("run", "--runtime", runtime, tuned(0.0), QUESTION)
    told = done.stderr.decode()
    assert done.returncode == 125
    assert f"{runtime} cannot serve" in told
    assert "the adapters beside model.gguf would be lost" in told
    assert "these can: llama.cpp" in told
