"""go.mod and go.work, line by line as the Go command's own grammar has them (go.dev/ref/mod#go-mod-file-grammar)."""

from __future__ import annotations

import re

import msgspec

_TOKENS = re.compile(r'"[^"]*"|`[^`]*`|[()]|=>|[^\s()"`]+')
VERBS = frozenset(
    {
        "module",
        "go",
        "toolchain",
        "godebug",
        "require",
        "exclude",
        "replace",
        "retract",
        "tool",
        "ignore",
        "use",
    }
)


class Line(msgspec.Struct, frozen=True):
    verb: str
    words: tuple[str, ...]
    number: int


class Fault(msgspec.Struct, frozen=True):
    """Why the Go command would not read it: line and column, and what is wrong there."""

    line: int
    column: int
    message: str


def read(text: str) -> list[Line]:
    """Directives, blocks unfolded, comments dropped."""
    return _parsed(text)[0]


def faults(text: str) -> list[Fault]:
    return _parsed(text)[1]


def _parsed(text: str) -> tuple[list[Line], list[Fault]]:
    found: list[Line] = []
    wrong: list[Fault] = []
    block, opened = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        words = [word.strip('"`') for word in _TOKENS.findall(raw.partition("//")[0])]
        if not words:
            continue
        if block and words[0] == ")":
            block = ""
        elif block:
            found.append(Line(block, tuple(words), number))
        elif words[0] not in VERBS:
            column = len(raw) - len(raw.lstrip()) + 1
            wrong.append(Fault(number, column, f"unknown directive: {words[0][:40]}"))
        elif words[1:2] == ["("]:
            block, opened = words[0], number
        else:
            found.append(Line(words[0], tuple(words[1:]), number))
    if block:
        wrong.append(Fault(opened, 1, f"`{block} (` is not closed"))
    return found, wrong


def first(lines: list[Line], verb: str) -> Line | None:
    return next((line for line in lines if line.verb == verb and line.words), None)


def local_replaces(lines: list[Line]) -> list[Line]:
    """`replace X => ../folder`: the words after the arrow that are a path."""
    found = []
    for line in lines:
        if line.verb == "replace" and "=>" in line.words:
            after = line.words[line.words.index("=>") + 1 :]
            if len(after) == 1 and after[0].startswith(("./", "../", "/", ".")):
                found.append(Line("replace", after, line.number))
    return found
