"""JavaScript and TypeScript files through tree-sitter: imports, variables read, models named, and what of the syntax decides
which runtime can take the file as it stands. Broken code gives what could be parsed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from jitney.detect.code import At, Code
from jitney.detect.syntax import harvest, line_of, literals, nodes, parse, select, text_of

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

GETTERS = re.compile(
    r"(?:\benv\.(?:get|has)\(|\benv\[|\b(?:get|require)Env(?:ironmentVariable|Var)?\()\s*[\"'`]?$"
)
_STRINGS = frozenset({"string", "template_string"})
_NOT_ERASED = frozenset(
    {"enum_declaration", "internal_module", "import_alias", "import_require_clause", "decorator"}
)
"""TypeScript that has a meaning at run time: a runtime that only takes types away refuses it."""

_DENO = re.compile(r"\bDeno\.\w")
_BUN = re.compile(r"\bBun\.\w")
_FUNCTIONS = frozenset(
    {
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "generator_function",
        "generator_function_declaration",
        "class_body",
    }
)

Way = Literal["import", "require", "dynamic", "types"]


class Import(msgspec.Struct, frozen=True):
    """specifier as written; way: `types` is erased before the run. names: what is imported by name."""

    specifier: str
    line: int
    way: Way
    names: tuple[str, ...] = ()
    optional: bool = False

    def words(self, module: str = "") -> list[str]:
        """The module with each name that is taken from it, `module` in the place of the specifier: they say how it is used."""
        head = module or self.specifier
        return [f"{head}.{name}" for name in self.names] or [head]


class JsFile(msgspec.Struct):
    """esm, cjs: it has syntax of that kind. awaits: at the top level. keeps: line of the first TypeScript syntax that cannot
    merely be erased, 0: none. jsx. broken: line of the first syntax error."""

    imports: list[Import] = msgspec.field(default_factory=list)
    esm: bool = False
    cjs: bool = False
    awaits: bool = False
    keeps: int = 0
    jsx: bool = False
    deno: int = 0
    bun: int = 0
    fetches: int = 0
    broken: int = 0
    code: Code = msgspec.field(default_factory=Code)


def look(text: str, file: str) -> JsFile:
    tree = _tree(text, file)
    seen = JsFile()
    typed = file.endswith((".ts", ".mts", ".cts", ".tsx"))
    used = _values(tree) if typed else None
    for node in select(tree, _LOOKED_AT):
        _node(node, seen, used)
    if re.search(r"typeof\s+(?:globalThis\.)?(?:Deno|Bun)\b|['\"](?:Deno|Bun)['\"] in globalThis", text):
        seen.deno = seen.bun = 0  # it asks where it runs, so it runs elsewhere too
    if tree.root_node.has_error:
        seen.broken = next(
            (line_of(node) for node in nodes(tree.root_node) if node.is_error or node.is_missing), 1
        )
    harvest(literals(tree, text, _STRINGS), file, seen.code, GETTERS)
    _variables(tree, file, seen.code)
    return seen


def _tree(text: str, file: str) -> Tree:
    if file.endswith(".tsx"):
        return parse(text, "tree_sitter_typescript", "language_tsx")
    if file.endswith((".ts", ".mts", ".cts")):
        return parse(text, "tree_sitter_typescript", "language_typescript")
    return parse(text, "tree_sitter_javascript")


def _values(tree: Tree) -> set[str]:
    """Names that stand somewhere for a value, outside imports: types have node types of their own."""
    return {text_of(node) for node in select(tree, _VALUES) if not _in_import(node)}


def _in_import(node: Node) -> bool:
    above = node.parent
    return above is not None and above.type in (
        "import_specifier", "import_clause", "namespace_import", "import_require_clause",
    )  # fmt: skip


def _node(node: Node, seen: JsFile, used: set[str] | None) -> None:
    kind = node.type
    if kind == "import_statement":
        _import(node, seen, used)
    elif handle := _HANDLED.get(kind):
        handle(node, seen)
    elif kind in _NOT_ERASED and not _is_ambient(node):
        seen.keeps = seen.keeps or line_of(node)


def _export(node: Node, seen: JsFile) -> None:
    seen.esm = True
    if (source := node.child_by_field_name("source")) is not None:
        seen.imports.append(Import(_literal(source), line_of(node), "types" if _is_type(node) else "import"))


def _modifier(node: Node, seen: JsFile) -> None:
    """`constructor(private x: string)` makes a field."""
    if _is_parameter(node) and not _is_ambient(node):
        seen.keeps = seen.keeps or line_of(node)


def _jsx(node: Node, seen: JsFile) -> None:
    seen.jsx = True


def _meta(node: Node, seen: JsFile) -> None:
    seen.esm |= text_of(node) == "import.meta"


def _await(node: Node, seen: JsFile) -> None:
    seen.awaits |= (node.type == "await_expression" or _has_await(node)) and _is_top(node)


def _has_await(node: Node) -> bool:
    return any(child.type == "await" for child in node.children)


def _is_top(node: Node) -> bool:
    above = node.parent
    while above is not None:
        if above.type in _FUNCTIONS:
            return False
        above = above.parent
    return True


def _is_parameter(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "required_parameter"


def _is_ambient(node: Node) -> bool:
    above = node.parent
    while above is not None:
        if above.type == "ambient_declaration":
            return True
        above = above.parent
    return False


def _member(node: Node, seen: JsFile) -> None:
    text = text_of(node)[:60]
    line = line_of(node)
    if _DENO.match(text):
        seen.deno = seen.deno or line
    elif _BUN.match(text):
        seen.bun = seen.bun or line
    elif text.startswith(("module.exports", "exports.")):
        seen.cjs = True


def _import(node: Node, seen: JsFile, used: set[str] | None) -> None:
    clause = next((child for child in node.children if child.type == "import_require_clause"), None)
    source = node.child_by_field_name("source") or (clause and clause.child_by_field_name("source"))
    if source is None:
        return
    seen.esm |= clause is None
    named = [child for child in nodes(node) if child.type == "import_specifier"]
    way: Way = "types" if _is_type(node) else "import"
    if used is not None and way == "import":
        way = _erased(node, named, used, seen)
    names = tuple(text_of(child.named_children[0]) for child in named)
    seen.imports.append(Import(_literal(source), line_of(node), way, names))


def _erased(node: Node, named: list[Node], used: set[str], seen: JsFile) -> Way:
    """`types` where no name of it is a value: a compiler takes the whole import away, though nothing says so. One that takes some
    names away keeps the file from a runtime that does not look."""
    inner = [text_of(child.named_children[-1]) for child in named]
    inner += [text_of(child) for child in nodes(node) if child.type == "identifier" and _is_binding(child)]
    values = [name for name in inner if name in used]
    if inner and len(values) < len(inner) - sum(map(_is_type, named)):
        seen.keeps = seen.keeps or line_of(node)
    return "import" if values or not inner else "types"


def _is_type(specifier: Node) -> bool:
    return any(child.type == "type" for child in specifier.children)


def _is_binding(node: Node) -> bool:
    return node.parent is not None and node.parent.type in ("import_clause", "namespace_import")


def _call(node: Node, seen: JsFile) -> None:
    called = text_of(node.child_by_field_name("function"))
    line = line_of(node)
    if called == "fetch":
        seen.fetches = seen.fetches or line
    if called not in ("require", "import", "require.resolve") or (word := _first_word(node)) is None:
        return
    seen.cjs |= called == "require"
    names = _destructured(node) if called == "require" else ()
    way: Way = "dynamic" if called == "import" else "require"
    seen.imports.append(Import(word, line, way, names, optional=_is_guarded(node)))


def _first_word(node: Node) -> str | None:
    """The first argument of a call, where it is a text as it stands."""
    arguments = node.child_by_field_name("arguments")
    first = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    if first is None or first.type not in _STRINGS or "${" in text_of(first):
        return None
    return _literal(first)


def _url(node: Node, seen: JsFile) -> None:
    """`new URL("./worker.js", import.meta.url)`: a file of the program, as bundlers and runtimes read it."""
    arguments = node.child_by_field_name("arguments")
    words = arguments.named_children if arguments is not None else []
    if text_of(node.child_by_field_name("constructor")) != "URL" or len(words) != 2:
        return
    if words[0].type in _STRINGS and text_of(words[1]) == "import.meta.url" and "${" not in text_of(words[0]):
        seen.imports.append(Import(_literal(words[0]), line_of(node), "dynamic", optional=True))


def _destructured(node: Node) -> tuple[str, ...]:
    """`const { Configuration } = require("openai")`."""
    above = node.parent
    if above is None or above.type != "variable_declarator":
        return ()
    kinds = ("shorthand_property_identifier_pattern", "property_identifier")
    pattern = above.child_by_field_name("name")
    return tuple(text_of(child) for child in nodes(pattern) if child.type in kinds) if pattern else ()


def _is_guarded(node: Node) -> bool:
    """Inside `try`: the program can do without it."""
    above = node.parent
    while above is not None:
        if above.type == "try_statement":
            return True
        if above.type in _FUNCTIONS:
            return False
        above = above.parent
    return False


def _literal(node: Node) -> str:
    return text_of(node)[1:-1]


def _variables(tree: Tree, file: str, code: Code) -> None:
    """`process.env.NAME`, `import.meta.env.NAME`, `const { NAME } = process.env`."""
    for node in select(tree, frozenset({"member_expression", "variable_declarator"})):
        if node.type == "member_expression":
            whole = text_of(node)
            match = re.fullmatch(r"(?:process|Bun|import\.meta)\.env\??\.([A-Za-z_]\w*)", whole)
            if match:
                code.env.append(At(match[1], file, line_of(node)))
        elif node.type == "variable_declarator":
            value, pattern = node.child_by_field_name("value"), node.child_by_field_name("name")
            if pattern is not None and text_of(value) in ("process.env", "Bun.env"):
                for child in nodes(pattern):
                    if child.type in ("shorthand_property_identifier_pattern", "property_identifier"):
                        code.env.append(At(text_of(child), file, line_of(child)))


_HANDLED: dict[str, Callable[[Node, JsFile], None]] = {
    "export_statement": _export, "call_expression": _call, "accessibility_modifier": _modifier, "jsx_element": _jsx,
    "jsx_self_closing_element": _jsx, "jsx_fragment": _jsx, "meta_property": _meta, "await_expression": _await,
    "for_in_statement": _await, "member_expression": _member, "new_expression": _url,
}  # fmt: skip
_LOOKED_AT = frozenset({"import_statement", *_HANDLED, *_NOT_ERASED})
_VALUES = frozenset({"identifier", "shorthand_property_identifier"})
