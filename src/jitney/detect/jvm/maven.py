"""A Maven project: pom.xml, or polyglot Maven's pom in another notation."""

from __future__ import annotations

import re

from jitney.detect.code import At
from jitney.detect.jvm import pom
from jitney.detect.jvm.project import ALONE, ROOTS, Project, folders, one_of
from jitney.detect.jvm.version import Seen
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source import Source

POLYGLOT = tuple(f"pom.{ending}" for ending in ("yml", "yaml", "atom", "clj", "groovy", "rb", "scala"))
"""Names that takari's polyglot Maven reads where `.mvn/extensions.xml` asks for it."""

_SETTINGS = (".mvn/maven.config", ".mvn/jvm.config", ".mvn/extensions.xml")


def find(source: Source, folder: str) -> str:
    """The pom of a folder, or an empty string."""
    places = (_join(folder, file) for file in ("pom.xml", *POLYGLOT))
    return next((place for place in places if source.has(place) and _is_pom(source, place)), "")


def _is_pom(source: Source, path: str) -> bool:
    """Files of other uses are called so too: a polyglot pom says its model, or lies beside the extension that reads it."""
    return path.endswith(".xml") or "modelVersion" in source.read_text(path)


def maven_project(source: Source, folder: str, notes: Notes) -> Project:
    """DetectionError: a pom that cannot be read, no module with something to start, several."""
    path = find(source, folder)
    if not path.endswith(".xml"):
        return _polyglot(source, folder, path)
    poms = pom.Poms(source)
    module = _only_module(poms, folder)
    path = _join(module, "pom.xml")
    read = poms.read(path)
    if read.broken:
        raise DetectionError(f"{read.broken}: it cannot be read", ALONE)
    root = poms.reactor(module)
    modules = poms.modules_of(root)
    manifests = [path, *read.parents, *(_join(one, "pom.xml") for one in modules)]
    manifests += [place for file in _SETTINGS if source.has(place := _join(root, file))]
    _wrapper(source, root, notes)
    used = _used(poms, module, modules)
    roots = {one: folders(source, one, poms.read(_join(one, "pom.xml")).roots) for one in used}
    return Project(
        manager="pom.xml",
        root=root,
        module=module,
        manifests=tuple(dict.fromkeys(manifests)),
        roots=[place for one in used for place in roots[one]],
        own=roots[module],
        mains=read.mains,
        release=Seen("manifest.release", f"{read.release}+", path, read.release_line)
        if read.release
        else None,
        languages=set(read.languages),
        needed=_needed(read, path),
        made=_maker(read),
    )


def _join(folder: str, file: str) -> str:
    return f"{folder}/{file}".lstrip("/")


def _needed(read: pom.Pom, path: str) -> list[At]:
    return [
        At(f"{one.name}:{one.version}" if one.version else one.name, path, one.line)
        for one in read.dependencies
        if one.scope not in ("test", "import", "system") and "$" not in f"{one.name}{one.version}"
    ]


def _maker(read: pom.Pom) -> str:
    if "quarkus-maven-plugin" in read.plugins:
        return "Quarkus"
    return "a servlet container" if read.packaging == "war" else ""


def _wrapper(source: Source, root: str, notes: Notes) -> None:
    properties = _join(root, ".mvn/wrapper/maven-wrapper.properties")
    if source.has(properties):
        message = f"{properties} names a Maven of its own: the one of the base builds it, which fetches nothing but artifacts"
        notes.tell("note", "maven.wrapper", message, file=properties)


def _polyglot(source: Source, folder: str, path: str) -> Project:
    """What can be told of it by its words; Maven reads the rest, or the program is built by its imports (`fallback:`)."""
    text = source.read_text(path)
    words = {
        match[1]: (match[2], text.count("\n", 0, match.start()) + 1)
        for match in re.finditer(r"([A-Za-z][\w.]*)[\"']?[ \t]*(?:[:=>,]|=>)?[ \t]*[\"']?([\w.$]+)", text)
    }
    release = next((words[word] for word in pom.RELEASES if word in words), ("", 0))
    number = re.fullmatch(r"(?:1\.)?(\d+)", release[0])
    main = next((words[word][0] for word in pom.MAINS if word in words), "")
    own = folders(source, folder, ROOTS)
    extensions = [place for file in _SETTINGS if source.has(place := _join(folder, file))]
    return Project(
        manager="pom.xml",
        root=folder,
        module=folder,
        manifests=(path, *extensions),
        roots=own,
        own=own,
        mains=[main] if main else [],
        release=Seen("manifest.release", f"{number[1]}+", path, release[1]) if number else None,
    )


def _used(poms: pom.Poms, module: str, modules: list[str]) -> list[str]:
    """The module, and those of the same reactor that it depends on, one through the other."""
    read = {one: poms.read(_join(one, "pom.xml")) for one in dict.fromkeys((module, *modules))}
    named = {
        f"{one.properties.get('project.groupId')}:{one.properties.get('project.artifactId')}": place
        for place, one in read.items()
    }
    found: dict[str, None] = {}
    todo = [module]
    while todo:
        place = todo.pop(0)
        if place not in found:
            found[place] = None
            todo += [named[need.name] for need in read[place].dependencies if need.name in named]
    return list(found)


def _only_module(poms: pom.Poms, folder: str) -> str:
    """The folder itself, or of a parent's modules the one that has something to start."""
    own = poms.read(_join(folder, "pom.xml"))
    if own.broken or own.packaging != "pom" or not own.modules:
        return folder
    read = {one: poms.read(_join(one, "pom.xml")) for one in poms.modules_of(folder) if one != folder}
    for one in read.values():
        if one.broken:
            raise DetectionError(f"{one.broken}: it cannot be read", ALONE)
    return one_of(poms.source, folder, [place for place, one in read.items() if _starts(one)] or list(read))


def _starts(read: pom.Pom) -> bool:
    return bool(read.mains) or _maker(read) == "Quarkus"
