"""The languages that are tables: one TOML file each (model.py). Read only where no built-in language claims a program, and then
only those that may be meant: parsing them all takes longer than a cached run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from jitney.languages.model import LanguageTable

__all__ = ["LanguageTable", "known", "manifests", "mentioning", "names", "table", "tables"]

FOLDER = Path(__file__).parent


@cache
def _texts() -> Mapping[str, str]:
    """Name → text: those that can be built, then those that are only known, each sorted by name."""
    folders = (FOLDER, FOLDER / "known")
    return {
        path.stem: path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted(folder.glob("*.toml"))
    }


@cache
def known() -> tuple[str, ...]:
    """Languages that are detected and not built: the planner refuses them."""
    return tuple(sorted(path.stem for path in (FOLDER / "known").glob("*.toml")))


@cache
def names() -> tuple[str, ...]:
    """Languages that can be built."""
    return tuple(name for name in _texts() if name not in known())


@cache
def tables() -> Mapping[str, LanguageTable]:
    """Name → table of what can be built, sorted by name. All of them: for lists and errors."""
    return {name: table(name) for name in names()}


@cache
def table(name: str) -> LanguageTable:
    """KeyError: no such language."""
    import tomllib

    import msgspec

    found = msgspec.convert(tomllib.loads(_texts()[name]), LanguageTable)
    assert found.name == name, f"{name}.toml describes {found.name}"
    return found


def mentioning(word: str) -> Iterator[LanguageTable]:
    """Tables in whose text the word stands in quotes."""
    return (table(name) for name, text in _texts().items() if f'"{word}"' in text)


def manifests() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name and `manifests` of each table, without parsing the rest."""
    for name, text in _texts().items():
        line = re.search(r"(?m)^manifests\s*=\s*\[([^\]]*)\]", text)
        yield name, tuple(re.findall(r'"([^"]+)"', line[1])) if line else ()


@cache
def marks() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Name and `marks` of each table that has some, without parsing the rest: all the tables take longer than a detection may."""
    import tomllib

    found = []
    for name, text in _texts().items():
        if line := re.search(r"(?ms)^marks\s*=\s*\[.*?\][ \t]*$", text):
            found.append((name, tuple(tomllib.loads(line[0])["marks"])))
    return tuple(found)
