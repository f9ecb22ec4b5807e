"""By what a program is built, and which program it is. Order of trust: CMake, Meson, autotools, Make, the sources: a Makefile
is the one that is most often left behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from jitney.detect.model import Wishes
from jitney.detect.native import cmake, meson
from jitney.detect.native.code import SOURCES, has_main, look
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import is_under, join, name, parent, parents

Kind = Literal["cmake", "meson", "autotools", "make", "sources"]
SYSTEMS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("cmake", ("CMakeLists.txt",)),
    ("meson", ("meson.build",)),
    ("autotools", ("configure.ac", "configure.in", "configure")),
    ("make", ("GNUmakefile", "makefile", "Makefile")),
)
ASIDE = re.compile(
    r"(?:^|/)(?:tests?|examples?|bench(?:mark)?s?|third[_-]?party|external|extern|vendor|deps|docs?|build)/"
)
TARGETS = re.compile(
    r"(?m)^(?:TARGET|PROGRAM|PROG|EXE|EXEC|EXECUTABLE|BIN|BINARY|NAME|OUT(?:PUT)?|APP)[ \t]*[:?]?=[ \t]*(\S+)[ \t]*$"
)


class Build(msgspec.Struct, frozen=True):
    """root: the folder of the build system; target: what it makes, empty where it will show. sources: of a program without
    one; starts: of the program that a build system makes, where it says so. entry: for the reader. manifests: files that were read."""

    kind: Kind
    root: str
    entry: str
    target: str = ""
    sources: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    project: cmake.CMake | None = None


def choose(source: Source, wishes: Wishes, notes: Notes) -> Build:
    """DetectionError: no `main`, or several alike."""
    place = join(source.workdir, wishes.entry) if wishes.entry else None
    if place is not None and place.endswith(SOURCES) and source.has(place):
        notes.saw("flag.entry", "entry", place, place)
        return _file(source, place, notes)
    if source.entry:
        return _file(source, source.entry, notes)
    system = _system(source, source.workdir)
    if system is None:
        return _sources(source, notes)
    kind, manifest = system
    notes.saw(f"native.manager.{kind}", "manager", kind, manifest, 0, tuple(_others(source, kind)))
    if kind == "cmake":
        return _cmake(source, source.workdir, wishes, notes)
    if kind == "meson":
        return _meson(source, manifest, wishes, notes)
    target = wishes.entry or _make_target(source, manifest)
    return Build(
        kind=kind, root=source.workdir, entry=target or manifest, target=target, manifests=(manifest,)
    )


def _system(source: Source, folder: str) -> tuple[Kind, str] | None:
    for kind, files in SYSTEMS:
        for file in files:
            path = f"{folder}/{file}".lstrip("/")
            if source.has(path) and (kind != "make" or _compiles(source, path)):
                return kind, path
    return None


def _compiles(source: Source, path: str) -> bool:
    """A Makefile of a C or C++ program, not one that only calls other tools."""
    text = source.read_text(path)
    return bool(
        re.search(
            r"\$[({]?(?:CC|CXX|LD|LINK\.\w+)\b|\b(?:gcc|g\+\+|clang|clang\+\+|cc|c\+\+)\b|^\w[\w./-]*:.*\.(?:o|c|cc|cpp)\b",
            text,
            re.M,
        )
    )


def _others(source: Source, chosen: Kind) -> list[str]:
    found = []
    for kind, files in SYSTEMS:
        found += [
            file for file in files if kind != chosen and source.has(f"{source.workdir}/{file}".lstrip("/"))
        ]
    return found


def _file(source: Source, path: str, notes: Notes) -> Build:
    """A file by itself; as part of a CMake project above it where that makes a program of just this file."""
    if not look(source.read_text(path), path).main:
        raise DetectionError(
            f"{path} has no `main`", "hand over the file that has it, or the program's folder"
        )
    for folder in [] if source.alone else parents(parent(path)):
        if source.has(f"{folder}/CMakeLists.txt".lstrip("/")):
            project = cmake.read(source, folder)
            made = _made_of(project, path)
            if made is not None and (len(made.sources) > 1 or _is_above(source, folder)):
                notes.saw("native.entry.target", "entry", made.name, made.file, made.line)
                return _cmake_build(source, _top(source, folder), project, made, path)
    notes.saw("source.file", "entry", path, path)
    return Build(kind="sources", root=parent(path), entry=path, sources=(path,))


def _made_of(project: cmake.CMake, path: str) -> cmake.Executable | None:
    named = (one for one in project.executables if path in one.sources and "${" not in one.name)
    return next(named, None)


def _cmake_build(
    source: Source,
    root: str,
    project: cmake.CMake,
    made: cmake.Executable | None,
    entry: str,
    target: str = "",
) -> Build:
    return Build(
        kind="cmake",
        root=root,
        entry=entry,
        target=made.name if made else target,
        starts=tuple(one for one in made.sources if source.has(one)) if made else (),
        manifests=tuple(project.files),
        project=project,
    )


def _is_above(source: Source, folder: str) -> bool:
    return (
        any(source.has(f"{at}/CMakeLists.txt".lstrip("/")) for at in parents(folder)[1:]) if folder else False
    )


def _top(source: Source, folder: str) -> str:
    """The outermost folder whose CMakeLists.txt declares a project."""
    tops = [at for at in parents(folder) if source.has(path := f"{at}/CMakeLists.txt".lstrip("/"))
            and re.search(r"(?im)^\s*project\s*\(", source.read_text(path))]  # fmt: skip
    return tops[-1] if tops else folder


def _cmake(source: Source, folder: str, wishes: Wishes, notes: Notes) -> Build:
    project = cmake.read(source, folder)
    for path, line, column, what in project.broken:
        message = f"{path}:{line}:{column}: {what}"
        notes.tell(
            "error", "cmake", message, file=path, line=line, hint="`cmake -S . -B build` says the same"
        )
    made = cmake.programs(project.executables)
    chosen = (
        _wished(made, wishes.entry) if wishes.entry else _one(made, project.project, project.files[0], source)
    )
    if chosen is None and not project.executables and not wishes.entry:
        raise _broken(project) or _library(source, project)
    if chosen is not None:
        _saw(notes, "native.entry.cmake", chosen, made)
    entry = (chosen.name if chosen else wishes.entry) or project.project or "CMakeLists.txt"
    return _cmake_build(source, folder, project, chosen, entry, wishes.entry)


def _meson(source: Source, manifest: str, wishes: Wishes, notes: Notes) -> Build:
    project, executables, files = meson.read(source, manifest)
    made = cmake.programs(executables)
    chosen = _wished(made, wishes.entry) if wishes.entry else _one(made, project, manifest, source)
    if chosen is not None:
        _saw(notes, "native.entry.meson", chosen, made)
    target = chosen.name if chosen else wishes.entry
    starts = tuple(one for one in chosen.sources if source.has(one)) if chosen else ()
    entry = target or manifest
    return Build(
        kind="meson", root=source.workdir, entry=entry, target=target, starts=starts, manifests=tuple(files)
    )


def _saw(notes: Notes, rule: str, chosen: cmake.Executable, made: list[cmake.Executable]) -> None:
    losers = tuple(one.name for one in made if one is not chosen)
    notes.saw(rule, "entry", chosen.name, chosen.file, chosen.line, losers)


def _broken(project: cmake.CMake) -> DetectionError | None:
    for path, line, column, what in project.broken:
        return DetectionError(f"{path}:{line}:{column}: {what}", "`cmake -S . -B build` says the same")
    return None


def _library(source: Source, project: cmake.CMake) -> DetectionError:
    every = [path for path in source.written() if path.endswith(SOURCES)]
    mains = [path for path in every[:400] if has_main(source.read_text(path))]
    listed = "\n  ".join(mains[:12])
    return DetectionError(
        f"{project.files[0]} makes no program" + (f"; files with a `main`:\n  {listed}" if mains else ""),
        f"choose one: jitney run {mains[0]} …"
        if mains
        else "a library cannot be run; hand over the file of a program that uses it",
    )


def _wished(made: list[cmake.Executable], wish: str) -> cmake.Executable | None:
    found = next((one for one in made if one.name == wish), None)
    if found is None and made:
        raise DetectionError(
            f"the entry {wish} is not there", f"programs: {', '.join(one.name for one in made)}"
        )
    return found


def _one(
    made: list[cmake.Executable], project: str, manifest: str, source: Source
) -> cmake.Executable | None:
    """The only one; that with the project's, the folder's or a usual name; the only one of the project's first file; the only one
    that is no example, bench or test."""
    if len(made) <= 1:
        return made[0] if made else None
    for group in _groups(made, {project.lower(), name(source.workdir).lower(), "main", "app"}, manifest):
        if len(group) == 1:
            return group[0]
    listed = "\n  ".join(f"{one.name}  ({one.file}:{one.line})" for one in made[:12])
    raise DetectionError(
        f"{len(made)} programs could be the one to start:\n  {listed}",
        f"choose one: jitney run --entry {made[0].name} …",
    )


def _groups(made: list[cmake.Executable], usual: set[str], manifest: str) -> Iterator[list[cmake.Executable]]:
    yield [one for one in made if one.name.lower() in usual]
    yield [one for one in made if one.file == manifest]
    yield [one for one in made if not ASIDE.search(f"{parent(one.file)}/")]


def _make_target(source: Source, path: str) -> str:
    """The name of what is linked: a variable that people call so, `-o NAME`, `bin_PROGRAMS`."""
    text = source.read_text(path)
    program = next((match for match in TARGETS.findall(text) if "$" not in match), "")
    if program:
        return name(program)
    folder = parent(path)
    automake = f"{folder}/Makefile.am".lstrip("/")
    listed = (
        re.search(r"(?m)^bin_PROGRAMS\s*=\s*(\S+)", source.read_text(automake))
        if source.has(automake)
        else None
    )
    if listed:
        return listed[1]
    outputs = [one for one in re.findall(r"-o\s+([\w./-]+)", text) if not one.endswith((".o", ".a", ".so"))]
    return name(outputs[0]) if len(set(outputs)) == 1 else ""


def _sources(source: Source, notes: Notes) -> Build:
    """No build system: the file with `main`, and all others of its folder, of src and lib."""
    every = _code(source)
    mains = [path for path in every if _starts(source.read_text(path), path)]
    entry = _entry(source, every, mains)
    notes.saw("native.entry.main", "entry", entry, entry, 0, tuple(path for path in mains if path != entry))
    others = [path for path in every if path not in mains]
    helpers = [path for path in others if is_under(path, parent(entry)) or _is_part(path, source)]
    sources = tuple(dict.fromkeys([entry, *helpers]))
    return Build(kind="sources", root=source.workdir, entry=entry, sources=sources)


def _starts(text: str, path: str) -> bool:
    return has_main(text) and look(text, path).main


def _code(source: Source) -> list[str]:
    """Sources, those of tests and of others' libraries only where there are no others."""
    files = [path for path in source.files() if path.endswith(SOURCES)]
    return [one for one in files if not ASIDE.search(one.removeprefix(source.workdir).lstrip("/"))] or files


def _entry(source: Source, every: list[str], mains: list[str]) -> str:
    """The only file with a `main`; else the nearest that is called as programs are. DetectionError: none, or several."""
    usual = ("main", "app", name(source.workdir).lower())
    chosen = mains if len(mains) == 1 else [path for path in mains if _stem(path) in usual]
    nearest = min((path.count("/") for path in chosen), default=0)
    chosen = [path for path in chosen if path.count("/") == nearest]
    if len(chosen) != 1:
        raise _no_main(source, every, mains)
    return chosen[0]


def _stem(path: str) -> str:
    return name(path).rpartition(".")[0].lower()


def _is_part(path: str, source: Source) -> bool:
    below = path.removeprefix(source.workdir).lstrip("/")
    return below.startswith(("src/", "lib/", "source/"))


def _no_main(source: Source, every: list[str], mains: list[str]) -> DetectionError:
    if mains:
        return DetectionError(
            f"{len(mains)} files have a `main`:\n  " + "\n  ".join(mains[:12]),
            f"choose one: jitney run {mains[0]} …",
        )
    looked = ", ".join(every[:8]) or "no sources"
    return DetectionError(f"{source.label}: no `main` was found (looked at: {looked}), and no CMakeLists.txt, meson.build, configure or Makefile",
                          "a library cannot be run; hand over the file of a program that uses it")  # fmt: skip
