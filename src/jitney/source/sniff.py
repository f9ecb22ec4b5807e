"""The language of a program that has no name: shebang, PEP 723 header, then lines that only one language has.

Every program here reaches a model, so imports and declarations say more than a general classifier would
(facts, "content-only"). Languages that are tables say all this themselves; here stand the built-in ones.
"""

from __future__ import annotations

import re

from jitney import languages

EXTENSIONS: dict[str, str] = {
    "python": ".py", "go": ".go", "javascript": ".js", "typescript": ".ts", "rust": ".rs", "java": ".java",
    "kotlin": ".kt", "c": ".c", "cpp": ".cpp", "scala": ".scala", "groovy": ".groovy", "clojure": ".clj",
}  # fmt: skip
"""Language → the ending of a file that gets its name from us."""

INTERPRETERS: dict[str, str] = {
    "python": "python", "pypy": "python", "uv": "python", "node": "javascript", "nodejs": "javascript",
    "bun": "javascript", "deno": "typescript", "tsx": "typescript", "ts-node": "typescript",
    "rust-script": "rust", "cargo": "rust", "jbang": "java", "kotlin": "kotlin", "go": "go", "gorun": "go",
}  # fmt: skip

_SHEBANG = r"#![ \t]*(\S+)([^\n]*)"
_VERSION = r"-?[\d.]+$"
_TELLING: tuple[tuple[str, str], ...] = (
    ("python", r"^# /// script[ \t]*$"),
    ("go", r"^package [a-z_]\w*[ \t]*(?://.*)?$"),
    ("scala", r"^(?://> using |import scala\.|@main def )"),
    ("groovy", r"^import groovy\."),
    ("clojure", r"^\(ns [\w.-]+"),
    (
        "java",
        r"^\s*(?:import (?:static )?[\w.]+(?:\.\*)?;|public (?:final )?class \w+|package [\w.]+;)",
    ),
    ("cpp", r"^\s*#include\s*<(?:iostream|string|vector|memory|\w+/[\w/.]+\.hpp|map)>"),
    ("c", r"^\s*#include\s*[<\"][\w/.]+\.h[>\"]"),
    (
        "rust",
        r"\A(?![\s\S]*^export fn )[\s\S]*?^(?:use \w+(?:::[\w{}*, ]+)+;|(?:async )?fn main\(\)|#!\[[\w(]+)",
    ),
    ("kotlin", r"^(?:suspend )?fun main\("),
)
"""Searched with re.MULTILINE, in this order; compiled only where a program has no name."""

_LIKELY: tuple[tuple[str, str], ...] = (
    ("typescript", r"^(?:import type |interface \w+ \{|(?:const|let) \w+: \w)"),
    (
        "javascript",
        r"^(?:import .* from ['\"]|(?:const|let|var) .*=|.*\brequire\(['\"]|console\.log\()",
    ),
    (
        "python",
        r"^\s*(?:from [\w.]+ import |import \w[\w., ]*(?:#.*)?$|def \w+\(.*:|print\(|if __name__)",
    ),
)
"""Lines that other languages may have too: after the tables' marks."""


def interpreter(text: str) -> str:
    """The program that a shebang names: past `env`, its options and assignments; without a version."""
    words = shebang(text)
    return re.sub(_VERSION, "", words[0]) if words else ""


def shebang(text: str) -> tuple[str, ...]:
    """The program that a shebang names, by its name alone, and its options."""
    match = re.match(_SHEBANG, text)
    if not match:
        return ()
    words = [match[1].rpartition("/")[2], *match[2].split()]
    if words[0] == "env":
        rest = [word for word in words[1:] if word not in ("-S", "-i", "-vS") and "=" not in word]
        words = rest[next((n for n, word in enumerate(rest) if not word.startswith("-")), len(rest)) :]
    return (words[0].rpartition("/")[2], *words[1:]) if words else ()


def by_interpreter(program: str) -> str:
    """The language of a shebang's program; empty: none is known."""
    if not program or program in INTERPRETERS:
        return INTERPRETERS.get(program, "")
    return next((one.name for one in languages.mentioning(program) if program in one.interpreters), "")


def sniff(data: bytes) -> str:
    """The language, or an empty string where nothing tells."""
    text = data[: 256 << 10].decode("utf-8", "replace").lstrip("\ufeff")
    if language := by_interpreter(interpreter(text)):
        return language
    for marks in (_TELLING, None, _LIKELY):
        found = _by_tables(text) if marks is None else _first(marks, text)
        if found:
            return found
    return ""


def _first(marks: tuple[tuple[str, str], ...], text: str) -> str:
    return next((language for language, mark in marks if re.search(mark, text, re.M)), "")


def _by_tables(text: str) -> str:
    """The language with the most marks that are found."""
    found = {
        one.name: sum(bool(re.search(mark, text, re.M)) for mark in one.marks)
        for one in languages.tables().values()
    }
    best = max(found, key=lambda one: found[one], default="")
    return best if best and found[best] else ""


def file_name(language: str) -> str:
    """What a program without a name is called; compilers go by the ending."""
    if language in EXTENSIONS:
        return "main" + EXTENSIONS[language]
    known = languages.table(language).endings if language in languages.names() else ()
    return "main" + (known[0] if known else "") if language else "main"
