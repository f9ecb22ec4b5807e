"""meson.build, as far as it says which programs it makes. A program of its own language that is not run: plain names are followed."""

from __future__ import annotations

import re

from jitney.detect.lines import Lines
from jitney.detect.native.cmake import Executable
from jitney.source import Source
from jitney.source.paths import join, parent

_PROJECT = re.compile(r"\bproject\s*+\(\s*+'([^']+)'")
_EXECUTABLE = re.compile(r"\bexecutable\s*+\(\s*+(?:'([^']+)'|(\w+)|meson\.project_name\(\))\s*+,?([^)]*)")
_VARIABLE = re.compile(r"(?m)^[ \t]*+(\w+)\s*+=\s*+'([^']+)'[ \t]*+$")
MANY = 60


def read(source: Source, path: str) -> tuple[str, list[Executable], list[str]]:
    """The project's name, the programs of it and of its `subdir`s, the files that were read."""
    project = ""
    found: list[Executable] = []
    files: list[str] = []
    values: dict[str, str] = {}
    todo = [path]
    while todo and len(files) < MANY:
        place = todo.pop(0)
        if place in files or not source.has(place):
            continue
        files.append(place)
        text = re.sub(r"(?m)#.*$", "", source.read_text(place))
        values |= dict(_VARIABLE.findall(text))
        named = _PROJECT.search(text)
        project = project or (named[1] if named else "")
        found += _executables(text, place, project, values)
        below = (join(parent(place), folder) for folder in re.findall(r"\bsubdir\s*+\(\s*+'([^']+)'", text))
        todo += [f"{folder}/meson.build" for folder in below if folder]
    return project, found, files


def _executables(text: str, path: str, project: str, values: dict[str, str]) -> list[Executable]:
    found, lines = [], Lines(text)
    for match in _EXECUTABLE.finditer(text):
        name = match[1] or values.get(match[2] or "", "") or (project if not match[2] else "")
        words = re.findall(r"'([^']+\.\w+)'", match[3])
        sources = tuple(place for word in words if (place := join(parent(path), word)))
        if name:
            found.append(Executable(name, path, lines.line(match.start()), sources))
    return found
