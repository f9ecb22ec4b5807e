"""Imports of a Python file whose names occur nowhere else in it: they are installed, but say nothing of what the program does."""

from __future__ import annotations

import ast


def unused(tree: ast.Module, file: str) -> set[tuple[int, str]]:
    """(line, dotted name) of each. None where a package's `__init__.py` imports for others, nor where a file uses none of what
    it imports: that one is run for what importing does."""
    if file.endswith("__init__.py"):
        return set()
    bound: dict[tuple[int, str], str] = {}
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Import):
            bound |= {(node.lineno, one.name): one.asname or one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            bound |= {
                (node.lineno, f"{node.module}.{one.name}"): one.asname or one.name
                for one in node.names
                if one.name != "*"
            }
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
            names.add(node.value)  # `__all__`, an annotation in quotes
    idle = {place for place, name in bound.items() if name not in names}
    return idle if len(idle) < len(bound) else set()
