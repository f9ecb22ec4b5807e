"""Which base a program stands on."""

from __future__ import annotations

import pytest

from jitney.config import Config
from jitney.detect.model import Detection, Package
from jitney.errors import PlanError
from jitney.facts.model import EngineFacts, Facts, Gpu, IndexFacts
from jitney.findings import Evidence
from jitney.plan import default_bases, needed_bases
from jitney.plan.bases import fits, pick_python
from jitney.plan.model import Lock
from jitney.plan.python import choose
from jitney.plan.torch import choose_torch

WHY = Evidence(rule="test", decides="packages", value="x")


def packages(*names: str) -> tuple[Package, ...]:
    return tuple(
        Package(name=name.split("=")[0], spec=name[len(name.split("=")[0]) :], why=WHY) for name in names
    )


@pytest.mark.parametrize(
    ("wanted", "source", "version"),
    [
        ("", "debian", "3.13"),
        ("3.11", "debian", "3.11"),
        ("3.11.4", "debian", "3.11"),
        (">=3.10", "debian", "3.13"),
        (">=3.10,<3.13", "debian", "3.11"),
        (">=3.14", "debian", "3.14"),
        ("^3.11", "debian", "3.13"),
        ("~3.11", "debian", "3.11"),
        (">=3.11.4,<3.12", "debian", "3.11"),
        ("3", "debian", "3.13"),
        ("==3.12.*", "registry", "3.12"),
        ("3.9", "registry", "3.9"),
    ],
)
def test_the_preferred_version_that_fits(wanted: str, source: str, version: str) -> None:
    assert pick_python(wanted, source) == version


def test_a_version_that_is_not_there_names_who_has_it_and_the_nearest() -> None:
    with pytest.raises(PlanError) as caught:
        pick_python("3.12", "debian")
    assert "Python 3.12" in caught.value.message
    assert "--base-provider registry" in caught.value.hint
    assert "--python 3.13" in caught.value.hint or "--python 3.11" in caught.value.hint


def test_a_version_that_nobody_has_names_no_provider() -> None:
    with pytest.raises(PlanError) as caught:
        pick_python("2.7", "debian")
    assert "--base-provider" not in caught.value.hint


@pytest.mark.parametrize(
    ("rule", "version", "want"),
    [
        ("python.version.python-version", "3.12", "3.13"),
        ("python.version.python-version", "3.9.18", "3.11"),
        ("python.version.runtime.txt", "3.11.4", "3.11"),
        ("python.version.python-version", "3.99", ""),
        ("python.version.pep723", "3.12", ""),
        ("flag.version", "3.12", ""),
    ],
)
def test_a_pin_of_a_version_file_gives_way_to_a_newer_series(rule: str, version: str, want: str) -> None:
    why = Evidence(rule=rule, decides="version", value=version, file=".python-version", line=1)
    program = Detection(language="python", entry="a.py", version=version, evidence=(why,))
    if not want:
        with pytest.raises(PlanError, match=version):
            needed_bases(program, Facts(), Config())
        return
    assert needed_bases(program, Facts(), Config()) == (f"debian/python:{want}-run",)
    told = choose(program, Facts(), Config(), Lock()).findings
    assert [one.level for one in told] == ([] if version.startswith(want) else ["warning"])


def test_no_version_at_all_is_refused() -> None:
    with pytest.raises(PlanError, match="no version and no specifier"):
        fits("3.13", "three")


def test_auto_takes_the_registry_only_where_one_answers() -> None:
    program = Detection(language="python", entry="a.py")
    assert needed_bases(program, Facts(), Config()) == ("debian/python:3.13-run",)
    reached = Facts(indexes=IndexFacts(registry="registry.example"))
    assert needed_bases(program, reached, Config()) == ("registry/python:3.13-run",)
    assert needed_bases(program, reached, Config(base_provider="debian")) == ("debian/python:3.13-run",)


def test_a_lock_may_need_more_bases() -> None:
    program = Detection(language="python", entry="a.py")
    lock = Lock(packages="x", sdists=("x",), system=("libgl1",))
    assert needed_bases(program, Facts(), Config(), lock) == (
        "debian/python:3.13-build",
        "debian/python:3.13-full",
    )


def test_go_static_and_with_cgo() -> None:
    static = Detection(language="go", entry=".")
    assert needed_bases(static, Facts(), Config()) == ("debian/go:1.24-build",)
    cgo = Detection(language="go", entry=".", features=("cgo",))
    assert needed_bases(cgo, Facts(), Config()) == ("debian/go:1.24-cgo", "debian/debian:13-run")
    sid = Detection(language="go", entry=".", features=("cgo", "suite:sid"))
    assert needed_bases(sid, Facts(), Config()) == ("debian/go:1.27-cgo", "debian/debian:sid-run")


def test_setup_makes_the_usual_bases() -> None:
    assert default_bases((), Facts(), Config()) == ("debian/python:3.13-run", "debian/go:1.24-build")
    with pytest.raises(PlanError):
        default_bases(("klingon",), Facts(), Config())


@pytest.mark.parametrize(
    ("names", "facts", "config", "provider", "want"),
    [
        (("requests",), Facts(), Config(), "debian", "none"),
        (("torch",), Facts(), Config(), "debian", "debian"),
        (("sentence_transformers",), Facts(), Config(), "debian", "debian"),
        (("torch==2.5.1",), Facts(), Config(), "debian", "pypi"),
        (("torchvision",), Facts(), Config(), "debian", "pypi"),
        (("torch",), Facts(), Config(), "registry", "pypi"),
        (
            ("torch",),
            Facts(indexes=IndexFacts(pytorch_cpu="https://cpu.example")),
            Config(),
            "registry",
            "index",
        ),
        (("torch",), Facts(gpus=(Gpu(vendor="nvidia"),)), Config(gpus=True), "debian", "pypi"),
        (("torch",), Facts(gpus=(Gpu(vendor="nvidia"),)), Config(), "debian", "debian"),
        (("torch",), Facts(engine=EngineFacts()), Config(gpus=True), "debian", "debian"),
        (("torch",), Facts(), Config(pytorch="pypi"), "debian", "pypi"),
    ],
)
def test_where_pytorch_comes_from(
    names: tuple[str, ...], facts: Facts, config: Config, provider: str, want: str
) -> None:
    program = Detection(language="python", entry="a.py", packages=packages(*names))
    chosen = choose_torch(program, facts, config, provider)
    assert chosen.source == want
    assert bool(chosen.evidence) == (want != "none")


def test_cuda_wheels_without_a_gpu_are_warned_of() -> None:
    program = Detection(language="python", entry="a.py", packages=packages("torch"), version="3.11")
    chosen = choose_torch(program, Facts(), Config(), "debian")
    assert chosen.source == "pypi"
    assert [finding.level for finding in chosen.findings] == ["warning"]
    with pytest.raises(PlanError):
        choose_torch(program, Facts(), Config(pytorch="index"), "debian")
    with pytest.raises(PlanError):
        choose_torch(program, Facts(), Config(pytorch="debian"), "registry")
