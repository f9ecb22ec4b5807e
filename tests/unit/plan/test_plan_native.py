"""Rust, C and C++: which base, which words reach cargo, what the last stage gets."""

from __future__ import annotations

import json

import msgspec
import pytest

from jitney.config import Config
from jitney.detect.model import Detection, Package
from jitney.errors import PlanError
from jitney.facts.model import EngineFacts, Facts
from jitney.findings import Evidence
from jitney.plan import Taken, make_plan, native, rust
from jitney.plan.model import BuildPlan, Lock
from jitney.render import render_dockerfile

FACTS = Facts(engine=EngineFacts(name="docker", version="20.10.24", buildkit=True), ca_bundle="/ca.crt")
TAKEN = Taken(bytes=10, files=1, digest="sha256:" + "a" * 64)


def crate(**fields: object) -> Detection:
    base = Detection(
        language="rust",
        entry="src/main.rs",
        manager="cargo",
        manifests=("Cargo.toml",),
        features=("root:", "bin:tool", "package:tool"),
        takes=("Cargo.toml", "src/main.rs"),
    )
    return msgspec.structs.replace(base, **fields)


def program(**fields: object) -> Detection:
    base = Detection(
        language="cpp",
        entry="a.cpp",
        manager="sources",
        features=("build:sources", "root:", "source:a.cpp"),
        takes=("a.cpp",),
    )
    return msgspec.structs.replace(base, **fields)


def apt(*names: str, rule: str = "native.header") -> tuple[Package, ...]:
    return tuple(Package(name=name, why=Evidence(rule=rule, decides="system", value=name)) for name in names)


def built(detection: Detection, lock: Lock | None = None, **config: object) -> BuildPlan:
    return make_plan(detection, FACTS, Config(**config), lock or Lock(), taken=TAKEN).build  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "learnt", "version", "warns"),
    [
        ("", "", "1.85", False),
        (">=1.56", "", "1.85", False),
        (">=1.88", "", "1.97", False),
        ("stable", "", "1.85", False),
        ("1.85.1", "", "1.85", False),
        ("1.79.0", "", "1.85", True),
        ("1.90", "", "1.97", True),
        ("nightly-2024-05-01", "", "1.97", True),
        (">=1.75", "1.88", "1.97", False),
        ("", "1.99", "1.97", False),
    ],
)
def test_the_version_that_will_do(wanted: str, learnt: str, version: str, warns: bool) -> None:
    picked, findings = rust.pick(wanted, "debian", learnt, is_flag=False)
    assert (picked, bool(findings)) == (version, warns)


@pytest.mark.parametrize(("wanted", "is_flag"), [("1.79", True), (">=2.0", False), ("1.99.0", False)])
def test_a_version_that_nobody_has(wanted: str, is_flag: bool) -> None:
    with pytest.raises(PlanError, match="the debian provider has") as caught:
        rust.pick(wanted, "debian", "", is_flag=is_flag)
    assert "registry" in caught.value.hint


def test_a_crate_is_locked_and_its_build_scripts_reach_nothing() -> None:
    plan = built(crate(), Lock(language="rust", files={"Cargo.lock": "version = 4\n"}))
    text = render_dockerfile(plan, FACTS.engine)
    assert (
        '"--release", "--package", "tool", "--bin", "tool", "--locked", "--config", "/dev/jitney/inside/cargo.toml"'
        in text
    )
    assert "http://127.0.0.1:9" in plan.files["inside/cargo.toml"]
    assert plan.files["src/Cargo.lock"] == "version = 4\n"
    assert plan.secrets == ("ca", "cargo")
    assert [stage.base.key for stage in plan.stages] == ["debian/rust:1.85-build", "debian/debian:13-run"]


def test_an_example_with_features_without_a_lock_of_its_own() -> None:
    plan = built(crate(features=("root:", "example:ask", "package:tool", "feature:net"), lock="Cargo.lock"))
    assert '"--example", "ask", "--features", "tool/net", "--locked"' in render_dockerfile(plan, FACTS.engine)


def test_an_edited_line_meets_the_same_caches_and_another_program_does_not() -> None:
    def caches(detection: Detection) -> set[str]:
        mounts = built(detection).stages[0].instructions[-1].mounts
        return {mount.source for mount in mounts if mount.source.startswith(("jitney-src-", "jitney-build-"))}

    assert len(caches(crate())) == 2
    assert caches(crate()) == caches(crate(takes=("Cargo.toml", "src/main.rs", "src/new.rs")))
    assert not caches(crate()) & caches(crate(entry="other/main.rs"))


def test_weights_stay_out_of_a_build() -> None:
    detection = crate(takes=("Cargo.toml", "big.gguf", "big.rs", "src/main.rs"))
    taken = msgspec.structs.replace(TAKEN, large=("big.gguf", "big.rs"))
    plan = make_plan(detection, FACTS, Config(), Lock(), taken=taken)
    assert plan.build.source == ("Cargo.toml", "big.rs", "src/main.rs")


def test_libraries_are_installed_where_it_is_compiled_alone() -> None:
    plan = built(program(system=apt("libcurl4-openssl-dev")))
    build, run = (render_dockerfile(BuildPlan(stages=(stage,)), FACTS.engine) for stage in plan.stages)
    assert "apt.sh" in build and "libcurl4-openssl-dev" in build
    assert "apt.sh" not in run
    assert run.splitlines()[-2:] == ['COPY --from=build ["/out/", "/"]', "USER 65532:65532"]


def test_what_the_user_asks_for_is_there_while_it_runs_too() -> None:
    plan = built(program(system=apt("ffmpeg", rule="flag.apt")), apt=("ffmpeg",))
    assert plan.stages[-1].base.key == "debian/debian:13-full"
    assert all(
        "ffmpeg" in render_dockerfile(BuildPlan(stages=(stage,)), FACTS.engine) for stage in plan.stages
    )


@pytest.mark.parametrize(
    ("detection", "lock", "keys"),
    [
        (program(), Lock(), ("debian/cpp:13-build", "debian/debian:13-run")),
        (
            program(features=("build:sources", "root:", "suite:sid")),
            Lock(),
            ("debian/cpp:sid-build", "debian/debian:sid-run"),
        ),
        (
            program(),
            Lock(language="cpp", system=("libllama-dev",)),
            ("debian/cpp:sid-build", "debian/debian:sid-run"),
        ),
        (program(version="16"), Lock(), ("debian/cpp:sid-build", "debian/debian:sid-run")),
        (
            crate(),
            Lock(language="rust", system=("libllama-dev",)),
            ("debian/rust:1.97-build", "debian/debian:sid-run"),
        ),
        (crate(), Lock(language="rust", version="1.88"), ("debian/rust:1.97-build", "debian/debian:sid-run")),
    ],
)
def test_the_release_that_has_it(detection: Detection, lock: Lock, keys: tuple[str, str]) -> None:
    module = rust if detection.language == "rust" else native
    assert module.choose(detection, FACTS, Config(), lock).keys == keys


@pytest.mark.parametrize(("wanted", "features"), [("9", ()), ("14", ("suite:sid",))])
def test_a_compiler_that_nobody_has(wanted: str, features: tuple[str, ...]) -> None:
    with pytest.raises(PlanError):
        native.choose(program(version=wanted, features=("build:sources", *features)), FACTS, Config(), Lock())


def test_what_the_build_is_told() -> None:
    told = json.loads(
        built(program(features=("build:cmake", "root:sub", "target:chat"))).files["inside/wanted.json"]
    )
    assert (told["kind"], told["root"], told["target"], told["std"]) == ("cmake", "sub", "chat", "c++20")
