"""The module around a program: go.mod and go.work, at its folder or above; where it has none, those below."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jitney.detect.go import modfile
from jitney.detect.notes import Notes
from jitney.source import Source
from jitney.source.paths import join, parent, parents

VERSION = re.compile(r"(?:go)?\d+(?:\.\d+)*(?:(?:rc|beta)\d+)?(?:-\S+)?")
_VERSION_FILE = re.compile(r"\s*(?:go)?(\d+(?:\.\d+)+)\s*$")

TOLD = 5
"""Faults of one file that are told: whoever mends the first ones sees the others then."""


class Module:
    """file, work, sum: paths, empty where there is none. name: its own path. lines: of go.mod."""

    def __init__(self, source: Source, notes: Notes) -> None:
        self.source, self.notes = source, notes
        self.file, self.work = _around(source, "go.mod"), _around(source, "go.work")
        total = f"{parent(self.file)}/go.sum".lstrip("/")
        self.sum = total if self.file and source.has(total) else ""
        self.lines = modfile.read(source.read_text(self.file)) if self.file else []
        line = modfile.first(self.lines, "module")
        self.name = line.words[0] if line else ""
        if self.file:
            notes.saw("go.manager.mod", "manager", "go.mod", self.file, line.number if line else 0)
            self._tell_faults(has_name=line is not None)

    def _tell_faults(self, *, has_name: bool) -> None:
        for path in (self.file, *([self.work] if self.work else [])):
            for one in modfile.faults(self.source.read_text(path))[:TOLD]:
                message = f"{path}:{one.line}:{one.column}: {one.message}"
                self.notes.tell(
                    "error", "go.mod", message, file=path, line=one.line, hint="`go mod verify` says the same"
                )
        if not has_name:
            self.notes.tell("error", "go.mod", f"{self.file} has no `module` line", file=self.file, line=1)

    def local(self, path: str) -> str | None:
        """The folder of an import of the same module."""
        if not self.name or not (path == self.name or path.startswith(self.name + "/")):
            return None
        place = join(parent(self.file), path[len(self.name) :].lstrip("/"))
        return place if place is not None and self.source.has_folder(place) else None

    def version(self, wished: str) -> str:
        """flag > toolchain > go line > .go-version."""
        seen = [("flag.version", wished, "", 0)] if wished else []
        seen += [*self._asked(), *self._file()]
        if not seen:
            return ""
        rule, value, file, number = seen[0]
        self.notes.saw(rule, "version", value, file, number, tuple(f"{r}: {v}" for r, v, _, _ in seen[1:]))
        return value

    def _asked(self) -> Iterator[tuple[str, str, str, int]]:
        """go.mod before go.work: it is the module's own word, and what others build it with."""
        work = modfile.read(self.source.read_text(self.work)) if self.work else []
        for path, lines in ((self.file, self.lines), (self.work, work)):
            for verb in ("toolchain", "go"):
                line = modfile.first(lines, verb)
                if line and VERSION.fullmatch(line.words[0]):
                    yield f"go.version.{verb}", line.words[0].removeprefix("go"), path, line.number
                elif line and line.words[0] != "default":
                    message = f"{path}:{line.number}: `{line.words[0]}` is no Go version"
                    self.notes.tell("error", "go.mod", message, file=path, line=line.number)

    def _file(self) -> Iterator[tuple[str, str, str, int]]:
        """The nearest .go-version: beside the program, or above it."""
        path = _around(self.source, ".go-version")
        match = _VERSION_FILE.match(self.source.read_text(path)) if path else None
        if match:
            yield "go.version.file", match[1], path, 1

    def others(self) -> list[str]:
        """Folders of other modules: `replace` with a path, `use` of the workspace; theirs in turn."""
        todo = [(self.file, line) for line in modfile.local_replaces(self.lines)]
        todo += [(self.work, line) for line in self._of_workspace()]
        found: list[str] = []
        while todo:
            file, line = todo.pop(0)
            place = join(parent(file), line.words[0])
            if place is None or not self.source.has_folder(place):
                message = f"{file}:{line.number}: {line.words[0]} lies outside the source"
                hint = "hand over a checkout that has both"
                self.notes.tell("error", "go.replace", message, hint=hint, file=file, line=line.number)
            elif place not in found:
                found.append(place)
                todo += _replaces_of(self.source, f"{place}/go.mod".lstrip("/"))
        return found

    def _of_workspace(self) -> list[modfile.Line]:
        if not self.work:
            return []
        lines = modfile.read(self.source.read_text(self.work))
        return [line for line in lines if line.verb == "use" and line.words] + modfile.local_replaces(lines)


def below(source: Source) -> list[str]:
    """Folders of the modules below one that has none of its own: those of its go.work, else all that have a go.mod."""
    if _around(source, "go.mod"):
        return []
    work = f"{source.workdir}/go.work".lstrip("/")
    if not source.has(work):
        return [parent(path) for path in source.files() if path.endswith("/go.mod")]
    places = (join(parent(work), word) for word in _uses(source.read_text(work)))
    return [place for place in places if place is not None and source.has(f"{place}/go.mod".lstrip("/"))]


def _uses(text: str) -> list[str]:
    return [line.words[0] for line in modfile.read(text) if line.verb == "use" and line.words]


def _around(source: Source, file: str) -> str:
    """The nearest of this name, in the program's folder or above."""
    places = [source.workdir] if source.alone else parents(source.workdir)
    return next((path for at in places if source.has(path := f"{at}/{file}".lstrip("/"))), "")


def _replaces_of(source: Source, path: str) -> list[tuple[str, modfile.Line]]:
    if not source.has(path):
        return []
    return [(path, line) for line in modfile.local_replaces(modfile.read(source.read_text(path)))]
