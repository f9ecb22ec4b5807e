"""What resolution and planning share: provider, version, bases. Taken once, by the language's planner."""

from __future__ import annotations

import msgspec

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.findings import Evidence, Finding
from jitney.plan.model import Lock
from jitney.plan.torch import NO_TORCH, Torch


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """provider of the bases, version of the language's base, source of PyTorch; run, build: keys of the bases, build
    empty where nothing is compiled, run empty where the last stage is scratch."""

    provider: str
    version: str
    torch: Torch = NO_TORCH
    run: str = ""
    build: str = ""
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(name for name in (self.build, self.run) if name)


def system_packages(detection: Detection, config: Config, lock: Lock) -> tuple[str, ...]:
    """Debian packages for the last stage: asked for, known from the table, learnt from the wheels."""
    names = {*config.apt, *(package.name for package in detection.system), *lock.system}
    return tuple(sorted(names))
