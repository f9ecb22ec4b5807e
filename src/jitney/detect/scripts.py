"""Programs whose name has no ending: their first line says what runs them."""

from __future__ import annotations

import re

from jitney.source import Source
from jitney.source.sniff import by_interpreter, interpreter

MAX_SIZE = 1 << 20
MAX_LOOKED_AT = 40
NO_PROGRAMS = frozenset(
    {"configure", "gradlew", "mvnw", "sbt", "bootstrap", "postBuild", "preBuild", "install-sh", "config.sub"}
)
"""Scripts that build tools lay beside a program."""

_HANDS_OVER = re.compile(r"^\s*exec \"?\$(?:@|\*|\{@\})\"?\s*\Z", re.MULTILINE)


def scripts(source: Source, folder: str) -> dict[str, str]:
    """Path → language of the scripts right in a folder. One that ends in `exec "$@"` starts what others name: it is none."""
    found: dict[str, str] = {}
    plain = [one for one in source.folder(folder)[0] if "." not in one and one not in NO_PROGRAMS]
    for path in [f"{folder}/{one}".lstrip("/") for one in plain[:MAX_LOOKED_AT]]:
        if not source.has(path) or source.size(path) > MAX_SIZE or _head(source, path) != b"#!":
            continue
        text = source.read_text(path)
        if (language := by_interpreter(interpreter(text[:400]))) and not hands_over(text):
            found[path] = language
    return found


def hands_over(text: str) -> bool:
    """Whether a script ends in `exec "$@"`: what it starts is said by others."""
    return bool(_HANDS_OVER.search(text))


def _head(source: Source, path: str) -> bytes:
    return next(iter(source.tree.chunks(path)), b"")[:2]
