"""The build and the start of a C or C++ program: its own build system in a stage, the program and the libraries it wants in
the last one.

Features of a detection: build:KIND, root:FOLDER, target:NAME, suite:sid, std:…; of bare sources source:, include:, flag:.
"""

from __future__ import annotations

import json
import re

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.errors import PlanError
from jitney.facts.model import Facts
from jitney.findings import Evidence
from jitney.plan.bases import key, provider
from jitney.plan.choice import Choice
from jitney.plan.compiled import (
    INSIDE,
    apt,
    build_plan,
    compile_mounts,
    evidence,
    feature,
    features,
    is_compiled,
    needed_suite,
    resolving_base,
    start,
    suite_of,
    user_packages,
    version_asked,
)
from jitney.plan.model import BuildPlan, Instruction, Lock
from jitney.plan.taken import Taken

GCC = {"13": "14", "sid": "16"}
"""Debian's release → its compiler."""

TOOLS = {"cmake": ("cmake", "ninja-build"), "meson": ("meson", "ninja-build")}
STANDARD = "c++20"
SCRIPTS = ("apt.sh", "native.py", "work.sh")


def choose(detection: Detection, facts: Facts, config: Config, lock: Lock) -> Choice:
    """Debian's stable release, its development one where a library or the compiler asked for is only there."""
    source, why = provider(facts, config)
    wanted = config.version or detection.version
    suite = _suite(wanted, feature(detection, "suite") or needed_suite(lock.system))
    picked = Evidence(rule="base.native.asked" if wanted else "base.native.default", decides="base",
                      value=f"Debian {suite}, gcc {GCC[suite]}" + (f" for {wanted}" if wanted else ""))  # fmt: skip
    release = suite if source == "debian" else {"13": "trixie"}.get(suite, suite)
    return Choice(
        provider=source,
        version=GCC[suite],
        run=key(source, "debian", release, "full" if user_packages(detection) else "run"),
        build=key(source, "cpp", release, "build"),
        evidence=(why, picked),
    )


def _suite(wanted: str, library: str) -> str:
    number = re.search(r"\d+", wanted)
    if wanted and (number is None or number[0] not in GCC.values()):
        raise PlanError(
            f"gcc {wanted} was asked for; there is {', '.join(sorted(GCC.values()))} (Debian {', '.join(GCC)})",
            f"nearest here: `--version {max(GCC.values())}`",
        )
    if number is None:
        return library or "13"
    suite = next(suite for suite, version in GCC.items() if version == number[0])
    if library and suite != library:
        raise PlanError(f"a library that the program includes is only in Debian {library}, whose compiler is gcc {GCC[library]}",
                        f"--version {GCC[library]}, or none")  # fmt: skip
    return suite


def build(
    detection: Detection, facts: Facts, lock: Lock, choice: Choice, system: tuple[str, ...], taken: Taken
) -> BuildPlan:
    wanted = (*_tools(detection, choice), *system)
    libraries = (apt(wanted, suite_of(choice.build), "libraries with their headers"),) if wanted else ()
    compile_it = Instruction(
        op="run",
        args=(
            "/usr/bin/env",
            "JITNEY=1",
            "HOME=/root",
            "python3",
            "-I",
            "-B",
            f"{INSIDE}/native.py",
            f"{INSIDE}/wanted.json",
        ),
        mounts=compile_mounts(detection, facts, choice),
        why=(f"native.{feature(detection, 'build')}",),
        compiles=True,
    )
    return build_plan(detection, facts, choice, (*libraries, compile_it), taken, scripts=SCRIPTS, files={"inside/wanted.json": _wanted(detection)},
                      packages=user_packages(detection))  # fmt: skip


def _tools(detection: Detection, choice: Choice) -> tuple[str, ...]:
    """What an official image lacks; Debian's base has them all."""
    return TOOLS.get(feature(detection, "build"), ()) if choice.provider == "registry" else ()


def _wanted(detection: Detection) -> str:
    """For inside/native.py."""
    wanted = {
        "kind": feature(detection, "build"),
        "root": feature(detection, "root"),
        "target": feature(detection, "target"),
        "options": [],
        "sources": list(features(detection, "source")),
        "include": list(features(detection, "include")),
        "flags": list(features(detection, "flag")),
        "modules": [package.name for package in detection.packages],
        "std": feature(detection, "std") or STANDARD,
        "cstd": "",
    }
    return json.dumps(wanted, sort_keys=True, indent=1) + "\n"


def reads(detection: Detection) -> tuple[str, ...]:
    return ()


def usual_bases(source: str) -> tuple[str, ...]:
    release = "13" if source == "debian" else "trixie"
    return (key(source, "cpp", release, "build"), key(source, "debian", release, "run"))


__all__ = [
    "build", "choose", "evidence", "is_compiled", "reads", "resolving_base", "start", "usual_bases", "version_asked",
]  # fmt: skip
