"""Bases from a real registry that holds official names, with and without credentials."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jitney.bases import ensure
from jitney.config import Config
from jitney.engine.protocol import LABEL, Engine
from jitney.errors import BuildError, PlanError
from jitney.facts.collect import collect
from tests.e2e.bases.conftest import PASSWORD, Registry

pytestmark = pytest.mark.engine

MADE: list[str] = []


def silent(line: str) -> None:
    """Nobody listens."""


def _login(folder: Path, host: str, password: str) -> Path:
    """A docker configuration with one credential."""
    auth = base64.b64encode(f"jitney:{password}".encode()).decode()
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
    return folder


@pytest.fixture
def image(engine: Engine) -> Iterator[str]:
    """A tiny image of ours, to be pushed under official names."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        entry = tarfile.TarInfo("hello")
        entry.size = 2
        tar.addfile(entry, io.BytesIO(b"hi"))
    tag = "jitney-registry-test/tiny:1"
    engine.import_image([file.getvalue()], tag, {LABEL: "probe"})
    yield tag
    for name in (tag, *MADE):
        engine.remove_image(name)
    MADE.clear()


def push(engine: Engine, image: str, host: str, name: str, docker_config: Path | None = None) -> None:
    """Tag, push, and forget the tag, so that only a pull brings it back."""
    full = f"{host}/{name}"
    engine.tag(image, full)
    options = ["--config", str(docker_config)] if docker_config else []
    subprocess.run(["docker", *options, "push", "-q", full], check=True, capture_output=True, timeout=60)
    engine.remove_image(full)


def test_an_official_name_is_pulled_and_pinned(
    engine: Engine, registry: Registry, image: str, tmp_path: Path
) -> None:
    host = registry(False)
    push(engine, image, host, "python:3.13-slim")
    config = Config(cache_dir=str(tmp_path / "cache"), registry=host)
    facts = collect(engine, config)
    assert facts.indexes.registry == host
    base = ensure(engine, "registry/python:3.13-run", facts, config, silent)
    MADE.extend((f"{host}/python:3.13-slim", base.ref))
    assert base.ref == f"{host}/python@{base.digest}"
    assert base.digest.startswith("sha256:")
    assert engine.image(base.ref) is not None
    assert collect(engine, config).base("registry/python:3.13-run") == base
    engine.remove_image(f"{host}/python:3.13-slim")
    engine.remove_image(base.ref)
    assert collect(engine, config).base("registry/python:3.13-run") is None


def test_credentials_come_from_the_docker_configuration(
    engine: Engine, registry: Registry, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = registry(True)
    right = _login(tmp_path / "right", host, PASSWORD)
    push(engine, image, host, "golang:1.24", right)
    config = Config(cache_dir=str(tmp_path / "cache"), registry=host)
    facts = collect(engine, config)
    assert facts.indexes.registry == host

    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "nothing"))
    with pytest.raises(BuildError, match="wants credentials") as caught:
        ensure(engine, "registry/go:1.24-build", facts, config, silent)
    assert caught.value.hint == f"docker login {host}"

    monkeypatch.setenv("DOCKER_CONFIG", str(_login(tmp_path / "wrong", host, "wrong horse")))
    with pytest.raises(BuildError, match="refused the credentials"):
        ensure(engine, "registry/go:1.24-build", facts, config, silent)

    monkeypatch.setenv("DOCKER_CONFIG", str(right))
    before = (right / "config.json").read_bytes()
    base = ensure(engine, "registry/go:1.24-build", facts, config, silent)
    MADE.extend((f"{host}/golang:1.24", base.ref))
    assert base.ref.startswith(f"{host}/golang@sha256:")
    assert (right / "config.json").read_bytes() == before


def test_what_a_registry_does_not_have(engine: Engine, registry: Registry, tmp_path: Path) -> None:
    config = Config(cache_dir=str(tmp_path / "cache"), registry=registry(False))
    facts = collect(engine, config)
    with pytest.raises(BuildError, match=r"has no .*python:3\.13-slim"):
        ensure(engine, "registry/python:3.13-run", facts, config, silent)
    with pytest.raises(PlanError, match="no official image"):
        ensure(engine, "registry/llama.cpp:sid-run", facts, config, silent)


def test_a_registry_that_does_not_answer_is_no_fact(engine: Engine, tmp_path: Path) -> None:
    config = Config(cache_dir=str(tmp_path / "cache"), registry="127.0.0.1:9")
    assert collect(engine, config).indexes.registry == ""
