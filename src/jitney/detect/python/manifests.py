"""What declares a Python program's packages: the deciding manifest, its lock, and what both say.

    PEP 723 block of the script > uv.lock, poetry.lock, pdm.lock, Pipfile.lock, pylock.toml > pyproject > Pipfile
    > requirements*.txt > setup.cfg > setup.py > pixi.toml > environment.yml > imports
A lock beats every manifest; of two locks that one holds whose manager pyproject.toml is written for, else they are an error.
"""

from __future__ import annotations

import re
from typing import Any

from jitney.detect.notes import Notes
from jitney.detect.python.groups import requirements_of, runtime_groups
from jitney.detect.python.indexes import tell_indexes
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.packages import normal
from jitney.detect.python.poetry import caret, read_poetry
from jitney.detect.python.requirements import Reading
from jitney.detect.python.setuptools import read_setup
from jitney.detect.python.tables import line_of, parse_toml, read_toml, table, texts
from jitney.detect.python.workspace import members, root_of
from jitney.source import Source
from jitney.source.paths import parent, parents

LOCKS = {
    "uv.lock": "uv",
    "poetry.lock": "poetry",
    "pdm.lock": "pdm",
    "Pipfile.lock": "pipenv",
    "pylock.toml": "pylock",
}
REQUIREMENTS = (
    "requirements.txt", "requirement.txt", "Requirements.txt", "requirments.txt", "requirements.in",
    "requirements/base.txt",
    "requirements/prod.txt", "requirements/production.txt", "requirements/requirements.txt", "reqs.txt",
)  # fmt: skip
MANIFESTS = (
    *LOCKS,
    "pyproject.toml",
    "Pipfile",
    *REQUIREMENTS,
    "setup.cfg",
    "setup.py",
    "pixi.toml",
    "environment.yml",
    "environment.yaml",
)
_BLOCK = re.compile(r"(?m)^# /// script[ \t]*\r?\n((?:^#(?: .*)?\r?\n)+?)^# ///[ \t]*\r?$")


def script_block(source: Source, path: str, notes: Notes) -> Manifest | None:
    """The PEP 723 block of a script. It beats the manifests of the folder, for this script."""
    text = source.read_text(path)
    match = _BLOCK.search(text + "\n")
    if match is None:
        return None
    first = text[: match.start()].count("\n") + 1
    body = "".join(
        line[2:] if line.startswith("# ") else line[1:] for line in match[1].splitlines(keepends=True)
    )
    data = parse_toml(body, path, notes, first)
    lock = f"{path}.lock" if source.has(f"{path}.lock") else ""  # by `uv lock --script`
    found = Manifest("pep723", Reading(source, notes), lock)
    found.files.extend(name for name in (path, lock) if name)
    for requirement in texts(data.get("dependencies")):
        found.reading.add(requirement, path, line_of(source, path, requirement))
    found.requires = str(data.get("requires-python") or "")
    found.requires_line = line_of(source, path, "requires-python")
    return found


def nearest(source: Source, workdir: str) -> str | None:
    """The nearest folder at or above with a manifest; None: there is none."""
    for folder in [workdir] if source.alone else parents(workdir):
        if any(source.has(f"{folder}/{name}".lstrip("/")) for name in MANIFESTS):
            return folder
    return None


def read_manifest(source: Source, folder: str, notes: Notes) -> Manifest | None:
    """The deciding manifest of a folder."""
    head = f"{folder}/" if folder else ""
    locks = [name for name in LOCKS if source.has(head + name)]
    if len(locks) > 1 and (held := _held(source, head, locks, notes)):
        unread = ", ".join(name for name in locks if name != held)
        message = f"{head}{held} decides the packages, as pyproject.toml says; {unread} is not read"
        notes.tell("warning", "python.managers", message, file=head + held)
        locks = [held]
    elif len(locks) > 1:
        notes.tell(
            "error",
            "python.locks",
            f"{head}{locks[0]} and {head}{locks[1]} both pin the packages: which one holds?",
            hint=f"remove the one that is not used any more ({LOCKS[locks[0]]} or {LOCKS[locks[1]]})",
        )
    others = [name for name in ("requirements.txt", "Pipfile", "environment.yml") if source.has(head + name)]
    if locks and (
        losers := [name for name in others if not (name == "Pipfile" and locks[0] == "Pipfile.lock")]
    ):
        message = f"{head}{locks[0]} decides the packages; {', '.join(losers)} is not read"
        notes.tell("warning", "python.managers", message, file=head + locks[0])
    found = _first(source, head, locks, notes)
    if found is not None:
        losers = [name for name in MANIFESTS if source.has(head + name) and head + name not in found.files]
        notes.saw(
            f"python.manager.{found.manager}", "manager", found.manager, found.files[0], 0, tuple(losers)
        )
    return found


def _held(source: Source, head: str, locks: list[str], notes: Notes) -> str:
    """Of several locks the one whose manager pyproject.toml is written for; empty where it says nothing, or several."""
    path = f"{head}pyproject.toml"
    if not source.has(path):
        return ""
    data = parse_toml(source.read_text(path), path, notes)
    backend = table(data, "build-system").get("build-backend", "")
    named = [
        name
        for name in locks
        if table(data, "tool", LOCKS[name])
        or (isinstance(backend, str) and backend.startswith((f"{LOCKS[name]}_", f"{LOCKS[name]}.")))
    ]
    return named[0] if len(named) == 1 else ""


def _first(source: Source, head: str, locks: list[str], notes: Notes) -> Manifest | None:
    reading = Reading(source, notes)
    manager = LOCKS[locks[0]] if locks else ""
    if manager == "pipenv" or (not locks and source.has(f"{head}Pipfile")):
        return _pipfile(source, head, reading, locks)
    requirements = next((head + name for name in REQUIREMENTS if source.has(head + name)), "")
    if source.has(f"{head}pyproject.toml"):
        found = _pyproject(source, head, reading, locks[0] if locks else "", notes)
        if found is not None and (found.lock or found.packages or found.reading.local or not requirements):
            return found
    if manager == "pylock":
        return _pylock(source, head + locks[0], reading, notes)
    if locks:
        reading.files.append(head + locks[0])
        message = f"{head}{locks[0]} lies there without its pyproject.toml"
        notes.tell("error", "python.lock.alone", message, file=head + locks[0])
        return Manifest(manager, reading, head + locks[0])
    if requirements:
        reading = Reading(source, notes)
        reading.read(requirements)
        return Manifest("requirements", reading)
    return (
        read_setup(source, head, reading, notes)
        or _pixi(source, head, reading, notes)
        or _conda(source, head, reading, notes)
    )


def _pylock(source: Source, path: str, reading: Reading, notes: Notes) -> Manifest:
    """PEP 751 without a manifest: the lock says by itself what is wanted."""
    found = Manifest("pylock", reading, path)
    found.files.append(path)
    data = read_toml(source, path, notes)
    for package in data.get("packages", []):
        if isinstance(package, dict) and isinstance(package.get("version"), str):
            marker = f" ; {package['marker']}" if isinstance(package.get("marker"), str) else ""
            name = str(package.get("name"))
            reading.add(f"{name}=={package['version']}{marker}", path, line_of(source, path, f'"{name}"'))
    found.requires = str(data.get("requires-python") or "")
    found.requires_line = line_of(source, path, "requires-python")
    return found


def _pyproject(source: Source, head: str, reading: Reading, lock: str, notes: Notes) -> Manifest | None:
    """`[project]`, poetry's own table, `[dependency-groups]`; None: the file only holds settings of tools."""
    path = f"{head}pyproject.toml"
    data = read_toml(source, path, notes)
    tell_indexes(data, source, path, notes)
    project, poetry = table(data, "project"), table(data, "tool", "poetry")
    groups = runtime_groups(data)
    if data and not (project or poetry or groups or lock):
        return None
    root = None if lock else root_of(source, parent(path), notes)
    above = "" if root is None else f"{root}/pyproject.toml".lstrip("/")
    shared = "" if root is None else f"{root}/uv.lock".lstrip("/")
    locked = head + lock if lock else shared if source.has(shared) else ""
    manager = (
        LOCKS[locked.rpartition("/")[2]] if locked else ("poetry" if poetry and not project else "pyproject")
    )
    found = Manifest(manager, reading, locked)
    found.files.extend(name for name in (locked, path, above) if name)
    sources = {**_sources(source, above, notes), **table(data, "tool", "uv", "sources")}
    wanted = texts(project.get("dependencies"))
    wanted += [text for group in groups for text in requirements_of(data, group)]
    near = members(source, parent(path) if root is None else root, notes)
    for text in wanted:
        _declared(text, sources, near, reading, path)
    if not project.get("dependencies"):
        read_poetry(poetry, reading, source, path)
    if "dependencies" in texts(project.get("dynamic")):
        _dynamic(source, head, data, reading, notes)
    _version_and_scripts(found, source, path, project, poetry)
    return found


def _sources(source: Source, path: str, notes: Notes) -> dict[str, Any]:
    return table(read_toml(source, path, notes), "tool", "uv", "sources") if path else {}


def _version_and_scripts(
    found: Manifest, source: Source, path: str, project: dict[str, Any], poetry: dict[str, Any]
) -> None:
    python = table(poetry, "dependencies").get("python")
    found.requires = str(project.get("requires-python") or (caret(python) if isinstance(python, str) else ""))
    word = "requires-python" if project.get("requires-python") else "python ="
    found.requires_line = line_of(source, path, word)
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
    place = sources.get(name)
    if isinstance(place, list):  # one for each system: Linux's, else the last
        linux = [one for one in place if isinstance(one, dict) and "linux" in str(one.get("marker", ""))]
        place = (linux or place or [{}])[-1]
    place = place if isinstance(place, dict) else {}
    line = line_of(reading.source, path, text)
    if isinstance(place.get("path"), str):
        reading.add(f"./{place['path']}", path, line)
    elif isinstance(place.get("git"), str):
        ref = place.get("rev") or place.get("tag") or place.get("branch")
        reading.add(f"{name} @ git+{place['git']}" + (f"@{ref}" if ref else ""), path, line)
    elif isinstance(place.get("url"), str):
        reading.add(f"{name} @ {place['url']}", path, line)
    elif place.get("workspace") and normal(name) in near:
        reading.local.append(near[normal(name)])
    else:
        reading.add(text, path, line)


def _pipfile(source: Source, head: str, reading: Reading, locks: list[str]) -> Manifest:
    path = f"{head}Pipfile"
    lock = f"{head}Pipfile.lock" if "Pipfile.lock" in locks else ""
    found = Manifest("pipenv", reading, lock)
    found.files.extend([*([lock] if lock else []), *([path] if source.has(path) else [])])
    data = read_toml(source, path, reading.notes)
    tell_indexes(data, source, path, reading.notes)
    for name, value in table(data, "packages").items():
        spec = str(value.get("version", "*")) if isinstance(value, dict) else str(value)
        extras = ",".join(texts(value.get("extras"))) if isinstance(value, dict) else ""
        if isinstance(value, dict) and isinstance(value.get("path"), str):
            reading.add(f"./{value['path']}", path, line_of(source, path, name))
        else:
            extra = f"[{extras}]" if extras else ""
            reading.add(name + extra + ("" if spec == "*" else spec), path, line_of(source, path, name))
    requires = table(data, "requires")
    version = str(requires.get("python_full_version") or requires.get("python_version") or "")
    found.requires = f"=={version}" + ("" if version.count(".") == 2 else ".*") if version else ""
    found.requires_line = line_of(source, path, "python_") if version else 0
    return found


def _pixi(source: Source, head: str, reading: Reading, notes: Notes) -> Manifest | None:
    path = f"{head}pixi.toml"
    if not source.has(path):
        return None
    from jitney.detect.python.conda import read_pixi

    found = Manifest("pixi", reading)
    found.files.append(path)
    found.requires = read_pixi(source, path, reading, notes)
    if source.has(f"{head}pixi.lock"):
        notes.tell("warning", "pixi.lock", f"{head}pixi.lock is not read: versions are resolved anew from {path}",
                   hint="jitney lock keeps them", file=f"{head}pixi.lock")  # fmt: skip
    return found


def _conda(source: Source, head: str, reading: Reading, notes: Notes) -> Manifest | None:
    path = next(
        (head + name for name in ("environment.yml", "environment.yaml") if source.has(head + name)), ""
    )
    if not path:
        return None
    from jitney.detect.python.conda import read_conda

    found = Manifest("conda", reading)
    found.files.append(path)
    found.requires = read_conda(source, path, reading, notes)
    return found


def local_projects(source: Source, manifest: Manifest, notes: Notes) -> list[str]:
    """Folders named by path, also by the manifests of such folders; their packages are added to the
    manifest's."""
    seen: list[str] = []
    while manifest.reading.local:
        folder = manifest.reading.local.pop(0)
        if folder in seen:
            continue
        seen.append(folder)
        if any(parent(path) == folder for path in manifest.files):
            continue
        found = read_manifest(source, folder, Notes())
        if found is not None:
            manifest.packages.extend(found.packages)
            manifest.reading.constraints.extend(found.reading.constraints)
            manifest.reading.local.extend(found.reading.local)
            manifest.files.extend(path for path in found.files if path not in manifest.files)
    return seen
