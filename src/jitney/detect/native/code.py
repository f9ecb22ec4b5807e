"""C and C++ files: what they include, strings, variables read, whether they have a `main`."""

from __future__ import annotations

import re

import msgspec

from jitney.detect.code import At, Code
from jitney.detect.lines import Lines
from jitney.detect.model import ModelUse
from jitney.detect.syntax import harvest, literals, parse, select, text_of
from jitney.findings import Evidence

STRINGS = frozenset({"string_literal", "raw_string_literal"})
GETTERS = re.compile(r"\b(?:std::)?(?:secure_)?getenv\s*\(\s*$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*(?:include|import)(?:_next)?[ \t]*([<"])([^>"\n]+)[>"]', re.M)
SOURCES = (".c", ".cc", ".cpp", ".cxx", ".c++", ".C")
HEADERS = (".h", ".hh", ".hpp", ".hxx", ".h++", ".ipp", ".inl", ".tpp")
NEW_STANDARD = re.compile(
    r"<(?:print|expected|generator|flat_map|flat_set|mdspan|spanstream|stacktrace|stdfloat)>|\bstd::(?:print|println|expected)\b"
)


CONDITION = re.compile(r"[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b(.*)")
ELSEWHERE = re.compile(
    r"\b(?:_?WIN(?:32|64|DOWS)|_MSC_VER|__MINGW\w*|__CYGWIN__|__APPLE__|TARGET_OS_\w+|__ANDROID__|__EMSCRIPTEN__)\b"
)


CALLED_MAIN = re.compile(r"\bw?main\s*\(")
PARSED = 200_000
"""Characters of a file without a `main` that is parsed: a longer one is a library in one header, and says nothing of the program."""


class Include(msgspec.Struct, frozen=True):
    header: str
    line: int
    is_quoted: bool


class NativeFile(msgspec.Struct):
    """main: a function of that name is defined here. is_new: it uses what came with C++23."""

    main: bool = False
    is_new: bool = False
    includes: list[Include] = msgspec.field(default_factory=list)
    code: Code = msgspec.field(default_factory=Code)


def look(text: str, file: str) -> NativeFile:
    bare = _without_comments(text)
    seen = NativeFile(is_new=bool(NEW_STANDARD.search(bare)))
    text_on_linux = _on_linux(bare)
    lines = Lines(text_on_linux)
    for match in INCLUDE.finditer(text_on_linux):
        line = lines.line(match.start(2))
        seen.includes.append(Include(match[2].strip(), line, match[1] == '"'))
    seen.code.imports = [At(one.header, file, one.line) for one in seen.includes]
    if len(text) <= PARSED or has_main(text):
        _parsed(text, file, seen)
    return seen


def _parsed(text: str, file: str, seen: NativeFile) -> None:
    tree = parse(text, "tree_sitter_c" if file.endswith(".c") else "tree_sitter_cpp")
    harvest(literals(tree, text, STRINGS), file, seen.code, GETTERS)
    seen.code.models += weights(seen.code)
    if CALLED_MAIN.search(text):
        functions = select(tree, frozenset({"function_definition"}))
        seen.main = any(_is_main(text_of(node.child_by_field_name("declarator"))) for node in functions)


class _Branch(msgspec.Struct):
    """A `#if` that is open. is_off: what stands here is for another system; is_else_off: so is its `#else`."""

    is_off: bool
    is_else_off: bool


def _on_linux(text: str) -> str:
    """Branches for other systems blanked, lines kept."""
    lines = text.split("\n")
    stack: list[_Branch] = []
    for at, line in enumerate(lines):
        if found := CONDITION.match(line):
            _branch(found[1], found[2], stack)
        elif any(one.is_off for one in stack):
            lines[at] = ""
    return "\n".join(lines)


def _branch(word: str, rest: str, stack: list[_Branch]) -> None:
    other = bool(ELSEWHERE.search(rest))
    if word in ("if", "ifdef", "ifndef"):
        is_negated = word == "ifndef" or "!" in rest
        stack.append(_Branch(other and not is_negated, other and is_negated))
    elif word == "endif":
        del stack[-1:]
    elif stack:  # elif, else
        stack[-1].is_off = stack[-1].is_else_off or (word == "elif" and other)


def weights(code: Code) -> list[ModelUse]:
    """Files of weights that literals name, whatever stands before them; a name that ends in one is no other model."""
    found: dict[str, ModelUse] = {}
    for at in code.strings:
        if re.fullmatch(r"[^\s*%{}]+\.(?:gguf|onnx|safetensors)", at.value) and "://" not in at.value:
            why = Evidence(rule="model.weights", decides="model", value=at.value, file=at.file, line=at.line)
            found.setdefault(at.value, ModelUse(name=at.value, kind="weights", why=why))
    code.models[:] = [use for use in code.models if use.name not in found]
    return list(found.values())


def _is_main(declarator: str) -> bool:
    return bool(re.match(r"(?:w|t)?main\s*\(", declarator.strip()))


def _without_comments(text: str) -> str:
    """Comments blanked, lines kept."""
    return re.sub(r"/\*.*?(?:\*/|\Z)|//[^\n]*(?=\n)", lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.S) \
        if "/*" in text or "//" in text else text  # fmt: skip


def has_main(text: str) -> bool:
    """A quick look, for a folder of many files."""
    return bool(
        re.search(
            r"^[ \t]*(?:extern\s+\"C\"\s+)?(?:int|auto|void|signed)?[ \t]*\n?[ \t]*main[ \t]*\(", text, re.M
        )
    )
