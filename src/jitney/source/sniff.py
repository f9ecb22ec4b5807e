"""The language of a program that has no name: shebang, PEP 723 header, then lines that only one language has.

Every program here reaches a model, so imports and declarations say more than a general classifier would
(facts, "content-only").
"""

from __future__ import annotations

import re

EXTENSIONS: dict[str, str] = {
    "python": ".py", "go": ".go", "javascript": ".js", "typescript": ".ts", "ruby": ".rb", "shell": ".sh",
    "php": ".php",
    "perl": ".pl", "lua": ".lua", "rust": ".rs", "java": ".java", "kotlin": ".kt", "c": ".c", "cpp": ".cpp",
    "csharp": ".cs",
    "swift": ".swift", "r": ".R", "julia": ".jl", "elixir": ".exs",
}  # fmt: skip
"""Language → the ending of a file that gets its name from us."""

INTERPRETERS: dict[str, str] = {
    "python": "python", "pypy": "python", "uv": "python", "node": "javascript", "nodejs": "javascript",
    "bun": "javascript",
    "deno": "typescript", "tsx": "typescript", "ts-node": "typescript", "ruby": "ruby", "bash": "shell",
    "sh": "shell",
    "dash": "shell", "zsh": "shell", "ksh": "shell", "mksh": "shell", "fish": "shell", "php": "php", "perl":
    "perl",
    "lua": "lua", "luajit": "lua", "rust-script": "rust", "cargo": "rust", "jbang": "java", "kotlin":
    "kotlin",
    "Rscript": "r", "julia": "julia", "elixir": "elixir", "go": "go", "gorun": "go", "swift": "swift",
}  # fmt: skip

_SHEBANG = r"#![ \t]*(\S+)([^\n]*)"
_VERSION = r"[\d.]+$"
_MARKS: tuple[tuple[str, str], ...] = (
    ("python", r"^# /// script[ \t]*$"),
    ("go", r"^package [a-z_]\w*[ \t]*(?://.*)?$"),
    ("php", r"\A\s*<\?php"),
    (
        "java",
        r"^\s*(?:import (?:static )?[\w.]+(?:\.\*)?;|public (?:final )?class \w+|package [\w.]+;)",
    ),
    ("csharp", r"^\s*(?:using [A-Z][\w.]*;|namespace [A-Z][\w.]*[;{ ])"),
    ("cpp", r"^\s*#include\s*<(?:iostream|string|vector|memory|\w+/[\w/.]+\.hpp|map)>"),
    ("c", r"^\s*#include\s*[<\"][\w/.]+\.h[>\"]"),
    ("rust", r"^(?:use \w+(?:::[\w{}*, ]+)+;|(?:async )?fn main\(\)|#!\[[\w(]+)"),
    ("kotlin", r"^(?:suspend )?fun main\("),
    ("swift", r"^import (?:Foundation|SwiftUI|OpenAI)$"),
    ("typescript", r"^(?:import type |interface \w+ \{|(?:const|let) \w+: \w)"),
    (
        "javascript",
        r"^(?:import .* from ['\"]|(?:const|let|var) .*=|.*\brequire\(['\"]|console\.log\()",
    ),
    ("ruby", r"^\s*(?:require(?:_relative)? ['\"][\w/.-]+['\"]|puts |def \w+[^:]*$)"),
    (
        "python",
        r"^\s*(?:from [\w.]+ import |import \w[\w., ]*(?:#.*)?$|def \w+\(.*:|print\(|if __name__)",
    ),
)
"""Searched with re.MULTILINE, in this order; compiled only where a program has no name."""


def interpreter(text: str) -> str:
    """The program that a shebang names: past `env`, its options and assignments; without a version."""
    match = re.match(_SHEBANG, text)
    if not match:
        return ""
    words = [match[1].rpartition("/")[2], *match[2].split()]
    if words[0] == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    program = words[0].rpartition("/")[2] if words else ""
    return re.sub(_VERSION, "", program)


def sniff(data: bytes) -> str:
    """The language, or an empty string where nothing tells."""
    text = data[: 256 << 10].decode("utf-8", "replace").lstrip("\ufeff")
    language = INTERPRETERS.get(interpreter(text), "")
    if language:
        return language
    return next((language for language, mark in _MARKS if re.search(mark, text, re.M)), "")


def file_name(language: str) -> str:
    """What a program without a name is called; compilers go by the ending."""
    return "main" + EXTENSIONS.get(language, "") if language else "main"
