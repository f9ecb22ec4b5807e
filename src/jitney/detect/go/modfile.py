"""go.mod and go.work, line by line as the Go command's own grammar has them."""

from __future__ import annotations

import re

import msgspec

_WORD = r'(?:"([^"]*)"|`([^`]*)`|(\S+))'
_TOKENS = re.compile(r'"[^"]*"|`[^`]*`|[()]|=>|[^\s()"`]+')


class Line(msgspec.Struct, frozen=True):
    verb: str
    words: tuple[str, ...]
    number: int


def read(text: str) -> list[Line]:
    """Directives, blocks unfolded, comments dropped."""
    found: list[Line] = []
    block = ""
    for number, raw in enumerate(text.splitlines(), 1):
        words = [word.strip('"`') for word in _TOKENS.findall(raw.partition("//")[0])]
        if not words:
            continue
        if block:
            if words[0] == ")":
                block = ""
            else:
                found.append(Line(block, tuple(words), number))
        elif len(words) > 1 and words[1] == "(":
            block = words[0]
        else:
            found.append(Line(words[0], tuple(words[1:]), number))
    return found


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
