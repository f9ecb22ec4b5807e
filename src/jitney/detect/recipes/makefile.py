"""Makefile and justfile: what the targets `run`, `serve`, `start` do. Variables with a plain value are put in; nothing is run."""

from __future__ import annotations

import re

from jitney.detect.recipes.dockerfile import shell_words
from jitney.detect.recipes.model import Said

TARGETS = ("run", "serve", "start", "dev")
_TARGET = re.compile(r"([\w.-]+)\s*(?:[\w=\"' ]*):(?!=)\s*.*")
_SET = re.compile(r"(?:export\s+)?(\w+)\s*[:?+]?=\s*(.*?)\s*")
_USE = re.compile(r"\$\((\w+)\)|\$\{(\w+)\}|\{\{\s*(\w+)\s*\}\}")


def read(text: str, path: str, folder: str) -> list[Said]:
    values: dict[str, str] = {}
    bodies: dict[str, list[tuple[int, str]]] = {}
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line[:1] in ("\t", " ") and current:
            bodies[current].append((number, line.strip().lstrip("@-+")))
        elif match := _TARGET.fullmatch(line):
            current = match[1]
            bodies.setdefault(current, [])
        elif match := _SET.fullmatch(line):
            values[match[1]] = match[2]
            current = ""
    target = next((name for name in TARGETS if bodies.get(name)), "")
    found = []
    for number, line in bodies.get(target, ()):
        words = shell_words(_USE.sub(lambda use: values.get(use[1] or use[2] or use[3], ""), line))
        if words:
            found.append(
                Said(
                    kind="start",
                    rule=f"makefile.{target}",
                    value=line,
                    file=path,
                    line=number,
                    words=words,
                    folder=folder,
                )
            )
    return found
