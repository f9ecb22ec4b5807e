"""TOML and JSON of the user's: read defensively, a broken file is a finding that names file and line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jitney.detect.notes import Notes
from jitney.source import Source

if TYPE_CHECKING:
    from jitney.detect.recipes.yamltree import Node


def read_toml(source: Source, path: str, notes: Notes) -> dict[str, Any]:
    """The table; empty where the file is broken (an error finding) or not there."""
    if not source.has(path):
        return {}
    return parse_toml(source.read_text(path), path, notes)


def parse_toml(text: str, path: str, notes: Notes, line: int = 0) -> dict[str, Any]:
    """line: where the text begins in its file."""
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        place = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", str(error))
        number = line + (int(place[1]) if place and place[1] else len(text.splitlines()) if place else 0)
        where = (
            f"{path}:{number}:{place[2]}" if place and place[2] else f"{path}:{number}" if number else path
        )
        what = str(error)[: place.start()].strip() if place else str(error)
        notes.tell("error", "toml.broken", f"{where}: not valid TOML: {what}", file=path, line=number)
        return {}


def parse_yaml(source: Source, path: str, notes: Notes) -> Node:
    """The first document; EMPTY where the file is broken (an error finding with line and column)."""
    from jitney.detect.recipes.yamltree import EMPTY, BrokenYaml, load

    try:
        return load(source.read_text(path))
    except BrokenYaml as error:
        place = f"{path}:{error.line}:{error.column}"
        notes.tell("error", "yaml.broken", f"{place}: not valid YAML: {error}", file=path, line=error.line)
        return EMPTY


def table(value: object, *keys: str) -> dict[str, Any]:
    """A table below a table; empty where something else stands."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def line_of(source: Source, path: str, text: str) -> int:
    """The first line that has the text; 0: none."""
    for number, line in enumerate(source.read_text(path).splitlines(), 1):
        if text in line:
            return number
    return 0
