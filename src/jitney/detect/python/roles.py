"""What the addresses in a Python file are for: the name that each gets, spelled as other languages' readers see it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jitney.detect.addresses import MAYBE, role_of
from jitney.detect.data.hosts import PROVIDERS
from jitney.detect.python.branches import options
from jitney.detect.python.imports import name_of

_PASS_ON = frozenset({"getenv", "get", "str", "rstrip", "strip", "format", "urljoin", "HttpUrl"})
"""Calls whose result is their argument, more or less: what the result is for, the argument is for."""


def roles(tree: ast.Module) -> dict[int, str]:
    """By id of the constant. What stands nearest decides; `option` for what the program does only if it is told to."""
    found: dict[int, str] = {}
    idle = options(tree)
    stack: list[tuple[ast.AST, str]] = [(tree, "")]
    while stack:
        node, before = stack.pop()
        if isinstance(node, ast.Constant):
            if id(node) in idle:
                found[id(node)] = "option"
            elif isinstance(node.value, str) and (node.value in PROVIDERS or MAYBE.search(node.value)):
                seen = (role_of(node.value, one) for one in reversed(before.split("\n")))
                found[id(node)] = next(filter(None, seen), "")
            continue
        stack += _parts(node, before)
    return found


def _parts(node: ast.AST, before: str) -> Iterator[tuple[ast.AST, str]]:
    """The parts of a node, and the code in front of each: a call's, a keyword's, a target's, a key's."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value, "description = "  # a docstring
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        yield node.value, f"{_name(target)} = "
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield value, f'"{_word(key)}": ' if _word(key) else before
    elif isinstance(node, ast.Call):
        yield from _call(node, before)
    else:
        for part in ast.iter_child_nodes(node):
            yield part, before if isinstance(node, ast.expr) else ""


def _call(node: ast.Call, outer: str) -> Iterator[tuple[ast.AST, str]]:
    name = name_of(node.func)
    passed = f"{outer}\n" if name in _PASS_ON else ""
    yield node.func, passed
    first = node.args[0] if node.args else None
    variable = _word(first)
    for argument in node.args:
        default = variable and argument is not first  # `getenv("NAME", "…")`
        yield argument, passed + (f'"{variable}", ' if default else f"{name}(")
    for word in node.keywords:
        yield word.value, f"{passed}{name}({word.arg}="


def _name(target: ast.expr) -> str:
    """`self.base_url`, `config["base_url"]`, `BASE_URL`."""
    return f'["{_word(target.slice)}"]' if isinstance(target, ast.Subscript) else name_of(target)


def _word(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
