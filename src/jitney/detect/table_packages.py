"""Imports of a language that is a table → Debian packages. What the table does not know is never installed by guess."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

from jitney.detect.code import At
from jitney.detect.model import Package, UnknownImport, Wishes
from jitney.detect.notes import Notes
from jitney.findings import Evidence
from jitney.languages import LanguageTable

Found = tuple[tuple[Package, ...], tuple[Package, ...], tuple[UnknownImport, ...]]


def packages_of(table: LanguageTable, imports: list[At], wishes: Wishes, notes: Notes) -> Found:
    """Of the build stage, of the last stage, and what nobody knows: with --apt the user says what is installed, and the
    unknown is a warning. --package is a name of the table, or else a Debian package."""
    build: dict[str, Package] = {}
    run: dict[str, Package] = {}
    first = run if table.compile is None else build
    for at in imports:
        _add(first, table.packages, at)
        _add(run, table.run_packages, at)
    for word in wishes.packages:
        for name in table.packages.get(word, (word,)):
            first[name] = _package(name, At(word, "", 0), "flag.package")
    for name in wishes.apt:
        run[name] = _package(name, At(name, "", 0), "flag.apt")
    unknown = _unknown(table, imports, wishes)
    if wishes.apt and unknown:
        told = ", ".join(f"{one.name} ({one.file}:{one.line})" for one in unknown)
        message = f"no package is known for {told}; --apt says what is installed"
        notes.tell("warning", "table.unknown", message)
        unknown = ()
    return tuple(build.values()), tuple(run.values()), unknown


def _add(packages: dict[str, Package], rows: Mapping[str, tuple[str, ...]], at: At) -> None:
    for name in _longest(rows, at.value) or ():
        packages.setdefault(name, _package(name, at, "table.import"))


def _unknown(table: LanguageTable, imports: list[At], wishes: Wishes) -> tuple[UnknownImport, ...]:
    """Imports that no row has, that do not come with the language, and that no --package names."""
    found: dict[str, UnknownImport] = {}
    for at in imports:
        if at.value in found or at.value in wishes.packages or _is_standard(table, at.value):
            continue
        if _longest(table.packages, at.value) is None:
            near = tuple(get_close_matches(at.value, table.packages, 3, 0.6))
            found[at.value] = UnknownImport(name=at.value, file=at.file, line=at.line, near=near)
    return tuple(found.values())


def _package(name: str, at: At, rule: str) -> Package:
    decides = "system" if rule == "flag.apt" else "package"
    return Package(
        name=name, why=Evidence(rule=rule, decides=decides, value=at.value, file=at.file, line=at.line)
    )


def _longest(known: Mapping[str, tuple[str, ...]], word: str) -> tuple[str, ...] | None:
    """The row of the word, else of its longest beginning up to `::`, `.` or `/`."""
    while word:
        if word in known:
            return known[word]
        cut = re.search(r"(?:::|[./])[^./:]*$", word)
        word = word[: cut.start()] if cut else ""
    return None


def _is_standard(table: LanguageTable, word: str) -> bool:
    return not table.standard or any(re.fullmatch(pattern, word) for pattern in table.standard)
