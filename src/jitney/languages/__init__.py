"""The languages that are tables: one TOML file each (model.py). Read only where no built-in language claims a program."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jitney.languages.model import LanguageTable

__all__ = ["LanguageTable", "table", "tables"]


@cache
def tables() -> Mapping[str, LanguageTable]:
    """Name → table, sorted by name."""
    folder = Path(__file__).parent
    return {path.stem: _read(path) for path in sorted(folder.glob("*.toml"))}


def table(name: str) -> LanguageTable:
    """KeyError: no such language."""
    return tables()[name]


def _read(path: Path) -> LanguageTable:
    import tomllib

    import msgspec

    found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), LanguageTable)
    assert found.name == path.stem, f"{path.name} describes {found.name}"
    return found
