"""setup.cfg and setup.py, the latter by its syntax tree: nothing of it is executed."""

from __future__ import annotations

import ast

from jitney.detect.notes import Notes
from jitney.detect.python.code import parse
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.requirements import Reading
from jitney.detect.python.tables import line_of
from jitney.source import Source


def read_setup(source: Source, head: str, reading: Reading, notes: Notes) -> Manifest | None:
    """None: neither file is there."""
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
