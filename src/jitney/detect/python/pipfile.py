"""Pipfile with its lock, and a pylock.toml that stands by itself."""

from __future__ import annotations

from typing import Any

from jitney.detect.notes import Notes
from jitney.detect.python.indexes import tell_indexes
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.poetry import located
from jitney.detect.python.requirements import Reading
from jitney.detect.python.tables import line_of, read_toml, table, texts
from jitney.source import Source


def read_pipfile(source: Source, head: str, reading: Reading, *, locked: bool) -> Manifest:
    path, lock = f"{head}Pipfile", f"{head}Pipfile.lock" if locked else ""
    found = Manifest("pipenv", reading, lock)
    found.files.extend(name for name in (lock, path if source.has(path) else "") if name)
    data = read_toml(source, path, reading.notes)
    tell_indexes(data, source, path, reading.notes)
    for name, value in table(data, "packages").items():
        reading.add(_requirement(name, value), path, line_of(source, path, name))
    said = _version(table(data, "requires"))
    kept = _version(table(_lock(source, lock, reading.notes), "_meta", "requires")) if lock else ""
    if said or kept:
        found.requires, found.requires_file = said or kept, path if said else lock
        found.requires_line = line_of(source, found.requires_file, "python_")
    return found


def _version(requires: dict[str, Any]) -> str:
    """`python_full_version` or `python_version` as a specifier."""
    version = str(requires.get("python_full_version") or requires.get("python_version") or "")
    return f"=={version}" + ("" if version.count(".") == 2 else ".*") if version else ""


def _lock(source: Source, path: str, notes: Notes) -> dict[str, Any]:
    """Pipfile.lock is JSON; empty where it is broken (an error finding with line and column)."""
    import json

    try:
        data = json.loads(source.read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        line, column, what = (
            getattr(error, "lineno", 1),
            getattr(error, "colno", 1),
            getattr(error, "msg", str(error)),
        )
        message = f"{path}:{line}:{column}: not valid JSON: {what}"
        notes.tell("error", "json.broken", message, file=path, line=line)
        return {}
    return data if isinstance(data, dict) else {}


def _requirement(name: str, value: object) -> str:
    if not isinstance(value, dict):
        return name + ("" if value == "*" else str(value))
    extras, spec = ",".join(texts(value.get("extras"))), str(value.get("version", "*"))
    marker = f" ; {value['markers']}" if isinstance(value.get("markers"), str) else ""
    return (
        located(name, value)
        or name + (f"[{extras}]" if extras else "") + ("" if spec == "*" else spec) + marker
    )


def read_pylock(source: Source, path: str, reading: Reading, notes: Notes) -> Manifest:
    """PEP 751 without a manifest: the lock says by itself what is wanted."""
    found = Manifest("pylock", reading, path)
    found.files.append(path)
    data = read_toml(source, path, notes)
    packages = data.get("packages", [])
    for package in packages if isinstance(packages, list) else ():
        if isinstance(package, dict) and isinstance(package.get("version"), str):
            marker = f" ; {package['marker']}" if isinstance(package.get("marker"), str) else ""
            name = str(package.get("name"))
            reading.add(f"{name}=={package['version']}{marker}", path, line_of(source, path, f'"{name}"'))
    found.requires = str(data.get("requires-python") or "")
    found.requires_line = line_of(source, path, "requires-python")
    return found
