"""What a resolution is asked for, with a key that changes when anything changes that can change its answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from jitney.config import Config
from jitney.detect.model import Detection, Package
from jitney.facts.model import Facts
from jitney.plan.choice import system_packages
from jitney.plan.model import Lock
from jitney.plan.planner import choose, planner
from jitney.plan.torch import in_base, normal

RESOLVER = 4
"""Raised when the same request would get another answer from newer code."""


class ResolveRequest(msgspec.Struct, frozen=True, kw_only=True):
    """requirements: sorted, in the ecosystem's own notation; constraints: limits on versions, asking for nothing; asked_by: requirement → `file:line` for messages, not in the
    key. reads: files of the source whose text is part of the question. provided: packages of the base, never resolved.
    extra_index: index with CPU wheels of PyTorch. links: folder or page with wheels beside the index. system: Debian packages known beforehand. base: key of the base to
    build in."""

    language: str
    version: str
    platform: str
    manager: str = ""
    lock: str = ""
    workdir: str = ""
    entry: str = ""
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    asked_by: dict[str, str] = {}
    reads: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    provided: tuple[str, ...] = ()
    extra_index: str = ""
    index: str = ""
    links: str = ""
    torch: str = "none"
    prerelease: bool = False
    system: tuple[str, ...] = ()
    base: str = ""
    resolver: int = RESOLVER

    def key(self, texts: Mapping[str, str]) -> str:
        """64 hex digits over the question and the texts of `reads`. A lock fits either provider and any mirror: the
        hashes say whether a mirror's files are the same."""
        asked = msgspec.structs.replace(self, asked_by={}, takes=(), base="", index="", extra_index="")
        whole = [asked, {name: texts.get(name, "") for name in self.reads}]
        if not self.links:  # keys from before there were links stay
            whole[0] = {name: value for name, value in msgspec.to_builtins(asked).items() if name != "links"}
        return hashlib.sha256(msgspec.json.encode(whole, order="sorted")).hexdigest()


def resolve_request(detection: Detection, facts: Facts, config: Config) -> ResolveRequest:
    choice = choose(detection, facts, config)
    plans = planner(detection.language)
    provided = in_base(detection) if choice.torch.source == "debian" else ()
    packages = [p for p in detection.packages if normal(p.name) not in provided]
    return ResolveRequest(
        language=detection.language,
        version=plans.version_asked(detection, config, choice.version),
        platform=facts.engine.arch,
        manager=detection.manager,
        lock=detection.lock,
        workdir=detection.workdir,
        entry=detection.entry,
        requirements=tuple(sorted({requirement(package) for package in packages})),
        constraints=tuple(
            sorted({*choice.torch.limits, *(requirement(package) for package in detection.constraints)})
        ),
        asked_by={requirement(package): package.why.place for package in packages},
        reads=_reads(detection, plans.reads(detection)),
        takes=() if detection.language == "python" else detection.takes,
        features=detection.features,
        provided=provided,
        extra_index=choice.torch.index,
        index=config.python_index or facts.indexes.python,
        links=facts.indexes.wheels.where if detection.language == "python" else "",
        torch=choice.torch.build or choice.torch.source,  # a lock is of one build
        prerelease=config.prerelease,
        system=system_packages(detection, config, Lock()),
        base=plans.resolving_base(choice),
    )


def requirement(package: Package) -> str:
    return f"{package.name}{package.spec}".strip()


def _reads(detection: Detection, more: tuple[str, ...]) -> tuple[str, ...]:
    """Lock and manifests, and what the language adds. Not the sources: their imports are the requirements, so an edited line
    asks nothing anew."""
    names = {detection.lock, *detection.manifests, *more} - {""}
    own = f"{detection.workdir}/jitney.lock" if detection.workdir else "jitney.lock"
    return tuple(sorted(names - {own}))
