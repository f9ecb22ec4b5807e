"""Import → distribution in the Python index.

Two files beside this one, made by tools/import_table.py (python_imports.json says when):

- python_imports.json: modules that are not named after their distribution, or that several distributions have;
- python_names.txt: distributions that so many people install that a module of the same name is taken for theirs. Words that
  programs call their own modules are not among them.

A name that is in neither is never installed: a lookup of a guessed name in a public index is a hole for dependency confusion.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec

from jitney.detect.data.lines import holds

_HERE = Path(__file__).parent
_VERSIONED = re.compile(r"_v\d\w*$")
_SPEC = re.compile(r"[\[<>=!~ ;]")
_NEAR = 3


class _Table(msgspec.Struct):
    """imports: dotted module → distribution. spaces: folders that many distributions share. families: the namespaces in
    which each module is the distribution of its name."""

    made: str
    imports: dict[str, str]
    spaces: frozenset[str]
    families: tuple[str, ...]


@cache
def _table() -> _Table:
    return msgspec.json.decode((_HERE / "python_imports.json").read_bytes(), type=_Table)


@cache
def _names() -> str:
    return (_HERE / "python_names.txt").read_text(encoding="utf-8")


def _is_name(name: str) -> bool:
    return holds(_names(), name)


def is_distribution(name: str) -> bool:
    """A distribution (its name as PEP 503 writes it) that some table knows."""
    return _is_name(name) or name in _brought()


@cache
def _brought() -> frozenset[str]:
    return frozenset(normal(_SPEC.split(one)[0]) for one in _table().imports.values())


def normal(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution(module: str) -> str:
    """The requirement that brings this module or imported name: a distribution, with an extra where the bare one does not do, and
    with a version where newer ones have the module no longer. An empty string where nobody knows it.

    The longest dotted prefix that something is known about decides; of a namespace, only what lies below it.
    """
    table = _table()
    name = module
    while name:
        if found := table.imports.get(name) or _below(name, table):
            return found
        name = name.rpartition(".")[0]
    top = module.partition(".")[0]
    is_own = top not in table.spaces and _is_name(normal(top))
    return normal(top) if is_own else ""


class Known:
    """The tables and what the user says beside them. own: module → requirement, empty: nothing brings it."""

    def __init__(self, own: dict[str, str] | None = None) -> None:
        self.own = own or {}

    def needs_nothing(self, module: str) -> bool:
        """The user says that the module is there without any distribution."""
        return self._said(module) == ""

    def distribution(self, module: str) -> str:
        """The user's word first, then the tables."""
        said = self._said(module)
        return distribution(module) if said is None else said

    def _said(self, module: str) -> str | None:
        name = module if self.own else ""
        while name:
            if name in self.own:
                return self.own[name]
            name = name.rpartition(".")[0]
        return None


def _below(name: str, table: _Table) -> str:
    """A module of a namespace: the distribution that has its whole name."""
    space, _, part = name.rpartition(".")
    if space not in table.spaces or not part.islower():
        return ""
    same = normal(_VERSIONED.sub("", name))
    return same if f"{space}." in table.families or _is_name(same) else ""


def near(name: str) -> tuple[str, ...]:
    """Known modules that look like this one, best first."""
    from difflib import get_close_matches

    tops = {module for module in _table().imports if "." not in module}
    alike = {word.replace("-", "_") for word in _names().split() if word[0] == name[:1].lower()}
    fitting = [word for word in sorted(tops | alike) if abs(len(word) - len(name)) < _NEAR]
    return tuple(get_close_matches(name, fitting, _NEAR, 0.75))
