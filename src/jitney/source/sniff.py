"""The language of a program that has no name, and what shows it.

shebang    linguist's reading: past `env`, its options and assignments; the shell's `exec` hack
modeline   vim's and Emacs's
marks      lines that one language alone has: `# /// script`, `<?php`, a table's own
words      words, signs and beginnings of lines, weighed (words.py); parsers decide near ties (judge.py)
"""

from __future__ import annotations

import re
from typing import NamedTuple

from jitney import languages

MAX_BYTES = 256 << 10
ENOUGH = 15
"""Features known to words.py from which on they outweigh single marks: about four lines of code."""

LEAST = 6
"""Fewer say nothing."""

EXTENSIONS: dict[str, str] = {
    "python": ".py", "go": ".go", "javascript": ".js", "typescript": ".ts", "rust": ".rs", "java": ".java",
    "kotlin": ".kt", "c": ".c", "cpp": ".cpp", "scala": ".scala", "groovy": ".groovy", "clojure": ".clj",
}  # fmt: skip
"""Language → the ending of a file that gets its name from us."""

INTERPRETERS: dict[str, str] = {
    "python": "python", "pypy": "python", "uv": "python", "node": "javascript", "nodejs": "javascript",
    "bun": "javascript", "deno": "typescript", "tsx": "typescript", "ts-node": "typescript",
    "rust-script": "rust", "cargo": "rust", "jbang": "java", "kotlin": "kotlin", "go": "go", "gorun": "go",
    "scala": "scala", "scala-cli": "scala", "groovy": "groovy", "clojure": "clojure", "bb": "clojure", "tcc": "c",
}  # fmt: skip

MODES: dict[str, str] = {
    "py": "python", "python3": "python", "js": "javascript", "js2": "javascript", "typescriptreact": "typescript", "ts": "typescript",
    "golang": "go", "rs": "rust", "c++": "cpp", "javascriptreact": "javascript", "sh": "shell", "bash": "shell", "zsh": "shell",
    "rustic": "rust", "objc": "objective-c", "cperl": "perl", "lisp": "commonlisp", "emacs-lisp": "emacslisp", "cs": "csharp",
}  # fmt: skip
"""What editors call a language, where it is not its name here."""

_SHEBANG = r"#![ \t]*(\S+)([^\n]*)"
_VERSION = r"-?[\d.]+$"
_EXEC = r"(?m)\A#!\s*\S*/(?:ba|da|k|z)?sh\b[^\n]*\n(?:[^\n]*\n){0,4}?[^\n#]*\bexec\s+(?:\S*/)?([\w.+-]+)[^\n]*\$0[^\n]*\$[@*]"
"""A shell that hands the file over: linguist reads it in the first lines, where a `#!` could name no interpreter with options."""
_VIM = r"(?m)(?:^|[ \t])(?:vim?|ex)(?:[<=>]?\d*)?:[ \t]*(?:set?[ \t])?[^\n]*?\b(?:ft|filetype|syntax)[ \t]*=[ \t]*([\w+-]+)"
_EMACS = r"-\*-[ \t]*(?:[^\n]*?\bmode:[ \t]*)?([\w+#-]+)(?=[ \t]*(?:;[^\n]*)?-\*-)"

_TELLING: tuple[tuple[str, str], ...] = (
    ("python", r"^# /// script[ \t]*$"),
    ("java", r"\A///usr/bin/env jbang\b|^//DEPS [\w.-]+:"),
    ("kotlin", r"^@file:(?:DependsOn|Repository)\("),
    ("rust", r"\A---(?:cargo)?[ \t]*$|^// cargo-deps:"),
    ("go", r"^package main[ \t]*(?://.*)?$(?!\s*(?:import [\w.]+\s*$|(?:suspend )?fun |object |class ))"),
    ("scala", r"^(?://> using |import scala\.|@main def )"),
    ("groovy", r"^(?:import groovy\.|@Grab\()"),
    ("clojure", r"^\(ns [\w.-]+"),
    ("vala", r"^using (?:GLib|Gee|Soup);|^int main\(string\[\] args\)"),
    ("crystal", r'^require "http/client"$'),
    ("fennel", r"^\(local [\w-]+ \(require [:\"]"),
    ("mojo", r"^\s*(?:def|fn) \w+\(.*\) raises(?: -> .*)?:$"),
)
"""Lines that nobody else writes, searched with re.MULTILINE, in this order; compiled only where a program has no name."""

_SHORT: tuple[tuple[str, str], ...] = (
    ("go", r"^package [a-z_]\w*[ \t]*(?://.*)?$"),
    (
        "java",
        r"^\s*(?:import (?:static )?[\w.]+(?:\.\*)?;|public (?:final )?class \w+|package [\w.]+;)",
    ),
    ("cpp", r"^\s*#include\s*<(?:iostream|string|vector|memory|\w+/[\w/.]+\.hpp|map)>"),
    ("c", r"^\s*#include\s*[<\"][\w/.]+\.h[>\"]"),
    ("rust", r"^(?:use \w+(?:::[\w{}*, ]+)+;|(?:async )?fn main\(\)|#!\[[\w(]+)"),
    ("kotlin", r"^(?:suspend )?fun main\("),
)
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


class Sniffed(NamedTuple):
    """rule: `language.shebang`, `.modeline`, `.mark`, `.words`; value: what shows it; line: where, from 1; losers: languages that
    came near."""

    language: str
    rule: str
    value: str
    line: int = 1
    losers: tuple[str, ...] = ()


def interpreter(text: str) -> str:
    """The program that a shebang names: past `env`, its options and assignments; without a version."""
    if hack := re.match(_EXEC, text[:4096]):
        return re.sub(_VERSION, "", hack[1])
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


MOST_BLANKS = 64
_RUNS = re.compile(r"[ \t]{65,}|(?:[ \t]*\n){65,}")
"""Marks that begin with `\\s*` take time by the square of a run of blanks; nobody writes longer ones."""


def sniff(data: bytes) -> str:
    """The language, or an empty string where nothing tells."""
    found = identify(data[:MAX_BYTES].decode("utf-8", "replace"))
    return found.language if found else ""


def identify(text: str) -> Sniffed | None:
    """None: nothing tells."""
    text = _RUNS.sub(lambda run: run[0][:MOST_BLANKS], text[:MAX_BYTES].lstrip("\ufeff"))
    program = interpreter(text)
    if language := by_interpreter(program):
        return Sniffed(language, "language.shebang", program)
    return _by_modeline(text) or _by_marks(_TELLING, text) or _by_content(text)


def _by_modeline(text: str) -> Sniffed | None:
    """vim looks at the first and the last five lines, Emacs at the first two (the second after a shebang)."""
    lines = text.splitlines()
    places = [(_EMACS, list(enumerate(lines[:2], 1)))]
    if len(lines) <= 10:
        places.append((_VIM, list(enumerate(lines, 1))))
    else:
        places.append((_VIM, [*enumerate(lines[:5], 1), *enumerate(lines[-5:], len(lines) - 4)]))
    for pattern, some in places:
        for number, line in some:
            match = re.search(pattern, line)
            if match and (language := _by_mode(match[1].lower())):
                return Sniffed(language, "language.modeline", match[0].strip(), number)
    return None


def _by_mode(word: str) -> str:
    known = MODES.get(word, word)
    return known if known in EXTENSIONS or known in languages.names() else ""


def _by_content(text: str) -> Sniffed | None:
    """Words where there are enough of them; in a few lines a mark says more."""
    from jitney.source.judge import decide, member
    from jitney.source.words import because, known, ranking

    ours = known(text)
    if len(ours) < ENOUGH and (found := _by_all_marks(text)):
        return found
    if len(ours) < LEAST:
        return None
    ranked = ranking(ours)
    best = decide(text, ranked)
    if best in ("", "text"):
        return _by_all_marks(text) if best and len(ours) >= ENOUGH else None
    language, why, line = member(text, best)
    value = why or f"looks like it by {', '.join(map(_shown, because(ours, best) or ('marks of its own',)))}"
    losers = tuple(one.language for one in ranked[:3] if one.language not in (best, "text"))
    return Sniffed(language, "language.words", value, line or 1, losers)


def _shown(feature: str) -> str:
    """A feature as people read it: `^def` is a line that begins with def."""
    if feature[0] == "^" and len(feature) > 1:
        return f"lines `{feature[1:]} …`"
    return f"lines `… {feature[1:]}`" if feature[0] == "$" and len(feature) > 1 else f"`{feature}`"


def _by_all_marks(text: str) -> Sniffed | None:
    for marks in (_SHORT, None, _LIKELY):
        found = _by_tables(text) if marks is None else _by_marks(marks, text)
        if found is not None:
            return found
    return None


def _by_marks(marks: tuple[tuple[str, str], ...], text: str) -> Sniffed | None:
    for language, mark in marks:
        if match := re.search(mark, text, re.M):
            return _marked(language, match, text)
    return None


def _marked(language: str, match: re.Match[str], text: str) -> Sniffed:
    start = match.end() - len(match[0].lstrip())
    return Sniffed(language, "language.mark", match[0].strip(), text.count("\n", 0, start) + 1)


def _by_tables(text: str) -> Sniffed | None:
    """The language with the most marks that are found."""
    best: tuple[int, Sniffed | None] = (0, None)
    for name, marks in languages.marks():
        found = [match for mark in marks if (match := re.search(mark, text, re.M))]
        if len(found) > best[0]:
            best = (len(found), _marked(name, found[0], text))
    return best[1]


def file_name(language: str) -> str:
    """What a program without a name is called; compilers go by the ending."""
    if language in EXTENSIONS:
        return "main" + EXTENSIONS[language]
    known = languages.table(language).endings if language in languages.names() else ()
    return "main" + (known[0] if known else "") if language else "main"
