"""The imports of one Python file: which are unconditional, which have a fallback, which are for other machines."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

_ASSUMED = (3, 12)
"""Where code asks for the version: what is chosen when nothing else says it is at least this."""
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.GtE: operator.ge, ast.Gt: operator.gt, ast.LtE: operator.le, ast.Lt: operator.lt, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_ABSENT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "OSError"})
_PROBES = frozenset({"find_spec", "find_loader"})
_LOADERS = frozenset({"import_module", "__import__", "importorskip", "lazy_import"})
_BOX = {"sys.platform": "linux", "os.name": "posix", "platform.system()": "Linux"}
"""What a box says of itself."""


class Import(msgspec.Struct, frozen=True):
    """One imported module. names: what `from` takes from it. level: leading dots. optional: a fallback
    exists. group: of alternatives, one number each `try` (0: none); branch: its place among them."""

    module: str
    line: int
    names: tuple[str, ...] = ()
    level: int = 0
    optional: bool = False
    group: int = 0
    branch: int = 0


class ImportReader(ast.NodeVisitor):
    """Walks a tree and fills `found`. Classes above it see every node that can run in a box."""

    def __init__(self) -> None:
        self.found: list[Import] = []
        self._optional = 0
        self._group = 0
        self._groups = 0
        self._branch = 0

    def add(self, module: str, line: int, names: tuple[str, ...] = (), level: int = 0) -> None:
        """Note one import as the place says it is."""
        self.found.append(Import(module, line, names, level, self._optional > 0, self._group, self._branch))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.add(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.add(node.module or "", node.lineno, tuple(alias.name for alias in node.names), node.level)

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        """An import with a fallback is optional, and so is the fallback; what is imported instead of it is an
        alternative."""
        handlers = [handler for handler in node.handlers if _is_absence(handler)]
        before = (self._group, self._branch)
        if any(_imports(handler.body) for handler in handlers) and _imports(node.body) and not self._group:
            self._groups += 1
            self._group, self._branch = self._groups, 0
        self._optional += bool(handlers)
        self._visit(node.body)
        for handler in node.handlers:
            self._branch += handler in handlers
            self.visit(handler)
        self._optional -= bool(handlers)
        self._group, self._branch = before
        self._visit([*node.orelse, *node.finalbody])

    def visit_TryStar(self, node: ast.TryStar) -> None:
        self.visit_Try(node)

    def visit_If(self, node: ast.If) -> None:
        verdict = _verdict(node.test)
        if verdict is None:
            probed = any(
                isinstance(part, ast.Call) and name_of(part.func) in _PROBES for part in ast.walk(node.test)
            )
            self._optional += probed
            self.generic_visit(node)
            self._optional -= probed
        else:
            self._visit(node.body if verdict else node.orelse)

    def visit_With(self, node: ast.With) -> None:
        """`with suppress(ImportError):`"""
        calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
        is_guard = any(
            name_of(call.func) == "suppress" and any(name_of(kind) in _ABSENT for kind in call.args)
            for call in calls
        )
        self._optional += is_guard
        self.generic_visit(node)
        self._optional -= is_guard

    def visit_Call(self, node: ast.Call) -> None:
        """`importlib.import_module("x")` and `__import__("x")`."""
        if name_of(node.func) in _LOADERS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value:
                bare = first.value.lstrip(".")
                self.add(bare, node.lineno, (), len(first.value) - len(bare))
        self.generic_visit(node)

    def _visit(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _imports(body: list[ast.stmt]) -> bool:
    return any(isinstance(part, ast.Import | ast.ImportFrom) for line in body for part in ast.walk(line))


def _is_absence(handler: ast.ExceptHandler) -> bool:
    """It takes what an import throws."""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(name_of(kind) in _ABSENT for kind in kinds)


def _verdict(test: ast.expr) -> bool | None:
    """What a condition about the type checker, Python or the machine is in a box; None: it is about something else."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _verdict(test.operand)
        return None if inner is None else not inner
    if isinstance(test, ast.Name | ast.Attribute):
        return {"TYPE_CHECKING": False, "PY2": False, "PY3": True}.get(name_of(test))
    if isinstance(test, ast.Call):
        return _begins(test)
    return _compared(test) if isinstance(test, ast.Compare) and len(test.ops) == 1 else None


def _begins(test: ast.Call) -> bool | None:
    """`sys.platform.startswith("win")`"""
    if not isinstance(test.func, ast.Attribute) or test.func.attr != "startswith":
        return None
    said = _BOX.get(ast.unparse(test.func.value))
    words = [
        word.value for word in test.args[:1] if isinstance(word, ast.Constant) and isinstance(word.value, str)
    ]
    return said.startswith(words[0]) if said and words else None


def _compared(test: ast.Compare) -> bool | None:
    left, right = ast.unparse(test.left), test.comparators[0]
    compare = _COMPARE.get(type(test.ops[0]))
    if compare is None:
        return None
    if left in _BOX and isinstance(right, ast.Constant) and isinstance(right.value, str):
        return compare(_BOX[left], right.value)
    if not left.startswith("sys.version_info"):
        return None
    asked = _numbers(right)
    mine = _ASSUMED[: len(asked)] if len(asked) < 3 else (*_ASSUMED, 0)
    return compare(mine, asked) if asked else None


def _numbers(node: ast.expr) -> tuple[int, ...]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    found = tuple(
        part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, int)
    )
    return found[:3] if len(found) == len(parts) else ()


def name_of(node: ast.expr) -> str:
    """The last word of a name: `b` of `a.b`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
