"""CMakeLists.txt, as far as it says which programs it makes and which packages it looks for. Not an interpreter: variables
that are set by plain words are followed, conditions are not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from jitney.source import Source
from jitney.source.paths import join, parent

_COMMENT = re.compile(r"#\[\[.*?\]\]|#[^\n]*", re.S)
_CALL = re.compile(r"(?im)^[ \t]*(\w+)[ \t]*\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_WORD = re.compile(r'"((?:\\.|[^"\\])*)"|([^\s"]+)')
_TEST = re.compile(
    r"(?i)(?:^|[_-])(?:unit_?)?(?:tests?|bench(?:mark)?s?|fuzz(?:er)?)(?:$|[_-])|^(?:test|bench)_?|test$"
)


class Executable(msgspec.Struct, frozen=True):
    name: str
    file: str
    line: int
    sources: tuple[str, ...] = ()


class CMake(msgspec.Struct):
    """packages: (name, file, line) of find_package; modules: of pkg_check_modules; fetched: of FetchContent_Declare."""

    project: str = ""
    executables: list[Executable] = msgspec.field(default_factory=list)
    packages: list[tuple[str, str, int]] = msgspec.field(default_factory=list)
    modules: list[tuple[str, str, int]] = msgspec.field(default_factory=list)
    fetched: list[tuple[str, str, int]] = msgspec.field(default_factory=list)
    links: list[tuple[str, str, int]] = msgspec.field(default_factory=list)
    files: list[str] = msgspec.field(default_factory=list)


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
        for command, words, line in _calls(source.read_text(path), variables):
            todo += _one(command, words, path, line, found, variables)
    return found


def _calls(text: str, variables: dict[str, str]) -> Iterator[tuple[str, list[str], int]]:
    text = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    for match in _CALL.finditer(text):
        words = [_expand(one[0] or one[1], variables) for one in _WORD.findall(match[2])]
        yield match[1].lower(), [word for word in words if word], text.count("\n", 0, match.start()) + 1


def _expand(word: str, variables: dict[str, str]) -> str:
    for _ in range(4):
        word, count = re.subn(r"\$\{(\w+)\}", lambda match: variables.get(match[1], match[0]), word)
        if not count:
            break
    return word


def _one(
    command: str, words: list[str], path: str, line: int, found: CMake, variables: dict[str, str]
) -> list[str]:
    """Take in one command; what it leads to."""
    if not words:
        return []
    head = words[0]
    if command == "project":
        found.project = found.project or head
        variables["PROJECT_NAME"] = head
        variables.setdefault("CMAKE_PROJECT_NAME", head)
    elif command == "set" and len(words) == 2:
        variables[head] = words[1]
    elif command == "add_executable" and not {"IMPORTED", "ALIAS"} & set(words[1:2]):
        files = (join(parent(path), word.lstrip("/")) for word in words[1:])
        found.executables.append(Executable(head, path, line, tuple(one for one in files if one)))
    elif command in ("find_package", "find_dependency"):
        found.packages.append((head, path, line))
        if "COMPONENTS" in words:
            found.packages += [
                (f"{head}:{word}", path, line) for word in words[words.index("COMPONENTS") + 1 :]
            ]
    elif command in ("pkg_check_modules", "pkg_search_module"):
        found.modules += [
            (re.split(r"[<>=]", word)[0], path, line) for word in words[1:] if word.islower() or "-" in word
        ]
    elif command in ("fetchcontent_declare", "cpmaddpackage", "cpmfindpackage", "externalproject_add"):
        name = (
            words[1] if head == "NAME" and len(words) > 1 else re.sub(r"^\w+:(?:[\w.-]+/)?|[@#].*$", "", head)
        )
        found.fetched.append((name, path, line))
    elif command in ("target_link_libraries", "link_libraries"):
        found.links += [(word, path, line) for word in words[1:]]
    elif command == "add_subdirectory":
        place = join(parent(path), head.lstrip("/"))
        return [f"{place}/CMakeLists.txt".lstrip("/")] if place is not None else []
    elif command == "include" and head.endswith(".cmake"):
        place = join(parent(path), head.lstrip("/"))
        return [place] if place else []
    return []


def programs(found: CMake) -> list[Executable]:
    """Those that are no tests."""
    plain = [one for one in found.executables if "${" not in one.name]
    real = [one for one in plain if not _TEST.search(one.name) and not re.search(r"(?:^|/)tests?/", one.file)]
    return real or plain
