"""Files of the JVM's languages: package, classes that can be started, imports, literals. Java and Kotlin through tree-sitter,
the others by patterns. Broken code gives what could be parsed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from jitney.detect.code import At, Code
from jitney.detect.jvm.headers import Header, header
from jitney.detect.lines import Lines
from jitney.detect.model import ModelUse
from jitney.detect.syntax import Literal, harvest, line_of, literals, nodes, parse, text_of
from jitney.findings import Evidence
from jitney.source.paths import name

if TYPE_CHECKING:
    from tree_sitter import Node

GETTERS = re.compile(
    r"(?:getenv\(|getenv\(\)\[|getenv\(\)\.get\(|(?i:dotenv|env)\.get\(|sys\.env(?:\.get(?:OrElse)?)?\(|System/getenv )\s*$"
)
_TYPES = frozenset(
    {
        "class_declaration",
        "record_declaration",
        "enum_declaration",
        "interface_declaration",
        "object_declaration",
    }
)
_PARAMETERS = re.compile(
    r"\(\s*(?:(?:final\s+)?String\s*(?:\[\]|\.\.\.)\s*\w+|(?:final\s+)?String\s+\w+\s*\[\])?\s*\)"
)
ENDINGS = {
    "java": (".java",),
    "kotlin": (".kt", ".kts"),
    "scala": (".scala", ".sc"),
    "groovy": (".groovy",),
    "clojure": (".clj", ".cljc"),
}
CURRENT = 25
"""The first Java in which `void main()` in no class is a program, and `import module` is no preview."""

FOREIGN = 22
"""The first Java whose java.lang.foreign is no preview; it was one in the release before."""


class JvmFile(msgspec.Struct):
    """mains: names of classes that can be started, the package before them. public: the public class, which must be called
    like its file. since: the Java that its syntax needs, 0: any."""

    package: str = ""
    mains: list[str] = msgspec.field(default_factory=list)
    public: str = ""
    since: int = 0
    words: frozenset[str] = frozenset()
    header: Header = msgspec.field(default_factory=Header)
    code: Code = msgspec.field(default_factory=Code)


def language_of(path: str) -> str:
    return next((language for language, endings in ENDINGS.items() if path.endswith(endings)), "")


def look(text: str, file: str) -> JvmFile:
    seen = JvmFile(header=header(text, file), words=frozenset(re.findall(r"\b[A-Z]\w*", text)))
    language = language_of(file)
    if language == "java":
        _java(text, file, seen)
    elif language == "kotlin":
        _kotlin(text, file, seen)
    else:
        _patterns(text, file, seen, language)
    if seen.header.main:
        seen.mains = [seen.header.main]
    seen.code.models += _weights(seen.code)
    return seen


def _weights(code: Code) -> list[ModelUse]:
    """Weights that the code names by a file."""
    found = []
    for at in code.strings:
        if at.value.endswith((".gguf", ".onnx")) and not re.search(r"[\s*]", at.value):
            why = Evidence(rule="model.weights", decides="model", value=at.value, file=at.file, line=at.line)
            found.append(ModelUse(name=at.value, kind="weights", why=why))
    return found


def _qualified(seen: JvmFile, word: str) -> str:
    return f"{seen.package}.{word}" if seen.package else word


def _java(text: str, file: str, seen: JvmFile) -> None:
    text = re.sub(r"\A#!", "//", text)
    tree = parse(text, "tree_sitter_java")
    root = tree.root_node
    for node in root.named_children:
        if node.type == "package_declaration":
            seen.package = text_of(node).removeprefix("package").strip(" ;\n\t")
        elif node.type == "import_declaration":
            _java_import(text_of(node), At("", file, line_of(node)), seen)
        elif node.type in _TYPES:
            _java_type(node, seen)
        elif node.type == "method_declaration" and text_of(node.child_by_field_name("name")) == "main":
            seen.mains.append(name(file).rpartition(".")[0])
            seen.since = CURRENT
    harvest(literals(tree, text, frozenset({"string_literal"})), file, seen.code, GETTERS)
    if any(at.value.startswith("java.lang.foreign") for at in seen.code.imports):
        seen.since = max(seen.since, FOREIGN - 1 if seen.header.preview else FOREIGN)


def _java_import(line: str, at: At, seen: JvmFile) -> None:
    match = re.fullmatch(r"import\s+(module\s+)?(?:static\s+)?([\w.]+?)(?:\.\*)?\s*;", line)
    if match and match[1]:
        seen.since = CURRENT
    elif match:
        seen.code.imports.append(At(match[2], at.file, at.line))


def _java_type(node: Node, seen: JvmFile, outer: str = "") -> None:
    word = outer + text_of(node.child_by_field_name("name"))
    if not outer and "public" in _modifiers(node).split():
        seen.public = seen.public or word
    for child in _members(node.child_by_field_name("body")):
        if child.type in _TYPES:
            _java_type(child, seen, f"{word}$")
        elif child.type == "method_declaration" and _is_java_main(child):
            is_classic = "static" in _modifiers(child) or node.type == "interface_declaration"
            if not is_classic or text_of(child.child_by_field_name("parameters")).strip("() \n") == "":
                seen.since = CURRENT
            seen.mains.append(_qualified(seen, word))


def _is_java_main(node: Node) -> bool:
    parameters = text_of(node.child_by_field_name("parameters"))
    return (
        text_of(node.child_by_field_name("name")) == "main"
        and text_of(node.child_by_field_name("type")) == "void"
        and bool(_PARAMETERS.fullmatch(parameters))
    )


def _members(body: Node | None) -> list[Node]:
    """Methods of a class; an enum keeps its own below the constants."""
    if body is None:
        return []
    found = list(body.named_children)
    return found + [
        child for part in found if part.type == "enum_body_declarations" for child in part.named_children
    ]


def _modifiers(node: Node) -> str:
    return next((text_of(child) for child in node.children if child.type == "modifiers"), "")


def _kotlin(text: str, file: str, seen: JvmFile) -> None:
    tree = parse(text, "tree_sitter_kotlin")
    stem = name(file).rpartition(".")[0]
    facade = re.search(r"@file:JvmName\(\s*\"(\w+)\"", text)
    for node in tree.root_node.named_children:
        if node.type == "package_header":
            seen.package = text_of(node).removeprefix("package").strip(" ;\n\t")
        elif node.type == "import":
            dotted = text_of(node).removeprefix("import").strip(" ;\n\t").partition(" as ")[0]
            seen.code.imports.append(At(dotted.strip().removesuffix(".*"), file, line_of(node)))
        elif node.type == "function_declaration" and _kotlin_name(node) == "main":
            word = facade[1] if facade else class_of_file(stem)
            seen.mains.append(_qualified(seen, word))
        elif node.type in ("object_declaration", "class_declaration"):
            _kotlin_object(node, seen)
    if file.endswith(".kts"):
        seen.mains = [class_of_script(name(file))]
    harvest(
        literals(tree, text, frozenset({"string_literal", "multiline_string_literal"})),
        file,
        seen.code,
        GETTERS,
    )


def class_of_file(stem: str) -> str:
    """Kotlin's class for what stands outside of any: `chat-bot` → `Chat_botKt`."""
    word = re.sub(r"\W", "_", stem)
    return word[:1].upper() + word[1:] + "Kt"


def class_of_script(file: str) -> str:
    """`ask.main.kts` → `Ask_main`."""
    word = re.sub(r"\W", "_", file.removesuffix(".kts"))
    return word[:1].upper() + word[1:]


def _kotlin_name(node: Node) -> str:
    return next((text_of(child) for child in node.named_children if child.type == "identifier"), "")


def _kotlin_object(node: Node, seen: JvmFile) -> None:
    for child in nodes(node):
        if child.type == "function_declaration" and _kotlin_name(child) == "main":
            if any("JvmStatic" in text_of(part) for part in child.children if part.type == "modifiers"):
                seen.mains.append(_qualified(seen, _kotlin_name(node)))
            return


_IMPORTS = {
    "scala": re.compile(r"(?m)^[ \t]*import\s+([\w.]+\w)"),
    "groovy": re.compile(r"(?m)^[ \t]*import\s+(?:static\s+)?([\w.]+\w)"),
    "clojure": re.compile(
        r"(?m)\[([a-z][\w.-]+)\s+:(?:as|refer)\b|\[([a-z][\w-]+\.[\w.-]+)\]|\(:import\s+\(?\[?([\w.]+)|\[([a-z][\w.]+\.[\w.]+)\s+[A-Z]"
    ),
}
_STRING = re.compile(r'"""(.*?)"""|"((?:\\.|[^"\\\n])*)"|\'((?:\\.|[^\'\\\n]){2,})\'', re.S)


def _patterns(text: str, file: str, seen: JvmFile, language: str) -> None:
    bare = re.sub(
        r"(?m)^[ \t]*;.*$" if language == "clojure" else r"(?m)^[ \t]*(?://(?!>).*|\*.*)$",
        lambda m: " " * len(m[0]),
        text,
    )
    if match := re.search(r"(?m)^[ \t]*package\s+([\w.]+)", bare):
        seen.package = match[1]
    lines = Lines(bare)
    for match in _IMPORTS[language].finditer(bare) if language in _IMPORTS else ():
        word = next(filter(None, match.groups()), "")
        seen.code.imports.append(At(word, file, lines.line(match.start(match.lastindex or 0))))
    stem = name(file).rpartition(".")[0]
    if language == "scala":
        seen.mains = _scala_mains(bare, seen)
    elif language == "groovy":
        seen.mains = [_qualified(seen, re.sub(r"\W", "_", stem))]
    else:
        space = re.search(r"\(ns\s+(?:\^\S+\s+)?([\w.-]+)", bare)
        has_main = space and re.search(r"\(defn\s+-main\b", bare)
        seen.mains = [f"-m {space[1]}" if space and has_main else stem]
    harvest(_literals(bare), file, seen.code, GETTERS)


_OBJECT = re.compile(r"\bobject\s+(\w+)\b|(\bdef\s+main\s*\()|(?m:^)(?:class|@main)\b")


def _scala_mains(text: str, seen: JvmFile) -> list[str]:
    """Names after `@main`, objects that are an App, objects with a `def main` before the next class."""
    found = re.findall(r"@main\s+def\s+(\w+)", text)
    found += re.findall(r"\bobject\s+(\w+)\s+extends\s+(?:App|IOApp|ZIOAppDefault)\b", text)
    around = ""
    for match in _OBJECT.finditer(text):
        if match[2] and around:
            found.append(around)
        elif not match[2]:
            around = match[1] or ""
    return [_qualified(seen, word) for word in dict.fromkeys(found)]


def _literals(text: str) -> list[Literal]:
    found, lines = [], Lines(text)
    for match in _STRING.finditer(text):
        value = next((group for group in match.groups() if group is not None), "")
        before = text[max(0, match.start() - 160) : match.start()]
        found.append(Literal(value, lines.line(match.start()), before))
    return found
