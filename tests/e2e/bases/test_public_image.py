"""A runtime that is a public image: pulled from a real registry, pinned, and asked. The image is the base of llama.cpp's server
under the name that its makers' has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import msgspec
import pytest

from jitney.bases import ensure
from jitney.config import Config
from jitney.engine.protocol import Engine
from jitney.errors import BuildError
from jitney.facts.collect import collect
from jitney.facts.model import Facts
from jitney.hosting import prepare
from jitney.hosting.questions import ask_text
from jitney.hosting.running import start
from jitney.runtimes.choose import Choice
from jitney.runtimes.llamacpp import BASE, LlamaCpp
from jitney.runtimes.protocol import Holder
from jitney.sandbox.run import Session
from jitney.supply import fetch_model
from tests.e2e.bases.conftest import Registry
from tests.e2e.bases.test_registry import push

pytestmark = pytest.mark.engine

IMAGE = "github!ggml-org/llama.cpp:server-test"


class Public(LlamaCpp):
    """llama.cpp out of somebody's image."""

    def holder(self, facts: Facts, *, gpus: bool = False) -> Holder:
        return Holder(image=IMAGE)


class Quiet:
    """A listener that nobody reads."""

    def say(self, line: str) -> None: ...
    def warn(self, line: str) -> None: ...
    def progress(self, line: str) -> None: ...
    def event(self, kind: str, /, **fields: object) -> None: ...
    def phase(self, name: str) -> nullcontext[None]:
        return nullcontext()


@pytest.fixture
def mirror(engine: Engine, registry: Registry) -> Iterator[str]:
    """A registry that has the image; what was pulled is removed in the end."""
    host = registry(False)
    base = collect(engine, Config()).base(BASE)
    assert base is not None, "jitney setup makes it"
    push(engine, base.ref, host, "ggml-org/llama.cpp:server-test")
    yield host
    for image in engine.images():
        for name in (*image.tags, *image.digests):
            if name.startswith(f"{host}/"):
                engine.remove_image(name)


def test_a_runtimes_public_image_is_pulled_pinned_and_answers(
    engine: Engine, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config(cache_dir=str(tmp_path), registry=mirror, threads=1, context=512)
    weights = fetch_model("smollm2", config, Quiet())
    monkeypatch.setattr(
        prepare, "choose", lambda weights, name, facts: Choice(runtime=Public(), weights=weights)
    )
    hosting = prepare.host_weights(weights, collect(engine, config), config, engine, Quiet())
    assert hosting.hosted.image.startswith(f"{mirror}/ggml-org/llama.cpp@sha256:")
    with Session(engine) as session:
        running = start(session, engine, hosting, config)
        running.wait_ready()
        options = {"max_tokens": 8, "temperature": 0}
        events = [
            msgspec.json.decode(one)
            for one in running.say(ask_text("smollm2", "The capital of France is", options))
        ]
    said = "".join(choice["text"] for event in events for choice in event["choices"])
    assert said.startswith(" Paris")


def test_an_image_that_nobody_has_is_said_with_what_else_there_is(
    engine: Engine, registry: Registry, tmp_path: Path
) -> None:
    config = Config(cache_dir=str(tmp_path), registry=registry(False))
    with pytest.raises(BuildError, match=r"has no 127\.0\.0\.1:.*/vllm/vllm-openai:v0") as caught:
        ensure(engine, "image/vllm/vllm-openai:v0", collect(engine, config), config, lambda line: None)
    assert "jitney runtimes" in caught.value.hint
