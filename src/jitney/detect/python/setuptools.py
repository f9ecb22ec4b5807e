"""setup.cfg and setup.py, the latter by its syntax tree: nothing of it is executed."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from jitney.detect.notes import Notes
from jitney.detect.python.code import parse
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.requirements import Reading
from jitney.detect.python.tables import line_of
from jitney.source import Source

if TYPE_CHECKING:
    import configparser


def read_setup(source: Source, head: str, reading: Reading, notes: Notes) -> Manifest | None:
    """None: neither file is there."""
    found = Manifest("setup", reading)
    if source.has(f"{head}setup.cfg"):
        _setup_cfg(source, f"{head}setup.cfg", found, notes)
    if source.has(f"{head}setup.py"):
        _setup_py(source, f"{head}setup.py", found, notes)
    return found if found.files else None


def _setup_cfg(source: Source, path: str, found: Manifest, notes: Notes) -> None:
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(source.read_text(path), path)
    except configparser.Error as error:
        found.files.append(path)
        line = _line(error)
        message = f"{path}:{line}: {str(error).splitlines()[0]}" if line else f"{path}: {error}"
        notes.tell("error", "cfg.broken", message, file=path, line=line)
        return
    if parser.has_section("options") or parser.has_section("metadata"):
        found.files.append(path)
    found.name = parser.get("metadata", "name", fallback="")
    found.requires = parser.get("options", "python_requires", fallback="")
    found.requires_line = line_of(source, path, "python_requires")
    for text in _lines(parser.get("options", "install_requires", fallback="")):
        found.reading.add(text, path, line_of(source, path, text))
    _scripts(_lines(parser.get("options.entry_points", "console_scripts", fallback="")), found)


def _line(error: configparser.Error) -> int:
    """Where the file is broken; 0: the parser does not say."""
    line = getattr(error, "lineno", None)
    listed = getattr(error, "errors", None) or [(0, "")]
    return line if isinstance(line, int) else int(listed[0][0])


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def _scripts(lines: list[str], found: Manifest) -> None:
    """`NAME = MODULE:FUNCTION`, one each."""
    for line in lines:
        if match := re.fullmatch(r"([\w.-]+)\s*=\s*(\S.*)", line):
            found.scripts[match[1]] = match[2]


def _setup_py(source: Source, path: str, found: Manifest, notes: Notes) -> None:
    found.files.append(path)
    try:
        tree = parse(source.read_text(path))
    except SyntaxError as error:
        message = f"{path}:{error.lineno}: {error.msg}"
        notes.tell("error", "python.setup", message, file=path, line=error.lineno or 0)
        return
    named = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for word in call.keywords:
            value = named.get(word.value.id, word.value) if isinstance(word.value, ast.Name) else word.value
            _keyword(word.arg or "", value, path, found, notes)


def _keyword(name: str, value: ast.expr, path: str, found: Manifest, notes: Notes) -> None:
    """One argument of `setup(…)`."""
    if name == "install_requires":
        _install_requires(value, path, found, notes)
    elif name == "entry_points" and isinstance(value, ast.Dict):
        _entry_points(value, found)
    elif isinstance(value, ast.Constant):
        if name == "python_requires":
            found.requires, found.requires_line = str(value.value), value.lineno
        elif name == "name":
            found.name = found.name or str(value.value)


def _entry_points(value: ast.Dict, found: Manifest) -> None:
    for key, listed in zip(value.keys, value.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == "console_scripts":
            _scripts([text for text, _ in _texts(listed)], found)


def _install_requires(value: ast.expr, path: str, found: Manifest, notes: Notes) -> None:
    for text, line in _texts(value):
        found.reading.add(text, path, line)
    if not isinstance(value, ast.List | ast.Tuple):
        notes.tell("warning", "python.setup.computed", f"{path} computes its packages; Jitney does not execute it",
                   hint="declare them in pyproject.toml or requirements.txt", file=path, line=value.lineno)  # fmt: skip


def _texts(value: ast.expr) -> list[tuple[str, int]]:
    """The literal texts of a list, each with its line."""
    parts = value.elts if isinstance(value, ast.List | ast.Tuple) else []
    return [
        (one.value, one.lineno)
        for one in parts
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]
