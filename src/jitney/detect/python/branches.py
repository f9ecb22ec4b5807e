"""What a Python program does only if it is told to: branches on a name whose value the file gives, where that is another's.

provider = os.getenv("PROVIDER", "openai")
if provider == "ollama": …            ← an option
elif provider == "openai": …          ← what it does
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jitney.detect.python.imports import name_of

_SAME = frozenset({"lower", "upper", "strip", "casefold", "str"})
"""Calls that leave a word what it is."""

Branch = tuple[frozenset[str], list[ast.stmt]]
"""The words for which it is taken (none: for all others), and its statements."""


def options(tree: ast.Module) -> set[int]:
    """Ids of the string constants in branches that the file's own value does not take."""
    words = _words(tree)
    found: set[int] = set()
    for node in ast.walk(tree):
        name, branches = _chain(node)
        value = words.get(name)
        if not value or not branches:
            continue
        taken = next((branch for branch in branches if value in branch[0] or not branch[0]), None)
        found |= {id(part) for branch in branches if branch is not taken for part in _strings(branch[1])}
    return found


def _strings(body: list[ast.stmt]) -> Iterator[ast.Constant]:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node


def _chain(node: ast.AST) -> tuple[str, list[Branch]]:
    """`if x == "a": … elif x in ("b", "c"): … else: …` and `match x: …`: the name and its branches."""
    if isinstance(node, ast.Match):
        cases = [(frozenset(_patterns(case.pattern)), case.body) for case in node.cases if case.guard is None]
        return _subject(node.subject), cases
    name, branches = "", []
    while isinstance(node, ast.If):
        subject, words = _test(node.test)
        if not words or (name and subject != name):
            return "", []
        name = subject
        branches.append((words, node.body))
        rest = node.orelse
        if len(rest) == 1 and isinstance(rest[0], ast.If):
            node = rest[0]
            continue
        return name, [*branches, *([(frozenset(), rest)] if rest else [])]
    return "", []


def _test(test: ast.expr) -> tuple[str, frozenset[str]]:
    if (
        not isinstance(test, ast.Compare)
        or len(test.ops) != 1
        or not isinstance(test.ops[0], ast.Eq | ast.In)
    ):
        return "", frozenset()
    other = test.comparators[0]
    parts = other.elts if isinstance(other, ast.Tuple | ast.List | ast.Set) else [other]
    return _subject(test.left), frozenset(word for part in parts if (word := _word(part)))


def _patterns(pattern: ast.pattern) -> Iterator[str]:
    for part in pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]:
        if isinstance(part, ast.MatchValue) and (word := _word(part.value)):
            yield word


def _subject(node: ast.expr) -> str:
    """`provider`, `provider.lower()`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SAME:
        return _subject(node.func.value)
    return node.id if isinstance(node, ast.Name) else ""


def _words(tree: ast.Module) -> dict[str, str]:
    """Names that are given one word in the file: a constant, the default of a variable or of an argument. Two: unknown."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        for name, value in _given(node):
            word = _default(value)
            if word:
                found[name] = word if found.get(name, word) == word else ""
    return found


def _given(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value
    elif isinstance(node, ast.arguments):
        named = [*node.posonlyargs, *node.args]
        yield from zip(
            (one.arg for one in named[len(named) - len(node.defaults) :]), node.defaults, strict=True
        )


def _default(node: ast.expr) -> str:
    """A word as far as the file says it: `"a"`, `getenv("X", "a")`, `x or "a"`, `"A".lower()`."""
    if isinstance(node, ast.BoolOp):
        return _default(node.values[-1])
    if not isinstance(node, ast.Call):
        return _word(node)
    name = name_of(node.func)
    if name in _SAME and isinstance(node.func, ast.Attribute):
        return _default(node.func.value)
    if name in ("getenv", "get"):
        said = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "default")]
        return _word(said[0]) if said else ""
    return ""


def _word(node: ast.expr) -> str:
    return node.value.lower() if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
