"""Which frameworks of the tables a program uses, and in which way: by what it imports and by the packages it declares.

import ─► its prefixes, longest first ─► ways of frameworks ─► of each framework: the ways met, else what it implies itself
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from jitney.detect.code import At, Code
from jitney.detect.frameworks import Framework, Way, canonical, frameworks, ordered


class Use(NamedTuple):
    """A framework in one of its ways (itself: what it implies by default), and the first line that shows it."""

    framework: Framework
    way: Way
    at: At

    @property
    def name(self) -> str:
        return self.framework.name

    @property
    def is_front(self) -> bool:
        return self.framework.kind == "front" and self.way.mode == "none"


Index = dict[str, list[tuple[Framework, Way]]]


def uses(
    code: Code, language: str, more: tuple[Framework, ...] = (), declared: Iterable[At] = ()
) -> list[Use]:
    """All that were met, the primary one first: by rank, those that only make vectors after those that generate.

    more: rows beside the language's own; of the same name they take its place. declared: packages with the line that asks.
    """
    rows, index = _table(language, more)
    met = _met(code, index)
    packages = {_package(at.value): at for at in declared}
    starters = {row.name: _started(row, packages) for row in rows} if packages else {}
    found = []
    for row in rows:
        hits = met.get(row.name, {})
        hits.update((way, at) for way, at in starters.get(row.name, ()) if way not in hits)
        found += [Use(row, way, at) for way, at in _decided(row, hits, packages)]
    return sorted(found, key=_order)


def _order(use: Use) -> tuple[bool, bool, int]:
    """What only embeds, or leaves the model to another library, is not primary beside one that generates."""
    return use.is_front, use.way.embeds or use.way.mode == "none", use.framework.order


@cache
def _table(language: str, more: tuple[Framework, ...]) -> tuple[tuple[Framework, ...], Index]:
    names = {row.name for row in more}
    rows = ordered((*more, *(row for row in frameworks(language) if row.name not in names)))
    return rows, _index(rows)


def _index(rows: tuple[Framework, ...]) -> Index:
    found: Index = {}
    for row in rows:
        for way in row.all_ways:
            for word in way.imports:
                found.setdefault(canonical(word), []).append((row, way))
    return found


def prefixes(name: str) -> Iterator[str]:
    """`a.b.c`, `a.b`, `a`."""
    while name:
        yield name
        name = name.rpartition(".")[0]


PART = Way(mode="none")
"""What is met of a framework of which only parts are imported that ask nobody."""
_PARTS = frozenset(
    {"tool", "tools", "retriever", "retrievers", "document", "documents", "document_stores", "vectorstore", "vectorstores", "vectordb",
     "store", "stores", "splitter", "splitters", "text_splitter", "text_splitters", "loader", "loaders", "document_loaders", "reader",
     "readers", "parser", "parsers", "output_parsers", "converters", "tokenizer", "tokenizers", "prompt", "prompts", "templates", "schema",
     "schemas", "types", "error", "errors", "exceptions", "utils", "util", "callbacks", "tracing", "telemetry", "instrumentation", "mcp",
     "runtimes", "messages", "logging", "version"}
)  # fmt: skip
"""Names of modules that people give to such parts, whatever the framework."""


def _is_part(rest: str) -> bool:
    """Of a dotted name behind a framework's: one of its first two modules is such a part."""
    return not _PARTS.isdisjoint(rest.strip(".").lower().split(".")[:2])


def _met(code: Code, index: Index) -> dict[str, dict[Way, At]]:
    """Of each framework the ways that an import names; of one import the longest prefix counts."""
    met: dict[str, dict[Way, At]] = {}
    words = {at.value for at in code.strings}
    for at in (*code.imports, *code.uses):
        if at.role == "asked":  # whether it is there, says nothing of its use
            continue
        seen: set[str] = set()
        for prefix in prefixes(canonical(at.value)):
            for row, way in index.get(prefix, ()):
                if row.name not in seen and (not way.literals or _says(words, way.literals)):
                    part = way is row and _is_part(canonical(at.value)[len(prefix) :])
                    met.setdefault(row.name, {}).setdefault(PART if part else way, at)
                    seen.add(row.name)
    return met


def _says(words: set[str], literals: tuple[str, ...]) -> bool:
    """One of them is a string of the code; with `*` at its end: begins one."""
    heads = tuple(one[:-1] for one in literals if one.endswith("*"))
    return bool(words & set(literals)) or (bool(heads) and any(word.startswith(heads) for word in words))


def _started(row: Framework, packages: dict[str, At]) -> list[tuple[Way, At]]:
    """Ways whose package configures itself and is declared."""
    found = []
    for way in row.all_ways:
        at = next((packages[_package(name)] for name in way.starters if _package(name) in packages), None)
        found += [(way, at)] if at is not None else []
    return found


def _decided(row: Framework, hits: dict[Way, At], packages: dict[str, At]) -> list[tuple[Way, At]]:
    """The ways of one framework that count. None was met that generates: declared packages may still name one; otherwise
    what the framework implies by itself."""
    part = hits.pop(PART, None)
    if not hits:
        return [(PART, part)] if part else []
    ways = [(way, hits[way]) for way in row.ways if way in hits]
    if any(way.generates for way, _ in ways):
        return ways
    if row not in hits and all(way.mode == "none" for way, _ in ways):
        return ways[:1]
    here = next(iter(hits.values()))
    named = [
        way for way in row.ways if way.generates and any(_package(one) in packages for one in way.packages)
    ]
    if named:
        return [*((way, here) for way in named), *ways]
    return [(row, hits[row]), *ways] if row in hits else ways


def _package(name: str) -> str:
    """Without extras and version, as registries compare names."""
    bare = re.split(r"[\[<>=!~; ]", name, maxsplit=1)[0]
    bare = ":".join(bare.split(":")[:2])  # Maven's group:artifact:version
    return bare.lower().replace("_", "-")
