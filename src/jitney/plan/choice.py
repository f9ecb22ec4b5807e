"""The choices that resolution and planning share: provider, version, PyTorch. Taken once, in one place."""

from __future__ import annotations

import re

import msgspec

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.errors import PlanError
from jitney.facts.model import Facts
from jitney.findings import Evidence, Finding
from jitney.plan.bases import DEBIAN, GO, TORCH_PYTHON, is_cgo, key, pick_python, provider
from jitney.plan.model import Lock
from jitney.plan.sandbox import check_openings
from jitney.plan.torch import Torch, choose_torch

LANGUAGES = ("python", "go")


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """provider of the bases, version of the language's base, source of PyTorch; run, build: keys of the bases, build
    empty where nothing is compiled."""

    provider: str
    version: str
    torch: Torch
    run: str
    build: str = ""
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(name for name in (self.build, self.run) if name)


def choose(detection: Detection, facts: Facts, config: Config, lock: Lock | None = None) -> Choice:
    """PlanError: a language without a planner, a version that the provider has not, an opening that the engine cannot make."""
    check_openings(facts, config)
    if detection.language == "python":
        return _choose_python(detection, facts, config, lock or Lock())
    if detection.language == "go":
        return _choose_go(detection, facts, config)
    raise PlanError(
        f"{detection.language or 'this'} is detected but cannot be built yet",
        f"languages that can: {', '.join(LANGUAGES)}",
    )


def _choose_python(detection: Detection, facts: Facts, config: Config, lock: Lock) -> Choice:
    source, why = provider(facts, config)
    torch = choose_torch(detection, facts, config, source)
    wanted = config.version or detection.version
    in_base = torch.source == "debian"
    version = TORCH_PYTHON if in_base else pick_python(wanted, source)
    picked = Evidence(
        rule="base.python.torch" if in_base else ("base.python.asked" if wanted else "base.python.default"),
        decides="base",
        value=f"Python {version}" + (f" for {wanted}" if wanted else ""),
    )
    is_full = in_base or bool(
        system_packages(detection, config, lock)
    )  # Debian's torch comes with apt's world
    kind = "python-torch" if in_base else "python"
    return Choice(
        provider=source,
        version=version,
        torch=torch,
        run=key(source, kind, version, "full" if is_full else "run"),
        build=key(source, "python", version, "build") if lock.sdists else "",
        evidence=(why, picked, *torch.evidence),
        findings=torch.findings,
    )


def _go_fetches(wanted: str, version: str) -> str:
    """The Go command takes a newer toolchain as a module; an older wish is met by the base's own."""
    return f", fetches {wanted}" if _numbers(wanted) > _numbers(version) else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _choose_go(detection: Detection, facts: Facts, config: Config) -> Choice:
    source, why = provider(facts, config)
    version = GO[source]
    wanted = config.version or detection.version
    rule = "base.go.toolchain" if wanted else "base.go.default"
    picked = Evidence(rule=rule, decides="base", value=f"Go {version}" + _go_fetches(wanted, version))
    run = key(source, "debian", DEBIAN, "run") if is_cgo(detection) else ""
    return Choice(
        provider=source,
        version=version,
        torch=Torch(source="none"),
        run=run,
        build=key(source, "go", version, "cgo" if is_cgo(detection) else "build"),
        evidence=(why, picked),
    )


def system_packages(detection: Detection, config: Config, lock: Lock) -> tuple[str, ...]:
    """Debian packages for the last stage: asked for, known from the table, learnt from the wheels."""
    names = {*config.apt, *(package.name for package in detection.system), *lock.system}
    return tuple(sorted(names))


def needed_bases(
    detection: Detection, facts: Facts, config: Config, lock: Lock | None = None
) -> tuple[str, ...]:
    """Keys of the bases that the program needs. A lock that was resolved or learnt may need more: ask again with it."""
    return choose(detection, facts, config, lock).keys
