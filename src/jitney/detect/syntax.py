"""What any language's string literals say, read by what stands before them: model names, variables of the environment,
addresses. The literals come from a real parser (`literals`) or, for a language that is a table, from its own scanner.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from typing import Literal as OneOf

from jitney.detect.addresses import role_of
from jitney.detect.code import At, Code
from jitney.detect.model import ModelUse
from jitney.detect.names import EMBEDS
from jitney.findings import Evidence
from jitney.source.grammar import parse as parse  # for the languages beside this

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query, Tree

BEFORE = 160
"""Bytes before a literal that are looked at."""

NAMED = re.compile(
    r"(?i)(?:^|[^a-z0-9])(?:[a-z0-9_.]*_)?(?:model|model_?(?:name|id)|deployment|engine)['\"`]?\]?\s*(?::\s*[\w<>&' ]+)?\s*"
    r"(?:=>|=|:|,|\(|\?\?|\|\|)\s*(?:&|new |String::from\(|Some\()*$"
)
IS_MODEL = re.compile(r"(?!application/|text/|image/|audio/)(?:[\w.-]+/)?[A-Za-z][\w.:@-]{2,80}")


class Literal(NamedTuple):
    """value: without quotes; before: the code in front of it, on its line and those above."""

    value: str
    line: int
    before: str


MAX_NESTING = 400
"""Levels of a tree that are looked at. Nobody writes deeper code, and tree-sitter's binding dies (SIGSEGV) where a node some
thousands of levels down is asked for its parent."""


def nodes(root: Node) -> Iterator[Node]:
    """All nodes in the order of the text, down to MAX_NESTING, without recursion: generated code nests deeply."""
    stack = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        yield node
        if depth < MAX_NESTING:
            stack.extend((child, depth + 1) for child in reversed(node.children))


def select(tree: Tree, kinds: frozenset[str]) -> list[Node]:
    """Nodes of these types down to MAX_NESTING, in the order of the text, outer ones first. The grammar's own query finds them: several times
    faster than going through all nodes here."""
    from tree_sitter import QueryCursor

    cursor = QueryCursor(_query(tree.language, kinds))
    cursor.set_max_start_depth(MAX_NESTING)
    found = cursor.captures(tree.root_node).get("found", [])
    return sorted(found, key=lambda node: (node.start_byte, -node.end_byte))


@cache
def _query(language: Language, kinds: frozenset[str]) -> Query:
    """Of the types that the grammar has: versions of a grammar differ in a few."""
    from tree_sitter import Query

    known = [kind for kind in sorted(kinds) if language.id_for_node_kind(kind, True) is not None]
    return Query(language, "[" + " ".join(f"({kind})" for kind in known) + "] @found")


def text_of(node: Node | None) -> str:
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def line_of(node: Node) -> int:
    return node.start_point[0] + 1


def literals(tree: Tree, text: str, kinds: frozenset[str]) -> Iterator[Literal]:
    """String literals by their node types (`string_literal` …), quotes and prefixes (`r#"`, `b"`) taken off."""
    data = text.encode("utf-8", "replace")
    for node in select(tree, kinds):
        value = re.sub(r"^[A-Za-z]{0,2}(?:#*\"\"\"|#*[\"'`])|(?:\"\"\"|[\"'`])#*$", "", text_of(node))
        before = data[max(0, node.start_byte - BEFORE) : node.start_byte].decode("utf-8", "replace")
        yield Literal(value, line_of(node), before)


def harvest(found: Iterable[Literal], file: str, code: Code, getters: re.Pattern[str]) -> None:
    """Sort literals into `code`. getters: what stands before the name of a variable (`env::var\\($`)."""
    for literal in found:
        if not literal.value or len(literal.value) > 4000:
            continue
        code.strings.append(At(literal.value, file, literal.line, role_of(literal.value, literal.before)))
        if getters.search(literal.before) and re.fullmatch(r"[A-Za-z_]\w*", literal.value):
            code.env.append(At(literal.value, file, literal.line))
        elif NAMED.search(literal.before) and IS_MODEL.fullmatch(literal.value):
            why = Evidence(
                rule="model.named", decides="model", value=literal.value, file=file, line=literal.line
            )
            kind: OneOf["served", "embedding"] = "embedding" if EMBEDS.search(literal.value) else "served"
            code.models.append(ModelUse(name=literal.value, kind=kind, why=why))
