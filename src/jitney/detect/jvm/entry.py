"""Which class is started, and the file it is in."""

from __future__ import annotations

import re

import msgspec

from jitney.detect.jvm.project import Project
from jitney.detect.jvm.tree import Tree
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source.paths import name, parent

USUAL = ("Main", "App", "Application", "main", "app", "core")
PACKAGED = {"Quarkus": "`mvn package`, `gradle build`", "Play": "`sbt stage`"}
"""Frameworks whose build makes what starts, and the command that makes it."""

_NAMESPACE = "-m "
"""Clojure's mains are namespaces: a file without `-main` is a script, and one of many by itself starts nothing."""


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
    near = [path for path in here if parent(path) == tree.source.workdir and tree.starts(path)]
    return _chosen(tree, near or [path for path in here if tree.starts(path)], notes)


def project_entry(tree: Tree, project: Project, file: str, notes: Notes) -> Entry:
    """The file handed over, what the manifest names, the one class with a main."""
    if file:
        notes.saw("source.file", "entry", file, file)
        return Entry(file, _main(tree, file, notes))
    if project.mains:
        main, *others = project.mains
        notes.saw(f"{project.manager}.main", "entry", main, project.manifests[0], 0, tuple(others))
        return Entry(tree.file_of_class(main, project.roots), main)
    mains = _mains(tree, project)
    if project.made:
        return _made(tree, project, mains, notes)
    return _chosen(tree, mains, notes)


def _mains(tree: Tree, project: Project) -> list[str]:
    code = dict.fromkeys(path for root in project.own for path in tree.code_below(root))
    every = [path for path in code if tree.starts(path)]
    return [path for path in every if _is_started(tree, path)] or every


def _is_started(tree: Tree, path: str) -> bool:
    return tree.language(path) != "clojure" or tree.look(path).mains[0].startswith(_NAMESPACE)


def _made(tree: Tree, project: Project, mains: list[str], notes: Notes) -> Entry:
    """Without a main of its own, a program that is started by what its build makes, or by what it is laid into."""
    if mains and project.made not in PACKAGED:
        return _chosen(tree, mains, notes)
    file = project.manifests[0]
    if project.made in PACKAGED:
        message = f"{file}: {project.made} makes what starts while it packages, which Jitney does not do"
        hint = f"package it ({PACKAGED[project.made]}) and hand over the jar that starts, with its folder"
    else:
        message = f"{file}: a web archive is started by {project.made}, which Jitney has not"
        hint = (
            "give it a main of its own (an embedded Tomcat or Jetty), or hand over another class that has one"
        )
    notes.tell("error", "jvm.made", message, hint=hint, file=file)
    return Entry(mains[0], tree.look(mains[0]).mains[0]) if len(mains) == 1 else Entry("", "")


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
    found = _likeliest(tree, mains)
    if len(found) > 1:
        listed = "\n  ".join(found[:12])
        raise DetectionError(
            f"{len(found)} classes with a main could be the one to start:\n  {listed}",
            f"choose one: jitney run --entry {found[0]} …",
        )
    losers = tuple(path for path in mains if path != found[0])
    notes.saw("jvm.entry.main", "entry", found[0], found[0], 0, losers)
    return Entry(found[0], tree.look(found[0]).mains[0])


def _likeliest(tree: Tree, mains: list[str]) -> list[str]:
    """One whose framework or compiler is told to start it, then one with a usual name; else all of them."""
    if len(mains) == 1:
        return mains
    told = [
        path
        for path in mains
        if re.search(r"@SpringBootApplication|\(:gen-class", tree.source.read_text(path))
    ]
    usual = [path for word in USUAL for path in mains if name(path).partition(".")[0] == word]
    return told or usual[:1] or mains
