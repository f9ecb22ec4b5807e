"""CMakeLists.txt, as far as it says which programs it makes and which packages it looks for. Not an interpreter: variables
that are set by plain words are followed, conditions are not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from jitney.detect.lines import Lines
from jitney.source import Source
from jitney.source.paths import join, parent

_COMMENT = re.compile(r"#\[\[.*?(?:\]\]|\Z)|#[^\n]*", re.S)
_COMMAND = re.compile(r"(\w+)[ \t]*\Z")
_WORD = re.compile(r'"((?:\\.|[^"\\])*)"|([^\s"]+)')
_SHAPE = re.compile(
    r"#\[(?P<c>=*)\[.*?(?:\](?P=c)\]|\Z)|#[^\n]*|\[(?P<b>=*)\[.*?(?:\](?P=b)\]|\Z)|\"(?:\\.|[^\"\\])*\"|\\.|(?P<open>\()|(?P<close>\))|(?P<quote>\")",
    re.S,
)
_TEST = re.compile(
    r"(?i)(?:^|[_-])(?:unit_?)?(?:tests?|bench(?:mark)?s?|fuzz(?:er)?)(?:$|[_-])|^(?:test|bench)_?|test$"
)


_NAME = re.compile(r"[\w.+-]+")


class Executable(msgspec.Struct, frozen=True):
    name: str
    file: str
    line: int
    sources: tuple[str, ...] = ()


class CMake(msgspec.Struct):
    """packages: (name, file, line) of find_package; modules: of pkg_check_modules; fetched: of FetchContent_Declare.
    broken: file, line, column, what is wrong there."""

    project: str = ""
    executables: list[Executable] = msgspec.field(default_factory=list)
    packages: list[tuple[str, str, int]] = msgspec.field(default_factory=list)
    modules: list[tuple[str, str, int]] = msgspec.field(default_factory=list)
    fetched: list[tuple[str, str, int]] = msgspec.field(default_factory=list)
    links: list[tuple[str, str, int]] = msgspec.field(default_factory=list)
    files: list[str] = msgspec.field(default_factory=list)
    broken: list[tuple[str, int, int, str]] = msgspec.field(default_factory=list)


class _Call(msgspec.Struct, frozen=True):
    """A command with its words, variables filled in; words is never empty."""

    name: str
    words: list[str]
    file: str
    line: int


def read(source: Source, folder: str) -> CMake:
    """The file of a folder and those of `add_subdirectory` and `include` below it."""
    found = CMake()
    todo = [f"{folder}/CMakeLists.txt".lstrip("/")]
    variables: dict[str, str] = {
        "CMAKE_SOURCE_DIR": "",
        "PROJECT_SOURCE_DIR": "",
        "CMAKE_CURRENT_SOURCE_DIR": "",
    }
    while todo and len(found.files) < 60:
        path = todo.pop(0)
        if path in found.files or not source.has(path):
            continue
        found.files.append(path)
        text = source.read_text(path)
        found.broken += [(path, *fault) for fault in faults(text)]
        for call in _calls(text, path, variables):
            if take := _COMMANDS.get(call.name):
                todo += take(call, found, variables)
    return found


def faults(text: str) -> Iterator[tuple[int, int, str]]:
    """Line, column and what CMake's own parser would stop at: brackets and quotes that do not match."""
    depth: list[int] = []
    for match in _SHAPE.finditer(text):
        kind = match.lastgroup
        if kind == "open":
            depth.append(match.start())
        elif kind == "close" and depth:
            depth.pop()
        elif kind in ("close", "quote"):
            yield (
                *_place(text, match.start()),
                f"{match[0]} closes nothing" if kind == "close" else 'a " that does not end',
            )
            return
    if depth:
        yield *_place(text, depth[0]), "( is not closed"


def _place(text: str, at: int) -> tuple[int, int]:
    lines = Lines(text)
    return lines.line(at), lines.column(at)


def _calls(text: str, path: str, variables: dict[str, str]) -> Iterator[_Call]:
    """Commands with their words, in one pass over the text: brackets within a command's are part of it."""
    lines, depth, start, before = Lines(text), 0, 0, 0
    for match in _SHAPE.finditer(text):
        if match.lastgroup == "open":
            start = match.start() if depth == 0 else start
            depth += 1
        elif match.lastgroup == "close" and depth:
            depth -= 1
            named = _COMMAND.search(text, before, start) if depth == 0 else None
            if named and (words := _split(text[start + 1 : match.start()], variables)):
                yield _Call(named[1].lower(), words, path, lines.line(named.start(1)))
            before = match.end() if depth == 0 else before


def _split(body: str, variables: dict[str, str]) -> list[str]:
    bare = _COMMENT.sub(" ", body)
    words = (_expand(one[0] or one[1], variables) for one in _WORD.findall(bare))
    return [word for word in words if word]


def _expand(word: str, variables: dict[str, str]) -> str:
    for _ in range(4):
        word, count = re.subn(r"\$\{(\w+)\}", lambda match: variables.get(match[1], match[0]), word)
        if not count:
            break
    return word


def _project(call: _Call, found: CMake, variables: dict[str, str]) -> list[str]:
    found.project = found.project or call.words[0]
    variables["PROJECT_NAME"] = call.words[0]
    variables.setdefault("CMAKE_PROJECT_NAME", call.words[0])
    return []


def _set(call: _Call, found: CMake, variables: dict[str, str]) -> list[str]:
    if len(call.words) == 2:
        variables[call.words[0]] = call.words[1]
    return []


def _executable(call: _Call, found: CMake, variables: dict[str, str]) -> list[str]:
    head, *words = call.words
    if not {"IMPORTED", "ALIAS"} & set(words[:1]):
        files = (join(parent(call.file), word.lstrip("/")) for word in words)
        found.executables.append(Executable(head, call.file, call.line, tuple(one for one in files if one)))
    return []


def _package(call: _Call, found: CMake, variables: dict[str, str]) -> list[str]:
    head, *words = call.words
    parts = words[words.index("COMPONENTS") + 1 :] if "COMPONENTS" in words else []
    found.packages += [(name, call.file, call.line) for name in (head, *(f"{head}:{part}" for part in parts))]
    return []


def _module(call: _Call, found: CMake, variables: dict[str, str]) -> list[str]:
    named = [word for word in call.words[1:] if word.islower() or "-" in word]
    found.modules += [(re.split(r"[<>=]", word)[0], call.file, call.line) for word in named]
    return []


def _fetch(call: _Call, found: CMake, variables: dict[str, str]) -> list[str]:
    """`NAME json …`, or CPM's short form: `gh:nlohmann/json@3.11`."""
    head, *words = call.words
    name = words[0] if head == "NAME" and words else re.sub(r"^\w+:(?:[\w.-]+/)?|[@#].*$", "", head)
    found.fetched.append((name, call.file, call.line))
    return []


def _link(call: _Call, found: CMake, variables: dict[str, str]) -> list[str]:
    found.links += [(word, call.file, call.line) for word in call.words[1:]]
    return []


def _below(call: _Call, found: CMake, variables: dict[str, str]) -> list[str]:
    place = join(parent(call.file), call.words[0].lstrip("/"))
    return [f"{place}/CMakeLists.txt".lstrip("/")] if place is not None else []


def _include(call: _Call, found: CMake, variables: dict[str, str]) -> list[str]:
    head = call.words[0]
    place = join(parent(call.file), head.lstrip("/")) if head.endswith(".cmake") else None
    return [place] if place else []


_COMMANDS: dict[str, Callable[[_Call, CMake, dict[str, str]], list[str]]] = {
    "project": _project, "set": _set, "add_subdirectory": _below, "include": _include,
    "add_executable": _executable, "qt_add_executable": _executable, "cuda_add_executable": _executable,
    "find_package": _package, "find_dependency": _package, "pkg_check_modules": _module, "pkg_search_module": _module,
    "fetchcontent_declare": _fetch, "cpmaddpackage": _fetch, "cpmfindpackage": _fetch, "externalproject_add": _fetch,
    "target_link_libraries": _link, "link_libraries": _link,
}  # fmt: skip
"""What is taken in of a command; each says which files it leads to."""


def programs(found: list[Executable]) -> list[Executable]:
    """Those that are no tests; one that each branch of a condition makes anew, once."""
    named: dict[str, Executable] = {}
    for one in found:
        named.setdefault(one.name, one)
    plain = [one for one in named.values() if _NAME.fullmatch(one.name)]
    real = [one for one in plain if not _TEST.search(one.name) and not re.search(r"(?:^|/)tests?/", one.file)]
    return real or plain
