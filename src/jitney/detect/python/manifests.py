"""What declares a Python program's packages: the deciding manifest, its lock, and what both say.

    PEP 723 block of the script > uv.lock, poetry.lock, pdm.lock, Pipfile.lock, pylock.toml > cog.yaml, a Truss's
    config.yaml > pyproject > Pipfile > requirements*.txt > setup.cfg, setup.py > pixi.toml > environment.yml > binder/ > imports
A lock beats every manifest; of two locks that one holds whose manager pyproject.toml is written for, else they are an error.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from jitney.detect.notes import Notes
from jitney.detect.python.groups import is_development
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.packaged import is_truss, read_cog, read_truss
from jitney.detect.python.pipfile import read_pipfile, read_pylock
from jitney.detect.python.pyproject import MANAGERS, read_pyproject
from jitney.detect.python.requirements import Reading
from jitney.detect.python.setuptools import read_setup
from jitney.detect.python.tables import line_of, parse_toml, read_toml, table, texts
from jitney.findings import Finding
from jitney.source import Source
from jitney.source.paths import parent, parents

LOCKS = MANAGERS
REQUIREMENTS = (
    "requirements.txt", "requirement.txt", "Requirements.txt", "requirments.txt", "requirements.in",
    "requirements/base.txt", "requirements/main.txt",
    "requirements/prod.txt", "requirements/production.txt", "requirements/requirements.txt", "reqs.txt",
)  # fmt: skip
"""The usual name and what people write instead of it."""

CONDA = ("environment.yml", "environment.yaml")
MANIFESTS = (
    *LOCKS,
    "cog.yaml",
    "pyproject.toml",
    "Pipfile",
    *REQUIREMENTS,
    "setup.cfg",
    "setup.py",
    "pixi.toml",
    *CONDA,
)
BINDER = ("binder", ".binder")
"""Folders of what mybinder.org installs for a repository: asked where the folder itself has no manifest that can be read."""

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
    return next(
        (one for one in ([workdir] if source.alone else parents(workdir)) if is_declared(source, one)), None
    )


def is_declared(source: Source, folder: str) -> bool:
    """Whether a folder has a manifest, itself or for Binder."""
    head = f"{folder}/" if folder else ""
    if (
        any(source.has(head + name) for name in MANIFESTS)
        or requirements_in(source, head)
        or is_truss(source, head)
    ):
        return True
    return any(source.has(f"{head}{place}/{name}") for place in BINDER for name in MANIFESTS)


def requirements_in(source: Source, head: str) -> str:
    """The requirements file of a folder: a usual name, else the only one whose name says so and that is not for development."""
    usual = next((head + name for name in REQUIREMENTS if source.has(head + name)), "")
    if usual:
        return usual
    others = [
        name
        for name in source.folder(head.rstrip("/"))[0]
        if fnmatchcase(name.lower(), "*requirement*.txt") and not _is_for_development(name)
    ]
    return head + others[0] if len(others) == 1 else ""


def _is_for_development(name: str) -> bool:
    words = re.split(r"[^a-z]+", name.lower().removesuffix(".txt"))
    return any(is_development(word) for word in words)


def read_manifest(source: Source, folder: str, notes: Notes) -> Manifest | None:
    """The deciding manifest of a folder."""
    head = f"{folder}/" if folder else ""
    locks = _locks(source, head, notes)
    _tell_unread(source, head, locks, notes)
    mark = len(notes.findings)
    found = _first(source, head, locks, notes)
    if found is None or _is_broken(found, notes, mark):
        found = _binder(source, head, found, notes, mark)
    if found is not None:
        losers = [name for name in MANIFESTS if source.has(head + name) and head + name not in found.files]
        notes.saw(
            f"python.manager.{found.manager}", "manager", found.manager, found.files[0], 0, tuple(losers)
        )
    return found


def _locks(source: Source, head: str, notes: Notes) -> list[str]:
    """The locks that are there; of several, told, the one that holds."""
    locks = [name for name in LOCKS if source.has(head + name)]
    if len(locks) < 2:
        return locks
    if held := _held(source, head, locks, notes):
        unread = ", ".join(name for name in locks if name != held)
        message = f"{head}{held} decides the packages, as pyproject.toml says; {unread} is not read"
        notes.tell("warning", "python.managers", message, file=head + held)
        return [held]
    message = f"{head}{locks[0]} and {head}{locks[1]} both pin the packages: which one holds?"
    hint = f"remove the one that is not used any more ({LOCKS[locks[0]]} or {LOCKS[locks[1]]})"
    notes.tell("error", "python.locks", message, hint=hint)
    return locks


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


def _tell_unread(source: Source, head: str, locks: list[str], notes: Notes) -> None:
    others = [name for name in ("requirements.txt", "Pipfile", "environment.yml") if source.has(head + name)]
    losers = [name for name in others if locks and not (name == "Pipfile" and locks[0] == "Pipfile.lock")]
    if losers:
        message = f"{head}{locks[0]} decides the packages; {', '.join(losers)} is not read"
        notes.tell("warning", "python.managers", message, file=head + locks[0])


def _first(source: Source, head: str, locks: list[str], notes: Notes) -> Manifest | None:
    said = _locked(source, head, locks[0], notes) if locks else _packaged(source, head, notes)
    if said is not None:
        return said
    requirements = requirements_in(source, head)
    found = (
        read_pyproject(source, head, Reading(source, notes), "", notes)
        if source.has(f"{head}pyproject.toml")
        else None
    )
    if found is not None and (found.packages or found.reading.local or found.lock or not requirements):
        return found
    if source.has(f"{head}Pipfile"):
        return read_pipfile(source, head, Reading(source, notes), locked=False)
    if requirements:
        reading = Reading(source, notes)
        reading.read(requirements)
        return Manifest("requirements", reading)
    return read_setup(source, head, Reading(source, notes), notes) or _environment(source, head, notes)


def _packaged(source: Source, head: str, notes: Notes) -> Manifest | None:
    """Packagings that name packages, Python and program at once."""
    if source.has(f"{head}cog.yaml"):
        return read_cog(source, f"{head}cog.yaml", Reading(source, notes), notes)
    if is_truss(source, head):
        return read_truss(source, f"{head}config.yaml", Reading(source, notes), notes)
    return None


def _locked(source: Source, head: str, lock: str, notes: Notes) -> Manifest:
    reading = Reading(source, notes)
    if lock == "Pipfile.lock":
        return read_pipfile(source, head, reading, locked=True)
    if source.has(f"{head}pyproject.toml"):
        found = read_pyproject(source, head, reading, lock, notes)
        if found is not None:
            return found
    if lock == "pylock.toml":
        return read_pylock(source, head + lock, reading, notes)
    reading.files.append(head + lock)
    message = f"{head}{lock} lies there without its pyproject.toml"
    notes.tell("error", "python.lock.alone", message, file=head + lock)
    return Manifest(LOCKS[lock], reading, head + lock)


def _environment(source: Source, head: str, notes: Notes) -> Manifest | None:
    """What is written in conda's words."""
    reading = Reading(source, notes)
    if source.has(f"{head}pixi.toml"):
        from jitney.detect.python.conda import read_pixi

        path = f"{head}pixi.toml"
        return read_pixi(source, path, read_toml(source, path, notes), reading, notes)
    if conda := next((head + name for name in CONDA if source.has(head + name)), ""):
        from jitney.detect.python.conda import read_conda

        return read_conda(source, conda, reading, notes)
    return None


def _is_broken(found: Manifest, notes: Notes, mark: int) -> bool:
    """Nothing of it could be read."""
    broken = (".broken", ".shape")
    return not found.packages and any(one.code.endswith(broken) for one in notes.findings[mark:])


def _binder(source: Source, head: str, found: Manifest | None, notes: Notes, mark: int) -> Manifest | None:
    """Binder's folder, where the one above it has nothing that can be read."""
    for place in BINDER:
        below = f"{head}{place}/"
        locks = [name for name in LOCKS if source.has(below + name)]
        other = _first(source, below, locks[:1], notes)
        if other is not None:
            for number, one in enumerate(notes.findings[mark:], mark):
                if found is not None and one.file in found.files:
                    notes.findings[number] = Finding(
                        level="warning", code=one.code, message=one.message, file=one.file
                    )
            return other
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
