"""Plans of languages that are tables: those that only an image registry has, which no machine of ours has run, and one of Debian's."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from jitney.config import Config
from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.facts.model import BaseOnHand, EngineFacts, Facts, IndexFacts
from jitney.plan import Taken, make_plan
from jitney.plan.model import Lock
from jitney.render import render_dockerfile
from jitney.source import Source

ENGINE = EngineFacts(
    name="docker", version="20.10.24", buildkit=True, cpus=2, memory_bytes=24 << 30, shares_files=True
)
TAKEN = Taken(bytes=1200, files=1, digest="sha256:" + "a" * 64)
PROGRAMS: dict[str, tuple[Literal["debian", "registry"], dict[str, str]]] = {
    "dart-file": ("registry", {"main.dart": "import 'dart:io';\nvoid main() { print(1); }\n"}),
    "dart-project": (
        "registry",
        {
            "pubspec.yaml": "name: chat\nenvironment:\n  sdk: ^3.9.0\n",
            "bin/main.dart": "void main() { print(1); }\n",
        },
    ),
    "julia-file": ("registry", {"main.jl": 'using Downloads\nprintln("1")\n'}),
    "swift-registry": ("registry", {"main.swift": "import Foundation\nprint(1)\n"}),
    "fortran-modules": (
        "debian",
        {
            "main.f90": "program main\n  use helper\n  call help()\nend program\n",
            "helper.f90": "module helper\ncontains\n  subroutine help()\n  end subroutine\nend module\n",
        },
    ),
    "zig-version": (
        "debian",
        {
            "build.zig.zon": '.{ .minimum_zig_version = "0.15.1" }\n',
            "build.zig": "",
            "src/main.zig": "pub fn main() void {}\n",
        },
    ),
}
KEYS = (
    "registry/dart:3.10-build",
    "registry/dart:3.9-build",
    "registry/julia:1.12-run",
    "registry/swift:6.0-build",
    "registry/swift:6.0-run",
    "registry/debian:13-run",
    "debian/fortran:14-build",
    "debian/zig:0.15.2-build",
    "debian/debian:13-run",
)
BASES = tuple(
    BaseOnHand(key=key, ref=f"jitney-{key}", digest=f"sha256:{n:064x}") for n, key in enumerate(KEYS, 1)
)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_plan_and_dockerfile(name: str, snapshot: SnapshotAssertion) -> None:
    provider, files = PROGRAMS[name]
    facts = Facts(engine=ENGINE, bases=BASES, indexes=IndexFacts(registry="registry.example"))
    detection = detect(Source.from_mapping(files), Wishes())
    plan = make_plan(detection, facts, Config(base_provider=provider), Lock(), None, TAKEN)
    assert {stage.base.key for stage in plan.build.stages} <= {*KEYS, "scratch"}
    assert render_dockerfile(plan.build, facts.engine) == snapshot(name="dockerfile")
    run = {"argv": plan.run.argv, "env": plan.run.env}
    assert msgspec.json.format(msgspec.json.encode(run, order="sorted")).decode() == snapshot(name="run")
