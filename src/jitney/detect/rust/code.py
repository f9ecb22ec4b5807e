"""Rust files through tree-sitter: crates used, strings, variables read, modules, files included."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from jitney.detect.code import At, Code
from jitney.detect.native.code import weights
from jitney.detect.syntax import harvest, line_of, literals, parse, select, text_of

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

STRINGS = frozenset({"string_literal", "raw_string_literal"})
GETTERS = re.compile(r"(?:env::var(?:_os)?|dotenv(?:y)?::var|\bvar|env!|option_env!)\s*\(\s*$")
INCLUDES = re.compile(r"\binclude(?:_str|_bytes|_dir)?!\s*\(\s*\"([^\"\n]+)\"")
BUILT_IN = frozenset(
    [
        "std",
        "core",
        "alloc",
        "proc_macro",
        "test",
        "crate",
        "self",
        "super",
        "Self",
        "i8",
        "i16",
        "i32",
        "i64",
        "i128",
        "isize",
        "u8",
        "u16",
        "u32",
        "u64",
        "u128",
        "usize",
        "f32",
        "f64",
        "str",
        "char",
        "bool",
    ]
)


FRONT = re.compile(r"\A(?:#![^\[\n][^\n]*\n)?\s*^(-{3,})[ \t]*(?:cargo)?[ \t]*\n(.*?)^\1[ \t]*$", re.S | re.M)
"""A manifest at the head of a file, which Rust's grammar does not know."""


GLOB = re.compile(r"(?m)^[ \t]*(?:pub\s+)?use\s+([a-z]\w*(?:::\w+)*)::\*\s*;")
TYPE = re.compile(r"\b([A-Z]\w+)(?:::<[^>\n]*>)?::\w")
"""`use kalosm::language::*;` … `Llama::new_chat()`: what is used of all that was imported says how."""


class RustFile(msgspec.Struct):
    """main: has `fn main`. modules: (`name`, its #[path]) of `mod name;`. crates: names that only another crate can give."""

    main: bool = False
    modules: list[tuple[str, str]] = msgspec.field(default_factory=list)
    crates: list[At] = msgspec.field(default_factory=list)
    includes: list[str] = msgspec.field(default_factory=list)
    unstable: list[At] = msgspec.field(default_factory=list)
    code: Code = msgspec.field(default_factory=Code)


def look(text: str, file: str) -> RustFile:
    text = FRONT.sub(lambda front: re.sub(r"[^\n]", " ", front[0]), text)
    tree = parse(text, "tree_sitter_rust")
    seen = RustFile(includes=INCLUDES.findall(text))
    harvest(literals(tree, text, STRINGS), file, seen.code, GETTERS)
    seen.code.models += weights(seen.code)
    _walk(tree, file, seen)
    globs = [path.replace("::", ".") for path in GLOB.findall(text)]
    types = dict.fromkeys(TYPE.findall(text)) if globs else {}
    seen.code.uses = [At(f"{glob}.{name}", file, 1) for glob in globs for name in types]
    return seen


class _Names:
    """local: what the file itself brings in. heads: first parts of paths: name, line, whether it can only be a crate's."""

    def __init__(self) -> None:
        self.local: set[str] = set()
        self.heads: list[tuple[str, int, bool]] = []


def _walk(tree: Tree, file: str, seen: RustFile) -> None:
    names = _Names()
    for node in select(tree, frozenset(_ITEMS)):
        _ITEMS[node.type](node, At("", file, line_of(node)), seen, names)
    seen.crates = [
        At(head, file, line)
        for head, line, sure in names.heads
        if head not in BUILT_IN
        and head not in names.local
        and (sure or re.fullmatch(r"[a-z][a-z0-9_]*", head))
    ]
    known = {at.value.split(".")[0] for at in seen.code.imports}
    seen.code.imports += [at for at in seen.crates if at.value not in known]


def _use(node: Node, at: At, seen: RustFile, names: _Names) -> None:
    paths = list(_paths(node.child_by_field_name("argument"), ""))
    names.heads += [(path.split("::")[0], at.line, True) for path in paths]
    seen.code.imports += [At(path.replace("::", "."), at.file, at.line) for path in paths]
    names.local |= {path.split("::")[-1] for path in paths if "::" in path}


def _extern(node: Node, at: At, seen: RustFile, names: _Names) -> None:
    name = text_of(node.child_by_field_name("name"))
    names.heads.append((name, at.line, True))
    seen.code.imports.append(At(name, at.file, at.line))


def _module(node: Node, at: At, seen: RustFile, names: _Names) -> None:
    name = text_of(node.child_by_field_name("name"))
    names.local.add(name)
    if node.child_by_field_name("body") is None:
        seen.modules.append((name, _path_attribute(node)))


def _function(node: Node, at: At, seen: RustFile, names: _Names) -> None:
    is_top = node.parent is not None and node.parent.type == "source_file"
    seen.main |= is_top and text_of(node.child_by_field_name("name")) == "main"


def _path(node: Node, at: At, seen: RustFile, names: _Names) -> None:
    if head := _head(node):
        names.heads.append((head, at.line, False))


def _attribute(node: Node, at: At, seen: RustFile, names: _Names) -> None:
    if "feature(" in text_of(node):
        seen.unstable.append(At(text_of(node), at.file, at.line))


_ITEMS: dict[str, Callable[[Node, At, RustFile, _Names], None]] = {
    "use_declaration": _use,
    "extern_crate_declaration": _extern,
    "mod_item": _module,
    "function_item": _function,
    "scoped_identifier": _path,
    "scoped_type_identifier": _path,
    "inner_attribute_item": _attribute,
}


def _head(node: Node) -> str:
    """First segment of a path in an expression, a type, an attribute or a macro; empty inside a longer path."""
    if node.parent is not None and node.parent.type in (
        "scoped_identifier",
        "scoped_type_identifier",
        "use_declaration",
        "scoped_use_list",
        "use_list",
        "use_as_clause",
        "use_wildcard",
    ):
        return ""  # fmt: skip
    while node.type in ("scoped_identifier", "scoped_type_identifier"):
        path = node.child_by_field_name("path")
        if path is None:
            return ""
        node = path
    return text_of(node) if node.type == "identifier" else ""


def _paths(node: Node | None, before: str) -> list[str]:
    """All that a `use` names: `a::{b, c::d as e}` → a::b, a::c::d."""
    if node is None or node.type == "line_comment":
        return []
    if node.type in ("scoped_use_list", "use_list"):
        return _listed(node, before)
    if node.type == "use_as_clause":
        return _paths(node.child_by_field_name("path"), before)
    if node.type == "use_wildcard":
        return _paths(node.named_children[0], before) if node.named_children else [before]
    if node.type == "self" and before:
        return [before]
    return [f"{before}::{text_of(node)}" if before else text_of(node)]


def _listed(node: Node, before: str) -> list[str]:
    if node.type == "use_list":
        return [path for child in node.named_children for path in _paths(child, before)]
    inner = _paths(node.child_by_field_name("path"), before)
    head = inner[0] if inner else before
    return [path for child in _members(node) for path in _paths(child, head)] or [head]


def _members(node: Node) -> list[Node]:
    members = node.child_by_field_name("list")
    return list(members.named_children) if members is not None else []


def _path_attribute(node: Node) -> str:
    before = node.prev_named_sibling
    match = re.search(r'path\s*=\s*"([^"]+)"', text_of(before)) if before is not None else None
    return match[1] if match else ""
