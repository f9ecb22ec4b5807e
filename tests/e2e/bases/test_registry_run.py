"""`jitney run --base-provider registry` against a real registry that holds our own bases under the official names."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jitney.bases import current, ensure
from jitney.config import Config
from jitney.engine.protocol import LABEL, Engine
from jitney.facts.collect import collect
from tests.conftest import Jitney
from tests.e2e.bases.conftest import PASSWORD, Registry

pytestmark = pytest.mark.engine
PYTHON = "import sys\nprint('on', sys.version_info[:2])\n"
GO = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("from Go") }\n'
OFFICIAL = {"debian/python:3.13-run": "python:3.13-slim", "debian/go:1.24-build": "golang:1.24"}


class Filled:
    """host: of a registry with our bases in it. env: for jitney, with a cache of its own."""

    def __init__(self, engine: Engine, host: str, cache: Path, docker: Path) -> None:
        self.engine = engine
        self.host = host
        self.env = {"JITNEY_CACHE_DIR": str(cache), "DOCKER_CONFIG": str(docker)}
        self.options = ["--base-provider", "registry", "--registry", host]

    def push(self, ref: str, name: str, docker: Path) -> str:
        """Returns the digest that it has there. The tag is forgotten, so that only a pull brings it back."""
        full = f"{self.host}/{name}"
        self.engine.tag(ref, full)
        argv = ["docker", "--config", str(docker), "push", full]
        said = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=120).stdout
        self.engine.remove_image(full)
        return next(word for word in said.split() if word.startswith("sha256:"))


def login(folder: Path, host: str, password: str) -> Path:
    folder.mkdir()
    auth = base64.b64encode(f"jitney:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
    return folder


@pytest.fixture
def fill(engine: Engine, registry: Registry, tmp_path: Path) -> Iterator[Any]:
    """`fill(True)`: a registry with credentials."""
    made: list[Filled] = []

    def serve(with_credentials: bool, *keys: str) -> Filled:
        host = registry(with_credentials)
        docker = login(tmp_path / "right", host, PASSWORD)
        filled = Filled(engine, host, tmp_path / "cache", docker)
        made.append(filled)
        config = Config()
        facts = collect(engine, config)
        for key in keys:
            on_hand = {base.key: base for base in current(facts.bases)}
            base = on_hand.get(key) or ensure(engine, key, facts, config, print)
            filled.push(base.ref, OFFICIAL[key], docker)
        return filled

    yield serve
    for image in engine.images():
        for ref in (*image.tags, *image.digests):
            if any(ref.startswith(f"{one.host}/") for one in made):
                engine.remove_image(ref)


def plan_of(jitney: Jitney, filled: Filled, program: Path) -> dict[str, Any]:
    done = jitney("plan", "--json", *filled.options, program, env=filled.env)
    assert done.returncode == 0, done.stderr
    plan: dict[str, Any] = json.loads(done.stdout)
    return plan


def test_python_and_go_run_on_pinned_bases(fill: Any, jitney: Jitney, tmp_path: Path) -> None:
    filled = fill(False, *OFFICIAL)
    for name, text, said in (("a.py", PYTHON, b"on (3, 13)\n"), ("main.go", GO, b"from Go\n")):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(text)
        done = jitney("run", "--ephemeral", *filled.options, folder / name, env=filled.env)
        assert (done.returncode, done.stdout) == (0, said), done.stderr
        plan = plan_of(jitney, filled, folder / name)
        base = next(stage["base"] for stage in plan["build"]["stages"] if stage["base"]["key"] != "scratch")
        assert base["key"].startswith("registry/")
        assert base["ref"].startswith(f"{filled.host}/")
        assert base["ref"].endswith("@" + base["digest"])
        assert plan["lock"]["bases"][base["key"]] == base["digest"]


def test_the_same_plan_on_either_provider(fill: Any, jitney: Jitney, tmp_path: Path) -> None:
    """But for what names the base, and why."""
    filled = fill(False, "debian/python:3.13-run")
    program = tmp_path / "a.py"
    program.write_text("# /// script\n# dependencies = ['idna==3.10']\n# ///\nimport idna\n")
    assert jitney("run", "--ephemeral", *filled.options, program, env=filled.env).returncode == 0
    theirs = plan_of(jitney, filled, program)
    done = jitney("plan", "--json", "--base-provider", "debian", program, env=filled.env)
    ours = json.loads(done.stdout)
    assert ours != theirs
    assert neutral(ours) == neutral(theirs)


def neutral(plan: dict[str, Any]) -> dict[str, Any]:
    for stage in plan["build"]["stages"]:
        stage["base"] = stage["base"]["key"].partition("/")[2]
    plan["evidence"] = [one for one in plan["evidence"] if not one["rule"].startswith("base.provider")]
    plan["lock"]["bases"] = sorted(key.partition("/")[2] for key in plan["lock"]["bases"])
    plan["lock"].pop("key", None)
    return plan


def test_a_lock_holds_its_digest_when_the_name_moves_on(
    fill: Any, engine: Engine, jitney: Jitney, tmp_path: Path
) -> None:
    filled = fill(False, "debian/python:3.13-run")
    program = tmp_path / "a.py"
    program.write_text(PYTHON)
    assert jitney("lock", *filled.options, program, env=filled.env).returncode == 0
    locked = plan_of(jitney, filled, program)["lock"]["bases"]["registry/python:3.13-run"]
    assert locked in (tmp_path / "jitney.lock").read_text()

    moved = filled.push(relabelled(engine), "python:3.13-slim", Path(filled.env["DOCKER_CONFIG"]))
    assert moved != locked
    (tmp_path / "fresh").mkdir()
    (tmp_path / "fresh/a.py").write_text(PYTHON)
    elsewhere = {**filled.env, "JITNEY_CACHE_DIR": str(tmp_path / "other-cache")}
    filled.env = elsewhere  # a machine that has pulled nothing yet
    assert (
        jitney("run", "--ephemeral", *filled.options, tmp_path / "fresh/a.py", env=elsewhere).returncode == 0
    )
    assert plan_of(jitney, filled, tmp_path / "fresh/a.py")["lock"]["bases"] == {
        "registry/python:3.13-run": moved
    }
    done = jitney("run", "--ephemeral", *filled.options, program, env=elsewhere)
    assert (done.returncode, done.stdout) == (0, b"on (3, 13)\n"), done.stderr
    assert plan_of(jitney, filled, program)["lock"]["bases"] == {"registry/python:3.13-run": locked}


def relabelled(engine: Engine) -> str:
    """Our base with one more label: another digest."""
    base = next(
        one for one in current(collect(engine, Config()).bases) if one.key == "debian/python:3.13-run"
    )
    text = f"FROM {base.ref}\nLABEL moved=on\nLABEL {LABEL}=probe\nLABEL jitney.key=\n"
    argv = ["/usr/bin/docker", "build", "-q", "-"]
    done = subprocess.run(
        argv, input=text, capture_output=True, text=True, check=True, env={"DOCKER_BUILDKIT": "0"}
    )
    return done.stdout.strip()


def test_credentials(fill: Any, jitney: Jitney, tmp_path: Path) -> None:
    filled = fill(True, "debian/python:3.13-run")
    program = tmp_path / "a.py"
    program.write_text(PYTHON)

    def run(docker: Path) -> tuple[int, bytes, str]:
        done = jitney(
            "run", "--ephemeral", *filled.options, program, env={**filled.env, "DOCKER_CONFIG": str(docker)}
        )
        return done.returncode, done.stdout, done.stderr.decode()

    code, _, said = run(tmp_path / "nobody")
    assert code == 125
    assert f"{filled.host} wants credentials" in said
    assert f"hint: docker login {filled.host}" in said
    code, _, said = run(login(tmp_path / "wrong", filled.host, "wrong horse"))
    assert code == 125
    assert "refused the credentials of your docker configuration" in said
    assert "wrong horse" not in said
    assert run(Path(filled.env["DOCKER_CONFIG"]))[:2] == (0, b"on (3, 13)\n")


def test_a_registry_without_the_image(fill: Any, jitney: Jitney, tmp_path: Path) -> None:
    filled = fill(False)
    (tmp_path / "a.py").write_text(PYTHON)
    done = jitney("run", "--ephemeral", *filled.options, tmp_path / "a.py", env=filled.env)
    assert done.returncode == 125
    assert f"{filled.host} has no {filled.host}/python:3.13-slim".encode() in done.stderr
    assert b"--base-provider debian" in done.stderr
