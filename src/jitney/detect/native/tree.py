"""What a program consists of: its sources, the headers of its own that they include, the folders where these lie."""

from __future__ import annotations

import msgspec

from jitney.detect.native.code import SOURCES, Include, NativeFile, look
from jitney.source import Source
from jitney.source.paths import join, parent, parents

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
    todo = list(starts)
    while todo and len(found.files) < MANY:
        path = todo.pop(0)
        if path in found.files:
            continue
        seen = found.files[path] = look(source.read_text(path), path)
        for one in seen.includes:
            place = locate(source, path, one, found.folders)
            if place is None:
                found.missing.append((one.header, path, one.line))
            elif place not in found.files:
                todo.append(place)
                todo += _companions(source, place, found)
    return found


def locate(source: Source, path: str, include: Include, folders: list[str]) -> str | None:
    """Where an included file lies in the source. Its folder is noted, unless it is found beside the file itself."""
    beside = join(parent(path), include.header)
    if include.is_quoted and beside and source.has(beside):
        return beside
    above = [] if source.alone else parents(parent(path))
    usual = (f"{at}/{name}".strip("/") for at in above for name in USUAL)
    for folder in dict.fromkeys((*folders, *usual)):
        place = join(folder, include.header)
        if place and source.has(place):
            return _noted(place, include.header, folders)
    return _anywhere(source, include, folders) if include.is_quoted and not source.alone else None


def _anywhere(source: Source, include: Include, folders: list[str]) -> str | None:
    """The nearest to the root of all files of this name: a build system would have been told of its folder."""
    ends = [one for one in source.files("") if one.endswith(f"/{include.header}")]
    return _noted(min(ends, key=lambda one: (one.count("/"), one)), include.header, folders) if ends else None


def _noted(place: str, header: str, folders: list[str]) -> str:
    folder = place.removesuffix(header).rstrip("/")
    if folder not in folders:
        folders.append(folder)
    return place


def _companions(source: Source, header: str, found: Program) -> list[str]:
    """`client.cpp` beside `client.hpp`, or in `src` beside `include`: compiled along, unless it is a program itself."""
    stem = header.rpartition("/")[2].rpartition(".")[0]
    at = parent(header)
    inner = at.replace("include", "src", 1) if "include" in at else at
    more = []
    for folder in dict.fromkeys((at, inner, f"{parent(at)}/src".lstrip("/"))):
        for ending in SOURCES:
            path = f"{folder}/{stem}{ending}".lstrip("/")
            if (
                path != header
                and path not in found.sources
                and source.has(path)
                and not look(source.read_text(path), path).main
            ):
                found.sources.append(path)
                more.append(path)
    return more
