"""Engines that a program starts by a command line: `subprocess.run(["vllm", "serve", …])`, `os.system("ollama run llama3")`."""

from __future__ import annotations

import re
from functools import cache

from jitney.detect.code import At, Code
from jitney.detect.frameworks import OTHER_NAMES, Framework, frameworks
from jitney.detect.match import Use

_START = re.compile(r"^(?:\$\s*)?(?:sudo\s+|exec\s+|nohup\s+|[A-Z_]+=\S+\s+)*")
"""What may stand in front of a command."""


def started(code: Code, language: str) -> list[Use]:
    """Engines that are started; in a shell they are imports already."""
    if OTHER_NAMES.get(language) == "commands":
        return []
    heads = _heads()
    found: dict[str, Use] = {}
    for line in _lines(code.strings):
        text = _START.sub("", line.value)
        head = text.partition(" ")[0].rpartition("/")[2]
        for command, row in heads.get(head, ()):
            if _is_at(text[len(text.partition(" ")[0]) - len(head) :], command) and row.name not in found:
                found[row.name] = Use(row, row, line)
    return list(found.values())


@cache
def _heads() -> dict[str, list[tuple[str, Framework]]]:
    """First word → commands of more words, or of a name that is nothing but a command's: `llm` may be any string."""
    found: dict[str, list[tuple[str, Framework]]] = {}
    for row in frameworks("commands"):
        for command in row.commands:
            words = command.removeprefix("./")
            if " " in words or "-" in words:
                found.setdefault(words.partition(" ")[0], []).append((words, row))
    return found


def _is_at(text: str, command: str) -> bool:
    return text == command or text.startswith(command + " ")


def _lines(strings: list[At]) -> list[At]:
    """Literals of one line as the words of one command, and each by itself."""
    lines: dict[tuple[str, int], list[At]] = {}
    for at in strings:
        if len(at.value) < 400 and at.role != "said":
            lines.setdefault((at.file, at.line), []).append(at)
    joined = [
        At(" ".join(at.value for at in words), *place) for place, words in lines.items() if len(words) > 1
    ]
    return [*joined, *(words[0] for words in lines.values())]
