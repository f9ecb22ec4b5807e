"""Manifests of languages that are tables are read by patterns, which see nothing in a broken file: told here, with line and column.

Only formats that the standard library or YAML's parser read, and only files of a person's size.
"""

from __future__ import annotations

from jitney.detect.notes import Notes
from jitney.source import Source

LARGEST = 256 << 10


def tell_broken(source: Source, manifests: tuple[str, ...], notes: Notes) -> None:
    """A warning for each manifest that is not what its name says."""
    for path in manifests:
        if source.has(path) and source.size(path) <= LARGEST:
            said = _problem(path, source.read_text(path))
            if said is not None:
                problem, line, column = said
                place = f"{path}:{line}:{column}"
                notes.tell("warning", "manifest.broken", f"{place}: {problem}", file=path, line=line)


def _problem(path: str, text: str) -> tuple[str, int, int] | None:
    if path.endswith(".json"):
        return _json(text)
    if path.endswith(".toml"):
        return _toml(text)
    if path.endswith((".yml", ".yaml")):
        return _yaml(text)
    return _xml(text) if path.endswith(("proj", ".xml")) and not path.endswith(".Rproj") else None


def _json(text: str) -> tuple[str, int, int] | None:
    import json

    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"not valid JSON: {error.msg}", error.lineno, error.colno
    except RecursionError:
        return "not valid JSON: nested too deeply", 1, 1
    return None


def _toml(text: str) -> tuple[str, int, int] | None:
    import re
    import tomllib

    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        message = str(error).partition(" (at ")[0]
        line, column = (int(place[1]), int(place[2])) if place else (text.count("\n") + 1, 1)
        return f"not valid TOML: {message}", line, column
    return None


def _yaml(text: str) -> tuple[str, int, int] | None:
    from jitney.detect.recipes.yamltree import BrokenYaml, load

    try:
        load(text)
    except BrokenYaml as error:
        return f"not valid YAML: {error}", error.line, error.column
    return None


def _xml(text: str) -> tuple[str, int, int] | None:
    from xml.parsers import expat

    try:
        expat.ParserCreate().Parse(text, True)
    except expat.ExpatError as error:
        return f"not valid XML: {expat.errors.messages[error.code]}", error.lineno, error.offset + 1
    return None
