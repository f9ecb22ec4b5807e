"""The gateway's image and job: what is in them, and what its answers mean."""

from __future__ import annotations

import msgspec
import pytest

from jitney.config import Config
from jitney.facts.model import BaseOnHand, Facts
from jitney.models.layout import View
from jitney.models.model import ModelInfo, WeightFile, Weights
from jitney.render import render_dockerfile
from jitney.runtimes import gateway
from jitney.runtimes.llamacpp import LlamaCpp
from jitney.runtimes.server import make_serving
from jitney.sandbox.job import Job
from jitney.serve.settings import Settings, read_settings

FACTS = Facts(bases=(BaseOnHand(key="debian/python:3.13-run", ref="py", digest="sha256:1"),))
INFO = ModelInfo(architecture="llama", context=2048, parameters=135_000_000)
FILES = (WeightFile(name="m.gguf", sha256="0" * 64, bytes=98),)
WEIGHTS = Weights(ref="x", format="gguf", main="m.gguf", files=FILES, alias="tiny", info=INFO)


def job(weights: Weights = WEIGHTS, tls: tuple[bytes, bytes] | None = None) -> Job:
    serving = make_serving(weights, View(key="k", path="/p", main="/models/m.gguf"), FACTS, Config())
    return gateway.gateway_job(LlamaCpp(), serving, tls)


def told(made: Job) -> Settings:
    return read_settings(made.argv[-1])


def test_its_image_holds_pinned_packages_and_its_own_compiled_source() -> None:
    build = gateway.gateway_build(FACTS, Config())
    text = render_dockerfile(build, FACTS.engine)
    assert 'COPY --chmod=755 ["gateway/", "/opt/gateway/"]' in text
    assert text.index("requirements.txt") < text.index("gateway/"), "an edited gateway downloads nothing"
    assert text.rstrip().endswith("USER 65532:65532")
    assert "gateway/jitney/serve/app.py" in build.files
    assert all("--hash" in one for one in build.files["requirements.txt"].replace("\\\n", "").splitlines())


def test_its_tag_is_the_same_twice_and_another_for_another_base() -> None:
    tag = gateway.gateway_tag(FACTS, Config())
    other = Facts(bases=(BaseOnHand(key="debian/python:3.13-run", ref="py", digest="sha256:2"),))
    assert tag == gateway.gateway_tag(FACTS, Config())
    assert tag != gateway.gateway_tag(other, Config())


def test_a_users_wishes_for_the_program_do_not_touch_it() -> None:
    wishes = Config(version="3.11", packages=("numpy",), apt=("ffmpeg",))
    assert gateway.gateway_tag(FACTS, wishes) == gateway.gateway_tag(FACTS, Config())


def test_it_is_told_of_the_model_and_where_it_is() -> None:
    settings = told(job())
    assert settings.models[0].upstream == "/run/jitney-runtime/runtime.sock"
    assert (
        settings.models[0].about.name,
        settings.models[0].about.family,
        settings.models[0].about.context,
    ) == ("tiny", "llama", 2048)
    assert settings.models[0].embeddings_on_demand


def test_a_model_of_vectors_needs_no_second_server() -> None:
    encoder = msgspec.structs.replace(WEIGHTS, info=ModelInfo(architecture="bert", context=512))
    settings = told(job(encoder))
    assert settings.models[0].about.features == ("embeddings",)
    assert not settings.models[0].embeddings_on_demand
    assert settings.models[0].embeddings == ""


def test_a_certificate_opens_a_second_socket() -> None:
    plain, secure = job(), job(tls=(b"chain", b"key"))
    assert [one.path for one in plain.serves] == ["/run/jitney/model.sock"]
    assert [(one.path, one.port) for one in secure.serves][1] == ("/run/jitney/tls.sock", 8443)
    assert secure.secrets == {"gateway.crt": b"chain", "gateway.key": b"key"}
    assert not plain.secrets


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (None, "loading"),
        (b"", "loading"),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "loading"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "loading"),
        (b'HTTP/1.1 200 OK\r\n\r\n{"status":"ok"}', "ready"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "dead"),
        (b"SSH-2.0-OpenSSH", "dead"),
    ],
)
def test_ready_loading_dead(reply: bytes | None, state: str) -> None:
    assert gateway.standing(reply) == state
