"""pyproject.toml: `[project]`, Poetry's own table, `[dependency-groups]`, `[tool.pixi]`, and what setuptools is left to find."""

from __future__ import annotations

import re
from typing import Any

from jitney.detect.notes import Notes
from jitney.detect.python.groups import requirements_of, runtime_groups
from jitney.detect.python.indexes import tell_indexes
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.packages import normal
from jitney.detect.python.poetry import caret, located, read_poetry
from jitney.detect.python.requirements import Reading
from jitney.detect.python.setuptools import read_setup
from jitney.detect.python.tables import line_of, read_toml, table, texts
from jitney.detect.python.workspace import members, root_of
from jitney.source import Source
from jitney.source.paths import parent

MANAGERS = {
    "uv.lock": "uv",
    "poetry.lock": "poetry",
    "pdm.lock": "pdm",
    "Pipfile.lock": "pipenv",
    "pylock.toml": "pylock",
}
"""Lock → manager; earlier ones win where nothing else decides."""


def read_pyproject(source: Source, head: str, reading: Reading, lock: str, notes: Notes) -> Manifest | None:
    """None: the file only holds settings of tools."""
    path = f"{head}pyproject.toml"
    data = read_toml(source, path, notes)
    tell_indexes(data, source, path, notes)
    if not lock and (pixi := table(data, "tool", "pixi")) and not table(data, "project").get("dependencies"):
        from jitney.detect.python.conda import read_pixi

        return read_pixi(source, path, pixi, reading, notes)
    if data and not lock and not _declares(data):
        return None
    found = _with_lock(source, head, lock, reading, data, notes)
    _requirements(source, found, data, notes)
    if "dependencies" in texts(table(data, "project").get("dynamic")):
        _dynamic(source, head, data, reading, notes)
    _version_and_scripts(found, source, path, table(data, "project"), table(data, "tool", "poetry"))
    return found


def _declares(data: dict[str, Any]) -> bool:
    return bool(table(data, "project") or table(data, "tool", "poetry") or runtime_groups(data))


def _with_lock(
    source: Source, head: str, lock: str, reading: Reading, data: dict[str, Any], notes: Notes
) -> Manifest:
    """The manifest with its lock: the one beside it, or its workspace's above."""
    path = f"{head}pyproject.toml"
    root = None if lock else root_of(source, parent(path), notes)
    above = "" if root is None else f"{root}/pyproject.toml".lstrip("/")
    shared = "" if root is None else f"{root}/uv.lock".lstrip("/")
    locked = head + lock if lock else shared if source.has(shared) else ""
    manager = MANAGERS[locked.rpartition("/")[2]] if locked else _written_for(data)
    found = Manifest(manager, reading, locked)
    found.files.extend(name for name in (locked, path, above) if name)
    found.requires_file = path
    return found


def _written_for(data: dict[str, Any]) -> str:
    """Without a lock: the manager whose own table or build back end the file has."""
    backend = str(table(data, "build-system").get("build-backend", ""))
    for manager in ("poetry", "pdm", "uv"):
        if table(data, "tool", manager) or backend.startswith((f"{manager}_", f"{manager}.", f"{manager}-")):
            return manager
    return "pyproject"


def _requirements(source: Source, found: Manifest, data: dict[str, Any], notes: Notes) -> None:
    path, above = found.requires_file, found.files[-1]
    project = table(data, "project")
    shared = read_toml(source, above, notes) if above != path else {}
    sources = {**table(shared, "tool", "uv", "sources"), **table(data, "tool", "uv", "sources")}
    wanted = texts(project.get("dependencies"))
    wanted += [text for group in runtime_groups(data) for text in requirements_of(data, group)]
    near = members(source, parent(above), notes)
    for text in wanted:
        _declared(text, sources, near, found.reading, path)
    if not project.get("dependencies"):
        read_poetry(table(data, "tool", "poetry"), found.reading, source, path)


def _version_and_scripts(
    found: Manifest, source: Source, path: str, project: dict[str, Any], poetry: dict[str, Any]
) -> None:
    python = table(poetry, "dependencies").get("python")
    found.requires = str(project.get("requires-python") or (caret(python) if isinstance(python, str) else ""))
    word = "requires-python" if project.get("requires-python") else "python ="
    found.requires_line = line_of(source, path, word)
    found.name = str(project.get("name") or poetry.get("name") or "")
    scripts = {**table(poetry, "scripts"), **table(project, "scripts")}
    found.scripts = {name: value for name, value in scripts.items() if isinstance(value, str)}


def _dynamic(source: Source, head: str, data: dict[str, Any], reading: Reading, notes: Notes) -> None:
    """`dynamic = ["dependencies"]`: setuptools reads them from a file, or from setup.cfg and setup.py."""
    place = table(data, "tool", "setuptools", "dynamic", "dependencies").get("file")
    files = [place] if isinstance(place, str) else texts(place)
    for name in files:
        if source.has(head + name):
            reading.read(head + name)
    if not files and read_setup(source, head, reading, notes) is None:
        path = f"{head}pyproject.toml"
        notes.tell("warning", "python.dynamic", f"{path}: a build tool computes its packages; Jitney does not execute it",
                   hint="declare them in [project] or requirements.txt", file=path,
                   line=line_of(source, path, "dynamic"))  # fmt: skip


def _declared(text: str, sources: dict[str, Any], near: dict[str, str], reading: Reading, path: str) -> None:
    """A dependency, unless `tool.uv.sources` says that it is a folder, a repository, an archive or another member."""
    name = re.split(r"[^\w.-]", text, maxsplit=1)[0]
    place = _place(sources.get(name))
    line = line_of(reading.source, path, text)
    if place.get("workspace") and normal(name) in near:
        reading.local.append(near[normal(name)])
        return
    reading.add(located(name, place) or text, path, line)


def _place(place: object) -> dict[str, Any]:
    """One for each system: Linux's, else the last."""
    if isinstance(place, list):
        linux = [one for one in place if isinstance(one, dict) and "linux" in str(one.get("marker", ""))]
        place = (linux or place or [{}])[-1]
    return place if isinstance(place, dict) else {}
