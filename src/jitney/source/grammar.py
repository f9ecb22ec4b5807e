"""tree-sitter: a text's tree, and how much of it a grammar could not read. Imported only where a parser is needed."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Tree

GRAMMARS: dict[str, tuple[str, str]] = {
    "c": ("tree_sitter_c", "language"), "cpp": ("tree_sitter_cpp", "language"), "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"), "javascript": ("tree_sitter_javascript", "language"),
    "kotlin": ("tree_sitter_kotlin", "language"), "rust": ("tree_sitter_rust", "language"),
    "typescript": ("tree_sitter_typescript", "language_tsx"),
}  # fmt: skip
"""TypeScript with JSX: without it, the dialect differs only in `<T>value`, which nobody writes any more."""


def parse(text: str, grammar: str, function: str = "language") -> Tree:
    """tree-sitter's tree of a text; broken code gives what could be parsed. grammar: `tree_sitter_rust`."""
    from tree_sitter import Parser

    return Parser(_language(grammar, function)).parse(shallow(text).encode("utf-8", "replace"))


MAX_OPEN = 500
_BRACKETS = re.compile(r"[([{}\])]")
_TAGS = re.compile(r"(?:<\w{1,20}>\s{0,3}){300}|([^\w\s]{1,8}?)\1{400}")
"""Tags one in another, and the same signs over and over: `<!--` 2,000 times takes Go's grammar 15 s."""


def shallow(text: str) -> str:
    """The text up to where more brackets are open at once than anybody writes: grammars mend what is never closed in a time that
    grows with its square (20,000 open braces: 20 s in Kotlin's)."""
    if len(text) > MAX_OPEN and (tags := _TAGS.search(text)):
        text = text[: tags.start()]
    if sum(map(text.count, "([{")) <= MAX_OPEN:
        return text
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth += 1 if bracket[0] in "([{" else -1
        if depth > MAX_OPEN:
            return text[: bracket.start()]
        depth = max(depth, 0)
    return text


@cache
def _language(grammar: str, function: str) -> Language:
    from tree_sitter import Language

    return Language(getattr(import_module(grammar), function)())


def unread(text: str, language: str) -> int:
    """Bytes that lie in errors of the language's grammar, and one for each thing it missed; 0: it is such a program."""
    return sum(_unread(node) for node in _broken(parse(text, *GRAMMARS[language]).root_node))


def _broken(root: Node) -> list[Node]:
    """The outermost errors; what has none inside is not looked into."""
    found = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            found.append(node)
        elif node.has_error:
            stack.extend(node.children)
    return found


def _unread(node: Node) -> int:
    return 1 + sum(
        child.end_byte - child.start_byte for child in node.children if child.is_error or not child.is_named
    )


ONLY: dict[str, frozenset[str]] = {
    "typescript": frozenset([
        "type_annotation", "interface_declaration", "type_alias_declaration", "as_expression", "satisfies_expression",
        "type_arguments", "type_parameters", "enum_declaration", "accessibility_modifier", "non_null_expression",
        "abstract_class_declaration", "ambient_declaration", "internal_module", "type_predicate_annotation", "optional_parameter",
        "override_modifier", "function_signature", "implements_clause", "public_field_definition_readonly", "index_signature",
    ]),
    "cpp": frozenset([
        "qualified_identifier", "template_declaration", "template_type", "template_function", "class_specifier",
        "namespace_definition", "using_declaration", "alias_declaration", "reference_declarator", "lambda_expression",
        "new_expression", "delete_expression", "try_statement", "throw_statement", "access_specifier", "operator_name",
        "destructor_name", "placeholder_type_specifier", "field_initializer_list", "for_range_loop", "virtual", "this",
        "namespace_alias_definition", "concept_definition", "co_await_expression", "operator_cast",
        "abstract_reference_declarator", "default_method_clause", "delete_method_clause", "noexcept", "import_declaration",
        "module_declaration", "raw_string_literal", "structured_binding_declarator", "user_defined_literal",
    ]),
}  # fmt: skip
"""Kinds of nodes that a language has, and the one that it grew out of has not (JavaScript, C)."""


def only(text: str, language: str) -> list[tuple[str, int]]:
    """What of a text only this language has, and not the one it grew out of: kind of node and line, in the text's order. Nothing
    inside an error counts: a parser that is lost sees anything."""
    kinds = ONLY[language]
    found = []
    stack = [parse(text, *GRAMMARS[language]).root_node]
    while stack:
        node = stack.pop()
        if node.is_error and node.start_byte:  # the root of a text that is no program at all is an error too
            continue
        if node.type in kinds and not node.has_error:
            found.append((node.type, node.start_point[0] + 1))
        stack.extend(reversed(node.children))
    return found
