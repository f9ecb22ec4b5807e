"""README: commands in fenced blocks. Weak: one of many ways in which its author showed the program."""

from __future__ import annotations

import re

from jitney.detect.recipes.dockerfile import shell_words
from jitney.detect.recipes.model import Said

_FENCE = re.compile(r"\s{0,3}(```+|~~~+)\s*([\w+-]*).*")
_SHELLS = frozenset({"", "sh", "bash", "shell", "console", "zsh", "shell-session", "terminal", "text"})
_DRAWN = ("│", "├", "└", "┌", "─", "|--", "`--", "+--")
"""A tree of files is drawn, not typed."""

MOST = 40


def read(text: str, path: str, folder: str) -> list[Said]:
    found: list[Said] = []
    fence, is_shell = "", False
    for number, line in enumerate(text.splitlines(), 1):
        match = _FENCE.fullmatch(line)
        if match and (not fence or line.strip().startswith(fence)):
            fence, is_shell = ("", False) if fence else (match[1], match[2].lower() in _SHELLS)
        elif fence and is_shell and len(found) < MOST and len(line) < 1000:
            words = shell_words(re.sub(r"\s#\s.*", "", re.sub(r"^\s*[$>%]\s+", "", line)))
            if words and not words[0].startswith(("#", *_DRAWN)):
                found.append(
                    Said(
                        kind="start",
                        rule="readme",
                        value=line.strip(),
                        file=path,
                        line=number,
                        words=words,
                        folder=folder,
                    )
                )
    return found
