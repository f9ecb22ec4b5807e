"""What a Python file does with the names it imports: those that occur nowhere else in it are installed, but say nothing of what
the program does; of the others it is told what is taken from them (`outlines.from_openai`)."""

from __future__ import annotations

import ast

from jitney.detect.code import At


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


def taken(tree: ast.Module, file: str) -> list[At]:
    """`import outlines` … `outlines.from_openai(…)` → `outlines.from_openai`, as if it had been imported by name; each once."""
    modules: dict[str, str] = {}
    chains: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {
                one.asname or one.name.partition(".")[0]: one.name if one.asname else "" for one in node.names
            }
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules |= {
                one.asname or one.name: f"{node.module}.{one.name}" for one in node.names if one.name != "*"
            }
        elif isinstance(node, ast.Attribute) and (chain := _chain(node)):
            chains.setdefault(chain, node.lineno)
    found = []
    for chain, line in chains.items():
        head, _, rest = chain.partition(".")
        if head in modules:
            found.append(At(f"{modules[head] or head}.{rest}", file, line))
    return found


def _chain(node: ast.expr) -> str:
    """`a.b.c`; empty where it does not begin with a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id])) if isinstance(node, ast.Name) else ""
