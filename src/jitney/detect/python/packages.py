"""Packages of a program without a manifest: imports through the curated table, never by guess."""

from __future__ import annotations

import re

from jitney.detect.code import At
from jitney.detect.data.python_implied import implied
from jitney.detect.data.python_imports import near, normal
from jitney.detect.data.system import PYTHON as SYSTEM
from jitney.detect.model import Package, UnknownImport
from jitney.detect.python.modules import Program
from jitney.detect.python.needs import needs
from jitney.findings import Evidence

__all__ = ["from_imports", "normal", "split", "system"]
_WORDS = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(.*)", re.DOTALL)


def split(text: str) -> tuple[str, str]:
    """`name[extra]>=1 ; marker` as name and the rest; the name is empty where there is none."""
    match = _WORDS.match(text.strip())
    return (match[1], match[2].strip()) if match else ("", text)


def from_imports(program: Program, wished: tuple[str, ...]) -> tuple[list[Package], list[UnknownImport]]:
    """Known imports as packages, the rest as unknown. An import that a wished package is named after counts
    as known.
    Optional imports (with a fallback in the code) are taken where they are known, and left out where not."""
    names = {normal(split(wish)[0]) for wish in wished}
    packages: dict[str, Package] = {}
    unknown: dict[str, UnknownImport] = {}
    for at in requested(program):
        _add(packages, at.value, "notebook.pip", at)
        names.add(normal(split(at.value)[0]))
    for module, (at, optional) in program.outside.items():
        package = program.known.distribution(module)
        if package:
            _add(packages, package, "import", at)
        elif not (
            normal(module.partition(".")[0]) in names or optional or program.known.needs_nothing(module)
        ):
            top = module if module.startswith("google.") else module.partition(".")[0]
            unknown.setdefault(top, UnknownImport(name=top, file=at.file, line=at.line, near=near(top)))
        for extra in implied(module):
            _add(packages, extra, "import.implied", at)
    for requirement, rule, at in needs(program):
        _add(packages, requirement, rule, at)
    return list(packages.values()), list(unknown.values())


def requested(program: Program) -> list[At]:
    """Requirements that a notebook's cells install. An address without a name is none (nothing says what it brings)."""
    asked = [at for facts in program.files.values() for at in facts.requirements]
    return [at for at in asked if not re.match(r"(?:git\+|https?:|file:)", at.value)]


def with_requested(packages: list[Package], program: Program) -> list[Package]:
    """What a manifest says, and what a notebook beside it installs besides."""
    declared = {normal(package.name) for package in packages}
    found: dict[str, Package] = {}
    for at in requested(program):
        if normal(split(at.value)[0]) not in declared:
            _add(found, at.value, "notebook.pip", at)
    return [*packages, *found.values()]


def debian(program: Program) -> list[Package]:
    """Debian packages that a notebook's cells install."""
    asked = {at.value: at for facts in program.files.values() for at in facts.apt}
    return [
        Package(
            name=name,
            why=Evidence(
                rule="python.notebook.apt", decides="system", value=name, file=at.file, line=at.line
            ),
        )
        for name, at in asked.items()
    ]


def _add(packages: dict[str, Package], requirement: str, rule: str, at: At) -> None:
    name, spec = split(requirement)
    known = packages.get(normal(name))
    if known is not None and (known.spec or not spec):
        return
    why = Evidence(rule=f"python.{rule}", decides="package", value=at.value, file=at.file, line=at.line)
    packages[normal(name)] = Package(name=name, spec=spec, why=why)


def system(packages: list[Package], apt: tuple[str, ...]) -> tuple[Package, ...]:
    """Debian packages for these distributions, and the wished ones."""
    found: dict[str, Package] = {}
    for package in packages:
        for name in SYSTEM.get(normal(package.name), ()):
            if normal(package.name) == "psycopg" and "binary" in package.spec:
                continue
            why = Evidence(
                rule="python.system",
                decides="system",
                value=package.name,
                file=package.why.file,
                line=package.why.line,
            )
            found.setdefault(name, Package(name=name, why=why))
    for name in apt:
        found[name] = Package(name=name, why=Evidence(rule="flag.apt", decides="system", value=name))
    return tuple(found[name] for name in sorted(found))
