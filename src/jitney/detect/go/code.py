"""Go files through tree-sitter: imports, strings, variables read, models named. Broken code gives what could
be parsed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

import msgspec

from jitney.detect.addresses import role_of
from jitney.detect.code import At, Code
from jitney.detect.model import ModelUse
from jitney.detect.syntax import line_of, parse, select, text_of
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
_MAIN = re.compile(r"(?m)^func\s+main\s*\(\s*\)")
_PACKAGE = re.compile(r"(?m)^[ \t]*package\s+(\w+)")
_IMPORT = re.compile(r"(?ms)^import\s*(?:\(([^)]*)\)|([^\n(]+)$)")
Kind = Literal["weights", "served", "embedding"]


class GoFile(msgspec.Struct):
    """links: what `#cgo` lines link against, `-lNAME` or the name of a pkg-config module."""

    package: str = ""
    main: bool = False
    ignored: bool = False
    embeds: list[str] = msgspec.field(default_factory=list)
    links: list[At] = msgspec.field(default_factory=list)
    code: Code = msgspec.field(default_factory=Code)


def glance(text: str) -> GoFile:
    """What can be told without parsing: package, whether there is a main, build tags, embedded files, imports for the way to
    the module's other packages. For files that may be none of the program's, or of which there are many."""
    seen = GoFile(main=bool(_MAIN.search(text)))
    named = _PACKAGE.search(text)
    seen.package = named[1] if named else ""
    build = _BUILD.search(text[:8000])
    seen.ignored = bool(build and re.search(r"\bignore\b|\btools\b|!linux\b", build[1]))
    seen.embeds = [pattern.strip('"`') for line in _EMBED.findall(text) for pattern in line.split()]
    return seen


def imports_of(text: str) -> list[str]:
    """Paths, by the shape of the text alone."""
    inside = "\n".join(match[1] or match[2] for match in _IMPORT.finditer(text))
    return re.findall(r"[\"`]([^\"`\n]+)[\"`]", re.sub(r"(?m)//.*$", "", inside))


def look(text: str, file: str) -> GoFile:
    """The whole of it, parsed."""
    seen = glance(text)
    if 'import "C"' in text or '"C"' in text:
        seen.links = list(_links(text, file))
    tree = parse(text, "tree_sitter_go")
    seen.main = False
    constants: dict[str, str] = {}
    for node in select(tree, frozenset(_KINDS)):
        _KINDS[node.type](node, At("", file, line_of(node)), seen, constants)
    return seen


def _links(text: str, file: str) -> Iterator[At]:
    for number, line in enumerate(text.splitlines(), 1):
        if (found := _CGO.match(line)) and (
            not found["when"] or re.search(r"\blinux\b|^\s*!", found["when"])
        ):
            pattern = r"[^-].*" if found["kind"] == "pkg-config" else r"-l[\w.+-]+"
            yield from (
                At(word, file, number) for word in found["words"].split() if re.fullmatch(pattern, word)
            )


def _package(node: Node, at: At, seen: GoFile, constants: dict[str, str]) -> None:
    seen.package = text_of(node.named_children[0]) if node.named_children else ""


def _import(node: Node, at: At, seen: GoFile, constants: dict[str, str]) -> None:
    seen.code.imports.append(At(_literal(node.child_by_field_name("path")), at.file, at.line))


def _function(node: Node, at: At, seen: GoFile, constants: dict[str, str]) -> None:
    seen.main |= text_of(node.child_by_field_name("name")) == "main"


def _string(node: Node, at: At, seen: GoFile, constants: dict[str, str]) -> None:
    if node.parent is None or node.parent.type != "import_spec":
        seen.code.strings.append(At(_literal(node), at.file, at.line, role_of(_literal(node), _before(node))))
        if _literal(node).endswith(".gguf"):
            _model(_literal(node), "weights", at, seen)


def _before(node: Node) -> str:
    """The code in front of a literal, as far as its call, its element or its assignment goes. Nothing where that is a long one:
    a table of words, whose text would be copied for each of them."""
    above = node
    for _ in range(4):
        parent = above.parent
        if (
            parent is None
            or parent.type in ("block", "source_file")
            or node.start_byte - parent.start_byte > 500
        ):
            break
        above = parent
    if above.end_byte - above.start_byte > 20_000:
        return ""
    return (above.text or b"")[: node.start_byte - above.start_byte].decode("utf-8", "replace")


def _binding(node: Node, at: At, seen: GoFile, constants: dict[str, str]) -> None:
    """`const model = "…"`, `Model: "…"`, `req.Model = "…"`."""
    parts = [child for child in node.named_children if child.type != "comment"]
    if len(parts) < 2:
        return
    name, value = text_of(parts[0]), _first_string(parts[-1], constants)
    if value and "\n" not in value:
        constants.setdefault(name, value)
        if _NAME.search(name):
            _model(value, "embedding" if "mbed" in name else "served", at, seen)


def _call(node: Node, at: At, seen: GoFile, constants: dict[str, str]) -> None:
    called = text_of(node.child_by_field_name("function"))
    arguments = node.child_by_field_name("arguments")
    given = arguments.named_children if arguments else []
    text = _first_string(given[0], constants) if given else ""
    if text and called in _GETTERS:
        seen.code.env.append(At(text, at.file, at.line))
    elif text and _MODEL_CALLS.search(called):
        _model(text, "embedding" if "mbed" in called else "served", at, seen)
    elif called.startswith("flag.") and "model" in text.lower():
        _flag(given, at, seen)


def _flag(given: list[Node], at: At, seen: GoFile) -> None:
    """`flag.String("model", "llama3", "…")`: its default."""
    words = [_literal(child) for child in given if child.type in _STRINGS]
    for word in words[1:2]:
        _model(word, "served", at, seen)


_KINDS: dict[str, Callable[[Node, At, GoFile, dict[str, str]], None]] = {
    "package_clause": _package,
    "import_spec": _import,
    "function_declaration": _function,
    **dict.fromkeys(_STRINGS, _string),
    **dict.fromkeys(
        ("const_spec", "var_spec", "short_var_declaration", "keyed_element", "assignment_statement"), _binding
    ),
    "call_expression": _call,
}


def _first_string(node: Node, constants: dict[str, str]) -> str:
    while node.type in ("expression_list", "literal_element", "unary_expression") and node.named_children:
        node = node.named_children[0]
    if node.type in _STRINGS:
        return _literal(node)
    return constants.get(text_of(node), "") if node.type == "identifier" else ""


def _model(name: str, kind: Kind, at: At, seen: GoFile) -> None:
    if not name or len(name) > 200 or " " in name or not name.isprintable() or "://" in name:
        return
    if kind != "weights" and "embed" in name.lower():
        kind = "embedding"
    why = Evidence(rule=f"model.{kind}", decides="model", value=name, file=at.file, line=at.line)
    if all((known.name, known.kind) != (name, kind) for known in seen.code.models):
        seen.code.models.append(ModelUse(name=name, kind=kind, why=why))


def _literal(node: Node | None) -> str:
    return text_of(node)[1:-1]
