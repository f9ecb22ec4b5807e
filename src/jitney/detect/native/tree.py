"""What a program consists of: its sources, the headers of its own that they include, the folders where these lie."""

from __future__ import annotations

import msgspec

from jitney.detect.native.code import CALLED_MAIN, SOURCES, Include, NativeFile, look
from jitney.source import Source
from jitney.source.paths import join, name, parent, parents

MANY = 200
USUAL = ("", "include", "inc", "src", "single_include", "singleheader", "single_header", "lib", "third_party", "third-party",
         "thirdparty", "external", "extern", "vendor", "deps", "libs", "common")  # fmt: skip
"""Where a header that is included by a plain name is looked for, below the folder of the file and each one above."""


class Program(msgspec.Struct):
    """sources: to be compiled, the entry first. files: all that were looked at. folders: for `-I`, in the order met.
    missing: (header, file, line) of what lies nowhere in the source: the system's, or not there."""

    sources: list[str] = msgspec.field(default_factory=list)
    files: dict[str, NativeFile] = msgspec.field(default_factory=dict)
    folders: list[str] = msgspec.field(default_factory=list)
    missing: list[tuple[str, str, int]] = msgspec.field(default_factory=list)


def reach(source: Source, starts: tuple[str, ...]) -> Program:
    """From the entry (and its helpers) through its own headers to the sources beside these."""
    found = Program(sources=list(starts))
    places = _Places(source)
    todo = list(starts)
    while todo and len(found.files) < MANY:
        path = todo.pop(0)
        if path in found.files:
            continue
        seen = found.files[path] = look(source.read_text(path), path)
        for one in seen.includes:
            place = places.locate(path, one, found.folders)
            if place is None:
                found.missing.append((one.header, path, one.line))
            elif place not in found.files:
                todo.append(place)
                todo += _companions(source, place, found)
    return found


class _Places:
    """Where a source's headers lie. Folders are asked for once: a program has thousands of includes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._usual: dict[str, list[str]] = {}
        self._named: dict[str, list[str]] | None = None

    def locate(self, path: str, include: Include, folders: list[str]) -> str | None:
        """Where an included file lies in the source. Its folder is noted, unless it is found beside the file itself."""
        beside = join(parent(path), include.header)
        if include.is_quoted and beside and self.source.has(beside):
            return beside
        for folder in dict.fromkeys((*folders, *self._above(path))):
            place = join(folder, include.header)
            if place and self.source.has(place):
                return _noted(place, include.header, folders)
        return self._anywhere(include.header, folders) if include.is_quoted else None

    def _above(self, path: str) -> list[str]:
        above = [] if self.source.alone else parents(parent(path))
        return [place for at in above for place in self._folders(at)]

    def _folders(self, at: str) -> list[str]:
        if at not in self._usual:
            _, below = self.source.folder(at)
            self._usual[at] = [at, *(f"{at}/{name}".strip("/") for name in USUAL if name in below)]
        return self._usual[at]

    def _anywhere(self, header: str, folders: list[str]) -> str | None:
        """The nearest to the root of all files of this name: a build system would have been told of its folder."""
        if self._named is None:
            self._named = {}
            for path in () if self.source.alone else self.source.files(""):
                self._named.setdefault(name(path), []).append(path)
        ends = [one for one in self._named.get(name(header), ()) if one.endswith(f"/{header}")]
        return _noted(min(ends, key=lambda one: (one.count("/"), one)), header, folders) if ends else None


def _noted(place: str, header: str, folders: list[str]) -> str:
    folder = place.removesuffix(header).rstrip("/")
    if folder not in folders:
        folders.append(folder)
    return place


def _companions(source: Source, header: str, found: Program) -> list[str]:
    """`client.cpp` beside `client.hpp`, or in `src` beside `include`: compiled along, unless it is a program itself."""
    stem = name(header).rpartition(".")[0]
    at = parent(header)
    inner = at.replace("include", "src", 1) if "include" in at else at
    folders = dict.fromkeys((at, inner, f"{parent(at)}/src".lstrip("/")))
    paths = [f"{folder}/{stem}{ending}".lstrip("/") for folder in folders for ending in SOURCES]
    more = []
    for path in paths:
        is_new = path != header and path not in found.sources and source.has(path)
        if is_new and not _is_program(source.read_text(path), path):
            found.sources.append(path)
            more.append(path)
    return more


def _is_program(text: str, path: str) -> bool:
    return bool(CALLED_MAIN.search(text)) and look(text, path).main
