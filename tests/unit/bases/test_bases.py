"""Bases without a mirror or an engine: the table, the lock, who is missing, whose credentials."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import time
from pathlib import Path

import msgspec
import pytest

from jitney import bases
from jitney.bases import debian, recipes
from jitney.bases.credentials import credentials
from jitney.bases.hooks import Recipe, fingerprint
from jitney.bases.recipes import OFFICIAL, RECIPES, official, recipe, whole_fingerprint
from jitney.config import Config
from jitney.engine.fake import FakeEngine
from jitney.engine.protocol import LABEL
from jitney.errors import PlanError
from jitney.facts.collect import LABEL_KEY, LABEL_RECIPE, base_ref
from jitney.facts.model import BaseOnHand, Facts
from jitney.plan.bases import DEBIAN, GO, PYTHONS, TORCH_PYTHON


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(cache_dir=str(tmp_path / "cache"))


def silent(line: str) -> None:
    """Nobody listens."""


def test_every_recipe_has_a_key_that_can_be_read() -> None:
    for name in RECIPES:
        assert re.fullmatch(r"[a-z.-]+:[\w.]+-(run|full|build|cgo|native|lean)", name), name


def test_everything_that_the_planner_may_ask_for_can_be_given() -> None:
    for version in PYTHONS["debian"]:
        for flavour in ("run", "full", "build"):
            assert recipe(f"python:{version}-{flavour}").python == version
    for flavour in ("run", "full", "build"):
        assert "python3-torch" in recipe(f"python-torch:{TORCH_PYTHON}-{flavour}").packages
    assert recipe(f"go:{GO['debian']}-build").path
    assert recipe(f"debian:{DEBIAN}-run").variant == "extract"
    assert official(f"python:{PYTHONS['registry'][0]}-run").endswith("-slim")
    assert {flavour for _, flavour in OFFICIAL} <= {"run", "full", "build", "cgo", "native"}


def test_a_base_that_nobody_makes(config: Config) -> None:
    with pytest.raises(PlanError, match=r"no base 'python:2\.7-run'") as caught:
        bases.ensure(FakeEngine(), "debian/python:2.7-run", Facts(), config, silent)
    assert "python:3.13-run" in caught.value.hint
    for odd in ("python", "other/python:3.13-run"):
        with pytest.raises(PlanError, match="is no base"):
            bases.ensure(FakeEngine(), odd, Facts(), config, silent)


def test_scratch_is_always_there(config: Config) -> None:
    assert bases.ensure(FakeEngine(), "scratch", Facts(), config, silent).ref == "scratch"


def test_two_who_ask_at_once_make_it_once(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine()
    made: list[int] = []
    said: list[str] = []
    key = "debian/python:3.13-run"

    def make(*_: object) -> BaseOnHand:
        made.append(1)
        time.sleep(0.3)
        engine.add_image(
            base_ref(key, ""),
            {LABEL: "base", LABEL_KEY: key, LABEL_RECIPE: fingerprint(recipe("python:3.13-run"))},
        )
        return BaseOnHand(key=key, ref=base_ref(key, ""), digest="")

    monkeypatch.setattr(debian, "make", make)
    got: list[BaseOnHand] = []
    threads = [
        threading.Thread(target=lambda: got.append(bases.ensure(engine, key, Facts(), config, said.append)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert {base.ref for base in got} == {base_ref(key, "")}
    assert any("waiting for another process" in line for line in said)


def test_no_mirror_and_no_tool_are_said(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PlanError, match="no Debian mirror") as caught:
        bases.ensure(FakeEngine(), "debian/python:3.13-run", Facts(), config, silent)
    assert "debian_mirror" in caught.value.hint
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(PlanError, match="mmdebstrap"):
        debian.bootstrap_mode()


def test_without_root_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: None if name == "newuidmap" else f"/usr/bin/{name}")
    with pytest.raises(PlanError, match="newuidmap") as caught:
        debian.bootstrap_mode()
    assert "sudo apt-get install uidmap" in caught.value.hint


def _config(folder: Path, content: object) -> Path:
    (folder / "config.json").write_text(json.dumps(content))
    return folder


def test_stored_credentials(tmp_path: Path) -> None:
    auth = base64.b64encode(b"me:pass:word").decode()
    folder = _config(
        tmp_path, {"auths": {"h:5": {"auth": auth}, "t": {"identitytoken": "T"}, "bad": {"auth": "!"}}}
    )
    assert credentials("h:5", folder) == {"username": "me", "password": "pass:word", "serveraddress": "h:5"}
    assert credentials("t", folder) == {"identitytoken": "T", "serveraddress": "t"}
    assert credentials("bad", folder) is None
    assert credentials("unknown", folder) is None
    assert credentials("h:5", tmp_path / "none") is None


def test_credential_helpers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = tmp_path / "docker-credential-test"
    helper.write_text('#!/bin/sh\nread host\necho "{\\"Username\\":\\"u\\",\\"Secret\\":\\"s-$host\\"}"\n')
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    folder = _config(tmp_path, {"credHelpers": {"h": "test", "evil": "../../x"}})
    assert credentials("h", folder) == {"username": "u", "password": "s-h", "serveraddress": "h"}
    assert credentials("evil", folder) is None


def test_a_changed_recipe_makes_a_stale_base() -> None:
    made_by = recipe("python:3.13-run")
    now = fingerprint(made_by)
    changed = msgspec.structs.replace(made_by, packages=(*made_by.packages, "libfoo"))
    assert fingerprint(changed) != now
    assert fingerprint(msgspec.structs.replace(made_by, variant="minbase")) != now, "other hooks"
    fresh = BaseOnHand(key="debian/python:3.13-run", ref="a", digest="d", recipe=now)
    stale = msgspec.structs.replace(fresh, recipe=fingerprint(changed))
    unknown = msgspec.structs.replace(fresh, recipe="")
    pulled = BaseOnHand(key="registry/python:3.13-run", ref="b", digest="d")
    assert bases.current((stale, fresh, unknown, pulled)) == (fresh, pulled)


def test_only_cgo_pays_for_a_compiler() -> None:
    def everything(name: str) -> set[str]:
        found = recipe(name)
        return {*found.packages, *(everything(found.parent) if found.parent else ())}

    assert "gcc" not in everything("go:1.24-build")
    assert everything("go:1.24-cgo") >= {*everything("go:1.24-build"), "gcc", "libc6-dev"}


def test_a_locks_digest_is_asked_of_a_registry_alone() -> None:
    pulled = BaseOnHand(key="registry/python:3.13-run", ref="b", digest="sha256:1")
    assert bases.fits(pulled, "sha256:1") and bases.fits(pulled, "")
    assert not bases.fits(pulled, "sha256:2")
    assert bases.fits(BaseOnHand(key="debian/python:3.13-run", ref="a", digest="sha256:1"), "sha256:2")
    assert not bases.fits(None, "")


def test_a_change_below_makes_the_layers_above_anew() -> None:
    layer = Recipe(suite="trixie", variant="minbase", packages=("lua5.4",), parent="debian:13-full")
    changed = {"debian:13-full": msgspec.structs.replace(recipe("debian:13-full"), packages=("base-files",))}
    before = whole_fingerprint(layer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipes, "RECIPES", {**recipes.RECIPES, **changed})
        assert whole_fingerprint(layer) != before
    assert whole_fingerprint(layer) == before


def test_the_former_base_is_forgotten() -> None:
    engine, key = FakeEngine(), "debian/lua:5.4-run"
    for digest in ("sha256:1", "sha256:2"):
        engine.add_image(base_ref(key, digest), {LABEL: "base", LABEL_KEY: key})
    engine.add_image("jitney-debian/lua:5.4-build-3", {LABEL: "base", LABEL_KEY: "debian/lua:5.4-build"})
    debian.forget_former(engine, key, base_ref(key, "sha256:2"))
    left = sorted(tag for image in engine.images() for tag in image.tags)
    assert left == ["jitney-debian/lua:5.4-build-3", base_ref(key, "sha256:2")]


def test_a_stale_base_is_made_anew(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, key, made = FakeEngine(), "debian/python:3.13-run", []
    engine.add_image(base_ref(key, ""), {LABEL: "base", LABEL_KEY: key, LABEL_RECIPE: "of-another-day"})

    def make(*_: object) -> BaseOnHand:
        made.append(key)
        return BaseOnHand(key=key, ref="jitney-" + key, digest="sha256:new")

    monkeypatch.setattr(debian, "make", make)
    assert bases.ensure(engine, key, Facts(), config, silent).digest == "sha256:new"
    assert made == [key]
