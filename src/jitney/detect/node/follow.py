"""From an entry through all local files: what belongs to it, what it imports from elsewhere, what its syntax wants."""

from __future__ import annotations

import msgspec

from jitney.detect.code import At, Code
from jitney.detect.node.code import Import, JsFile, look
from jitney.detect.node.tsconfig import Paths
from jitney.source import Source
from jitney.source.paths import join, parent

MAX_FILES = 600
SCRIPTS = (".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx")
_ENDINGS = (".ts", ".tsx", ".mts", ".js", ".mjs", ".cjs", ".jsx", ".json", ".cts", ".node", ".wasm")
_TWINS = {".js": (".ts", ".tsx"), ".mjs": (".mts",), ".cjs": (".cts",), ".jsx": (".tsx",)}


class Program(msgspec.Struct):
    """files: the entry and the local scripts it reaches; data: other local files it imports. outside: imports of what is not
    local, with the file. guessed: place of the first import that needs a loader's guess: no ending, a path of tsconfig."""

    files: dict[str, JsFile] = msgspec.field(default_factory=dict)
    data: set[str] = msgspec.field(default_factory=set)
    outside: list[tuple[str, Import]] = msgspec.field(default_factory=list)
    guessed: str = ""
    missing: list[tuple[str, Import]] = msgspec.field(default_factory=list)
    code: Code = msgspec.field(default_factory=Code)


def follow(source: Source, entries: list[str], paths: Paths) -> Program:
    program = Program()
    todo = list(entries)
    while todo and len(program.files) < MAX_FILES:
        path = todo.pop(0)
        if path in program.files or not source.has(path):
            continue
        seen = look(source.read_text(path), path)
        program.files[path] = seen
        for item in seen.imports:
            todo += _take(source, path, item, paths, program)
        for field in Code.__struct_fields__:
            getattr(program.code, field).extend(getattr(seen.code, field))
        if seen.fetches:
            program.code.imports.append(At("fetch", path, seen.fetches))
    return program


def _take(source: Source, path: str, item: Import, paths: Paths, program: Program) -> list[str]:
    """The local scripts that an import leads to."""
    place, is_guess = resolve(source, path, item.specifier, paths)
    if place is None:
        if item.specifier.startswith((".", "/")):
            program.missing.append((path, item))
        else:
            program.outside.append((path, item))
        return []
    if (
        is_guess
        and not program.guessed
        and (item.way != "require" or not place.endswith((".js", ".json", ".cjs")))
    ):
        program.guessed = f"{path}:{item.line}: {item.specifier}"
    if place.endswith(SCRIPTS):
        return [place]
    program.data.add(place)
    return []


def resolve(source: Source, path: str, specifier: str, paths: Paths) -> tuple[str | None, bool]:
    """The local file of a specifier, and whether a plain runtime would not find it."""
    if specifier.startswith("."):
        place = join(parent(path), specifier.partition("?")[0])
        found = _file(source, place) if place is not None else None
        return found, found is not None and found != place
    for place in paths.places(specifier):
        found = _file(source, place)
        if found is not None:
            return found, True
    return None, False


def _file(source: Source, place: str) -> str | None:
    if source.has(place):
        return place
    dot = place.rfind(".")
    ending = place[dot:] if dot > place.rfind("/") else ""
    for twin in _TWINS.get(ending, ()):
        if source.has(place[:dot] + twin):
            return place[:dot] + twin
    for tail in (*_ENDINGS, *(f"/index{ending}" for ending in _ENDINGS)):
        if source.has(f"{place}{tail}".lstrip("/")):
            return f"{place}{tail}".lstrip("/")
    return None
