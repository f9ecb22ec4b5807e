"""What declares a Python program's packages: the deciding manifest, its lock, and what both say.

    PEP 723 block of the script > uv.lock > poetry.lock > pdm.lock > Pipfile.lock > pyproject > Pipfile >
    requirements*.txt
    > setup.cfg > setup.py > environment.yml > imports
A lock beats every manifest; two locks of different managers are an error, since nobody can say which one
holds.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from jitney.detect.model import Package
from jitney.detect.notes import Notes
from jitney.detect.python.code import parse
from jitney.detect.python.requirements import Reading
from jitney.detect.python.tables import line_of, parse_toml, read_toml, table, texts
from jitney.source import Source
from jitney.source.paths import parent, parents

LOCKS = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm", "Pipfile.lock": "pipenv"}
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
    "environment.yml",
    "environment.yaml",
)
_BLOCK = re.compile(r"(?m)^# /// script[ \t]*\r?\n((?:^#(?: .*)?\r?\n)+?)^# ///[ \t]*\r?$")


class Manifest:
    """manager as in Detection. requires: Python's version as the manifest demands it, with its place."""

    def __init__(self, manager: str, reading: Reading, lock: str = "") -> None:
        self.manager = manager
        self.lock = lock
        self.reading = reading
        self.requires = ""
        self.requires_line = 0
        self.scripts: dict[str, str] = {}

    @property
    def packages(self) -> list[Package]:
        return self.reading.packages

    @property
    def files(self) -> list[str]:
        return self.reading.files


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
    found = Manifest("pep723", Reading(source, notes))
    found.files.append(path)
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
    if len(locks) > 1:
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


def _first(source: Source, head: str, locks: list[str], notes: Notes) -> Manifest | None:
    reading = Reading(source, notes)
    manager = LOCKS[locks[0]] if locks else ""
    if manager == "pipenv" or (not locks and source.has(f"{head}Pipfile")):
        return _pipfile(source, head, reading, locks)
    if source.has(f"{head}pyproject.toml"):
        found = _pyproject(source, head, manager, reading, locks, notes)
        if found is not None:
            return found
    if locks:
        reading.files.append(head + locks[0])
        notes.tell(
            "error",
            "python.lock.alone",
            f"{head}{locks[0]} lies there without its pyproject.toml",
            file=head + locks[0],
        )
        return Manifest(manager, reading, head + locks[0])
    for name in REQUIREMENTS:
        if source.has(head + name):
            reading.read(head + name)
            return Manifest("requirements", reading)
    return _setup(source, head, reading, notes) or _conda(source, head, reading, notes)


def _pyproject(
    source: Source, head: str, manager: str, reading: Reading, locks: list[str], notes: Notes
) -> Manifest | None:
    """`[project]`, poetry's own table, or neither: then the file only holds settings of tools."""
    path = f"{head}pyproject.toml"
    data = read_toml(source, path, notes)
    project, poetry = table(data, "project"), table(data, "tool", "poetry")
    if data and not project and not poetry and not locks:
        return None
    lock = head + locks[0] if locks else ""
    found = Manifest(manager or ("poetry" if poetry and not project else "pyproject"), reading, lock)
    found.files.extend([lock, path] if lock else [path])
    sources = table(data, "tool", "uv", "sources")
    for text in texts(project.get("dependencies")):
        _declared(text, sources, reading, source, path)
    for name, value in table(poetry, "dependencies").items():
        if name.lower() != "python" and not project.get("dependencies"):
            _poetry(name, value, reading, source, path)
    python = table(poetry, "dependencies").get("python")
    found.requires = str(
        project.get("requires-python") or (_caret(python) if isinstance(python, str) else "")
    )
    found.requires_line = line_of(
        source, path, "requires-python" if project.get("requires-python") else "python ="
    )
    found.scripts = {
        k: v
        for k, v in {**table(poetry, "scripts"), **table(project, "scripts")}.items()
        if isinstance(v, str)
    }
    return found


def _declared(text: str, sources: dict[str, Any], reading: Reading, source: Source, path: str) -> None:
    """A dependency, unless `tool.uv.sources` says that it is a folder or a repository."""
    name = re.split(r"[^\w.-]", text, maxsplit=1)[0]
    place = table(sources, name)
    line = line_of(source, path, text)
    if isinstance(place.get("path"), str):
        reading.add(f"./{place['path']}", path, line)
    elif isinstance(place.get("git"), str):
        ref = place.get("rev") or place.get("tag") or place.get("branch")
        reading.add(f"{name} @ git+{place['git']}" + (f"@{ref}" if ref else ""), path, line)
    elif not place.get("workspace"):
        reading.add(text, path, line)


def _poetry(name: str, value: object, reading: Reading, source: Source, path: str) -> None:
    line = line_of(source, path, name)
    if isinstance(value, list):
        value = value[0] if value else "*"
    if not isinstance(value, dict):
        reading.add(name + _caret(str(value)), path, line)
        return
    extras = ",".join(texts(value.get("extras")))
    if value.get("optional"):
        return
    if isinstance(value.get("path"), str):
        reading.add(f"./{value['path']}", path, line)
    elif isinstance(value.get("git"), str):
        reading.add(f"{name} @ git+{value['git']}", path, line)
    else:
        reading.add(
            name + (f"[{extras}]" if extras else "") + _caret(str(value.get("version", "*"))), path, line
        )


def _caret(text: str) -> str:
    """Poetry's constraint in PEP 440: `^1.2` → `>=1.2,<2`, `~1.2` → `>=1.2,<1.3`, `1.2` → `==1.2`, `*` →
    nothing."""
    parts = []
    for part in text.split("||")[0].split(","):
        part = part.strip()
        match = re.fullmatch(r"([\^~])\s*v?(\d+(?:\.\d+)*)(\S*)", part)
        if match:
            parts.append(f">={match[2]}{match[3]},<{_next(match[1], [int(n) for n in match[2].split('.')])}")
        elif part in ("*", ""):
            continue
        else:
            parts.append(f"=={part}" if part[0].isdigit() else part)
    return ",".join(parts)


def _next(sign: str, numbers: list[int]) -> str:
    """The first version that a caret or tilde excludes: the leftmost number that is not 0 counts for a
    caret."""
    if sign == "~":
        keep = min(len(numbers), 2)
    else:
        keep = next((i + 1 for i, number in enumerate(numbers) if number), len(numbers))
    head = numbers[:keep]
    return ".".join(str(number) for number in [*head[:-1], head[-1] + 1])


def _pipfile(source: Source, head: str, reading: Reading, locks: list[str]) -> Manifest:
    path = f"{head}Pipfile"
    lock = f"{head}Pipfile.lock" if "Pipfile.lock" in locks else ""
    found = Manifest("pipenv", reading, lock)
    found.files.extend([*([lock] if lock else []), *([path] if source.has(path) else [])])
    data = read_toml(source, path, reading.notes)
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


def _setup(source: Source, head: str, reading: Reading, notes: Notes) -> Manifest | None:
    """setup.cfg and setup.py, the latter by its syntax tree: nothing of it is executed."""
    found = Manifest("setup", reading)
    if source.has(f"{head}setup.cfg"):
        import configparser

        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(source.read_text(f"{head}setup.cfg"))
        except configparser.Error as error:
            found.files.append(f"{head}setup.cfg")
            notes.tell("error", "cfg.broken", f"{head}setup.cfg: {error}", file=f"{head}setup.cfg")
            return found
        wanted = parser.get("options", "install_requires", fallback="")
        found.requires = parser.get("options", "python_requires", fallback="")
        if parser.has_section("options") or parser.has_section("metadata"):
            found.files.append(f"{head}setup.cfg")
        for line in wanted.splitlines():
            if line.strip() and not line.strip().startswith("#"):
                reading.add(
                    line.strip(), f"{head}setup.cfg", line_of(source, f"{head}setup.cfg", line.strip())
                )
    if source.has(f"{head}setup.py"):
        _setup_py(source, f"{head}setup.py", found, notes)
    return found if found.files else None


def _setup_py(source: Source, path: str, found: Manifest, notes: Notes) -> None:
    found.files.append(path)
    try:
        tree = parse(source.read_text(path))
    except SyntaxError as error:
        notes.tell(
            "error", "python.setup", f"{path}:{error.lineno}: {error.msg}", file=path, line=error.lineno or 0
        )
        return
    named = {
        t.id: n.value
        for n in tree.body
        if isinstance(n, ast.Assign)
        for t in n.targets
        if isinstance(t, ast.Name)
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for word in call.keywords:
            value = named.get(word.value.id, word.value) if isinstance(word.value, ast.Name) else word.value
            if word.arg == "install_requires" and isinstance(value, ast.List | ast.Tuple):
                for item in value.elts:
                    if isinstance(item, ast.Constant) and isinstance(item.value, str):
                        found.reading.add(item.value, path, item.lineno)
            elif word.arg == "install_requires":
                notes.tell("warning", "python.setup.computed", f"{path} computes its packages; Jitney does not execute it",
                           hint="declare them in pyproject.toml or requirements.txt", file=path,
                           line=word.value.lineno)  # fmt: skip
            elif word.arg == "python_requires" and isinstance(value, ast.Constant):
                found.requires, found.requires_line = str(value.value), value.lineno


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
            manifest.reading.local.extend(found.reading.local)
            manifest.files.extend(path for path in found.files if path not in manifest.files)
    return seen
