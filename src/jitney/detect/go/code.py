"""Go files through tree-sitter: imports, strings, variables read, models named. Broken code gives what could
be parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from jitney.detect.addresses import role_of
from jitney.detect.code import At, Code
from jitney.detect.model import ModelUse
from jitney.findings import Evidence

if TYPE_CHECKING:
    from tree_sitter import Node

_STRINGS = frozenset({"interpreted_string_literal", "raw_string_literal"})
_GETTERS = frozenset({"os.Getenv", "os.LookupEnv"})
_MODEL_CALLS = re.compile(r"(?:^|\.)(?:WithModel|SetModel|WithEmbeddingModel|NewChat|GenerativeModel)$")
_NAME = re.compile(
    r"(?:^|[._])(?:model|Model|MODEL|modelName|ModelName|model_name|defaultModel|DefaultModel|embeddingModel)$"
)
_EMBED = re.compile(r"(?m)^//go:embed\s+(.+)$")
_CGO = re.compile(
    r"\s*(?://|\*)?\s*#cgo\s+(?P<when>[\w!, ]*?)\s*(?P<kind>LDFLAGS|pkg-config)\s*:(?P<words>.*)"
)
"""`#cgo linux LDFLAGS: -lfoo`, `#cgo pkg-config: foo`, in the comment before `import "C"`."""
_BUILD = re.compile(r"(?m)^//go:build\s+(.+)$")


class GoFile(msgspec.Struct):
    """links: what `#cgo` lines link against, `-lNAME` or the name of a pkg-config module."""

    package: str = ""
    main: bool = False
    ignored: bool = False
    embeds: list[str] = msgspec.field(default_factory=list)
    links: list[At] = msgspec.field(default_factory=list)
    code: Code = msgspec.field(default_factory=Code)


def look(text: str, file: str) -> GoFile:
    import tree_sitter_go
    from tree_sitter import Language, Parser

    data = text.encode("utf-8", "replace")
    tree = Parser(Language(tree_sitter_go.language())).parse(data)
    seen = GoFile()
    build = _BUILD.search(text[:8000])
    seen.ignored = bool(build and re.search(r"\bignore\b|\btools\b|!linux\b", build[1]))
    seen.embeds = [pattern.strip('"`') for line in _EMBED.findall(text) for pattern in line.split()]
    if 'import "C"' in text or '"C"' in text:
        seen.links = list(_links(text, file))
    constants: dict[str, str] = {}
    for node in _nodes(tree.root_node):
        _node(node, file, seen, constants)
    return seen


def _links(text: str, file: str) -> Iterator[At]:
    for number, line in enumerate(text.splitlines(), 1):
        found = _CGO.match(line)
        if found is None or (found["when"] and not re.search(r"\blinux\b|^\s*!", found["when"])):
            continue
        words = found["words"].split()
        if found["kind"] == "pkg-config":
            words = [word for word in words if not word.startswith("-")]
        else:
            words = [word for word in words if re.fullmatch(r"-l[\w.+-]+", word)]
        yield from (At(word, file, number) for word in words)


def _nodes(root: Node) -> Iterator[Node]:
    """All nodes in the order of the text, without recursion: generated code nests deeply."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def _node(node: Node, file: str, seen: GoFile, constants: dict[str, str]) -> None:
    line = node.start_point[0] + 1
    if node.type == "package_clause":
        seen.package = _text(node.named_children[0]) if node.named_children else ""
    elif node.type == "import_spec":
        path = node.child_by_field_name("path")
        seen.code.imports.append(At(_literal(path), file, line))
    elif node.type == "function_declaration":
        seen.main |= _text(node.child_by_field_name("name")) == "main"
    elif node.type in _STRINGS and (node.parent is None or node.parent.type != "import_spec"):
        seen.code.strings.append(At(_literal(node), file, line, role_of(_literal(node), _before(node))))
        if _literal(node).endswith(".gguf"):
            _model(_literal(node), "weights", file, line, seen)
    elif node.type in (
        "const_spec",
        "var_spec",
        "short_var_declaration",
        "keyed_element",
        "assignment_statement",
    ):
        _binding(node, file, line, seen, constants)
    elif node.type == "call_expression":
        _call(node, file, line, seen, constants)


def _before(node: Node) -> str:
    """The code in front of a literal, as far as its call, its element or its assignment goes."""
    above = node
    for _ in range(4):
        if above.parent is not None and above.parent.type not in ("block", "source_file"):
            above = above.parent
    return (above.text or b"")[: node.start_byte - above.start_byte].decode("utf-8", "replace")


def _binding(node: Node, file: str, line: int, seen: GoFile, constants: dict[str, str]) -> None:
    """`const model = "…"`, `Model: "…"`, `req.Model = "…"`."""
    parts = [child for child in node.named_children if child.type != "comment"]
    if len(parts) < 2:
        return
    name, value = _text(parts[0]), _first_string(parts[-1], constants)
    if value and "\n" not in value:
        constants.setdefault(name, value)
        if _NAME.search(name):
            _model(value, "embedding" if "mbed" in name else "served", file, line, seen)


def _call(node: Node, file: str, line: int, seen: GoFile, constants: dict[str, str]) -> None:
    called = _text(node.child_by_field_name("function"))
    arguments = node.child_by_field_name("arguments")
    first = next((child for child in arguments.named_children), None) if arguments else None
    text = _first_string(first, constants) if first is not None else ""
    if called in _GETTERS and text:
        seen.code.env.append(At(text, file, line))
    elif _MODEL_CALLS.search(called) and text:
        _model(text, "embedding" if "mbed" in called else "served", file, line, seen)
    elif called.startswith("flag.") and text and "model" in text.lower() and arguments is not None:
        words = [_literal(child) for child in arguments.named_children if child.type in _STRINGS]
        if len(words) > 1:
            _model(words[1], "served", file, line, seen)


def _first_string(node: Node, constants: dict[str, str]) -> str:
    while node.type in ("expression_list", "literal_element", "unary_expression") and node.named_children:
        node = node.named_children[0]
    if node.type in _STRINGS:
        return _literal(node)
    return constants.get(_text(node), "") if node.type == "identifier" else ""


def _model(name: str, kind: str, file: str, line: int, seen: GoFile) -> None:
    if not name or len(name) > 200 or " " in name or not name.isprintable() or "://" in name:
        return
    if "embed" in name.lower():
        kind = "embedding"
    why = Evidence(rule=f"model.{kind}", decides="model", value=name, file=file, line=line)
    use = ModelUse(
        name=name,
        kind="weights" if kind == "weights" else "embedding" if kind == "embedding" else "served",
        why=why,
    )
    if all((known.name, known.kind) != (use.name, use.kind) for known in seen.code.models):
        seen.code.models.append(use)


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _literal(node: Node | None) -> str:
    return _text(node)[1:-1]
