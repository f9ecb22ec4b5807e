"""Which class is started, and the file it is in."""

from __future__ import annotations

import msgspec

from jitney.detect.jvm.project import Project
from jitney.detect.jvm.tree import Tree
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source.paths import name, parent

USUAL = ("Main", "App", "Application", "main", "app", "core")


class Entry(msgspec.Struct, frozen=True):
    """path: relative to the source's root; empty where only the class is known. main: its full name."""

    path: str
    main: str


def bare_entry(tree: Tree, file: str, language: str, notes: Notes) -> Entry:
    """A file handed over, or the one file of a folder that can be started."""
    if file:
        notes.saw("source.file", "entry", file, file)
        return Entry(file, _main(tree, file, notes))
    here = [path for path in tree.code_below(tree.source.workdir) if tree.language(path) == language]
    near = [path for path in here if parent(path) == tree.source.workdir and tree.look(path).mains]
    return _chosen(tree, near or [path for path in here if tree.look(path).mains], notes)


def project_entry(tree: Tree, project: Project, file: str, notes: Notes) -> Entry:
    """The file handed over, what the manifest names, the one class with a main."""
    if file:
        notes.saw("source.file", "entry", file, file)
        return Entry(file, _main(tree, file, notes))
    for main in project.mains[:1]:
        notes.saw(f"{project.manager}.main", "entry", main, project.manifests[0], 0, tuple(project.mains[1:]))
        return Entry(tree.file_of_class(main, project.roots), main)
    code = [path for root in project.own for path in tree.code_below(root)]
    return _chosen(tree, [path for path in dict.fromkeys(code) if tree.look(path).mains], notes)


def _main(tree: Tree, file: str, notes: Notes) -> str:
    mains = tree.look(file).mains
    if not mains:
        notes.tell(
            "error",
            "jvm.main",
            f"{file} has no main: nothing in it can be started",
            file=file,
            line=1,
            hint="a class with `public static void main(String[] args)`, or `fun main()` in Kotlin",
        )
        return ""
    stem = name(file).partition(".")[0]
    own = [main for main in mains if main.rpartition(".")[2] == stem]
    return (own or mains)[0]


def _chosen(tree: Tree, mains: list[str], notes: Notes) -> Entry:
    if not mains:
        raise DetectionError(
            "no class with a main was found", "hand over the file that has it: jitney run --entry FILE …"
        )
    found = mains
    if len(found) > 1:
        spring = [path for path in mains if "@SpringBootApplication" in tree.source.read_text(path)]
        usual = [path for word in USUAL for path in mains if name(path).partition(".")[0] == word]
        found = spring or usual[:1] or mains
    if len(found) > 1:
        listed = "\n  ".join(found[:12])
        raise DetectionError(
            f"{len(found)} classes with a main could be the one to start:\n  {listed}",
            f"choose one: jitney run --entry {found[0]} …",
        )
    notes.saw("jvm.entry.main", "entry", found[0], found[0])
    return Entry(found[0], tree.look(found[0]).mains[0])
