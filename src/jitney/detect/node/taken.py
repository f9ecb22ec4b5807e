"""The files that go along with a program."""

from __future__ import annotations

from jitney.detect.node import manifest
from jitney.detect.node.follow import Program
from jitney.detect.node.tsconfig import Paths
from jitney.source import Source
from jitney.source.paths import parent, parents


def takes(
    source: Source, project: manifest.Project | None, program: Program, paths: Paths
) -> tuple[str, ...]:
    """The program's folder, what it reaches above it, manifests, the workspace's members, folders named by `file:`."""
    walked = set(source.files())  # what a walk finds is there
    named = {*program.files, *program.data, paths.file}
    if project is not None:
        named |= {*project.manifests, *manifest.beside(source, project), project.lock}
        walked |= _of_members(source, project)
        for folder in manifest.local_dependencies(source, project):
            walked |= set(source.files(folder))
    there = walked | {path for path in named - walked if path and source.has(path)}
    return tuple(sorted(path for path in there if not _is_outside(path)))


def _is_outside(path: str) -> bool:
    return any(f"/{part}" in f"/{path}" for part in ("node_modules/", ".git/"))


def _of_members(source: Source, project: manifest.Project) -> set[str]:
    """Files of the workspace's members, in one look at its root."""
    if not project.members:
        return set()
    own = set(project.members)
    return {path for path in source.files(project.root) if own & set(parents(parent(path)))}
