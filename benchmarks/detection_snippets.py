"""How often a program without a name is known for what it is: snippets of files whose names say it.

    python -m benchmarks.detection CHECKOUTS --snippets [--show] [--language NAME …]

Each file of the trees gives up to three snippets, always the same ones: the whole file, its first 10 to 40 lines, and a window
of as many lines from the middle that starts at a line without indentation. A shebang is taken off every second file.

Left out, because nobody could say: snippets of fewer than 10 lines, or of fewer than 5 lines that are code (licences, comments,
bare data); files that are generated or minified (a line over 400 characters), and headers (`.h`: C, C++ and Objective-C at
once). Two languages count as right for one snippet where it is a program of both: JavaScript for TypeScript that has no types,
C for C++ that uses nothing of it, by the older language's parser and a list of words here. How many is printed.

The trees are split by repository (linguist's samples by file) into those that tools/snippet_words.py learns from and those held
out; both are reported, and the goal is for the held-out ones.
"""

from __future__ import annotations

import hashlib
import re
import statistics
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from jitney import languages
from jitney.source.grammar import unread
from jitney.source.sniff import sniff

SAMPLES = "github-linguist+linguist/samples"
GOAL = 95
MAX_BYTES = 64 << 10
MAX_LINE = 400
FILES_EACH = 20
"""Files of one language from one repository: no corpus is the measure of all."""

FIRST_CLASS = {
    "python": (".py",), "javascript": (".js", ".mjs", ".cjs", ".jsx"), "typescript": (".ts", ".mts", ".tsx"), "go": (".go",),
    "rust": (".rs",), "java": (".java",), "kotlin": (".kt", ".kts"), "c": (".c",), "cpp": (".cpp", ".cc", ".cxx"),
    "scala": (".scala",), "groovy": (".groovy",), "clojure": (".clj",),
}  # fmt: skip
GOAL_LANGUAGES = ("python", "javascript", "typescript", "go", "rust", "java", "kotlin", "c", "cpp")
BY_TABLE = {
    "csharp": (".cs",), "ruby": (".rb",), "php": (".php",), "swift": (".swift",), "dart": (".dart",), "julia": (".jl",),
    "lua": (".lua",), "elixir": (".ex", ".exs"), "shell": (".sh", ".bash"), "haskell": (".hs",), "r": (".R", ".r"),
    "perl": (".pm",), "ocaml": (".ml",), "zig": (".zig",), "nim": (".nim",), "crystal": (".cr",), "d": (".d",),
}  # fmt: skip
NAMES = {
    "c#": "csharp", "c++": "cpp", "f#": "fsharp", "matlab": "octave", "tsx": "typescript", "visual basic .net": "visual-basic",
}  # fmt: skip
"""linguist's folders whose languages have another name here; else small letters without spaces."""

SKIPPED = re.compile(
    r"(?:^|/)(?:node_modules|vendor|third_party|dist|build|target|\.git|generated|__generated__)/|\.min\.|\.d\.ts$|_pb2"
)
COMMENT = {
    "python": "#", "ruby": "#", "shell": "#", "perl": "#", "r": "#", "julia": "#", "elixir": "#", "nim": "#", "crystal": "#",
    "tcl": "#", "awk": "#", "raku": "#", "coffeescript": "#", "lua": "--", "haskell": "--", "ada": "--", "clojure": ";",
    "commonlisp": ";", "scheme": ";", "racket": ";", "emacslisp": ";", "hy": ";", "fennel": ";", "newlisp": ";",
    "erlang": "%", "prolog": "%", "octave": "%", "fortran": "!", "cobol": "*", "ocaml": "(*", "assembly": ";",
}  # fmt: skip
OLDER = {
    ("typescript", "javascript"): re.compile(
        r"\b(?:interface|enum|implements|readonly|declare|satisfies|private|public) \w|\btype \w+[<\w, >]* =|import type|\btype \w+,"
        r"|\w\??: (?:string|number|boolean|any|unknown|void|never)\b|\bas (?:const|any|unknown|[A-Z])|\): [A-Z]"
    ),
    ("cpp", "c"): re.compile(
        r"::|\b(?:class|namespace|template|typename|using|virtual|constexpr|operator|public|private|protected|new|delete|catch)\b"
        r"|#include <\w+>|\w& ?\w+[,)]|\bauto\b"
    ),
}
"""Words that only the younger language of a pair has: generous, and not Jitney's own list."""

SHEBANG = re.compile(r"\A#![^\n]*\n")


class Snippet(NamedTuple):
    language: str
    text: str
    origin: str
    is_held_out: bool


def snippets(checkouts: Path) -> Iterator[Snippet]:
    """All of them, in a fixed order."""
    for language, path, held in files(checkouts):
        origin = path.relative_to(checkouts).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        if len(text) > MAX_BYTES or any(len(line) > MAX_LINE for line in text.splitlines()):
            continue
        number = _hash(origin)
        if number % 2:
            text = SHEBANG.sub("", text)
        for n, piece in enumerate(cut(text, number)):
            if is_telling(piece, language):
                yield Snippet(language, piece, f"{origin}#{n}", held)


def files(checkouts: Path) -> Iterator[tuple[str, Path, bool]]:
    """Language, file, whether it is held out."""
    yield from _samples(checkouts / SAMPLES)
    endings = {one: name for name, ends in (FIRST_CLASS | BY_TABLE).items() for one in ends}
    for tree in sorted(
        path for path in checkouts.iterdir() if path.is_dir() and not SAMPLES.startswith(path.name)
    ):
        found: dict[str, list[Path]] = {}
        for path in tree.rglob("*.*"):
            language = endings.get(path.suffix)
            if language and not SKIPPED.search(path.relative_to(checkouts).as_posix()) and path.is_file():
                found.setdefault(language, []).append(path)
        for language, paths in sorted(found.items()):
            paths.sort(key=lambda one: _hash(one.relative_to(checkouts).as_posix()))
            yield from (
                (language, path, is_held_out(language, _hash(tree.name))) for path in paths[:FILES_EACH]
            )


def _samples(folder: Path) -> Iterator[tuple[str, Path, bool]]:
    ours = {*FIRST_CLASS, *languages.names()}
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = NAMES.get(place.name.lower(), place.name.lower().replace(" ", ""))
        if name in ours or place.name.lower() == "objective-c":
            paths = [path for path in place.rglob("*") if path.is_file() and path.suffix != ".h"]
            paths.sort(key=lambda one: _hash(one.relative_to(folder).as_posix()))
            yield from ((name, path, is_held_out(name, n + 1)) for n, path in enumerate(paths))


def is_held_out(language: str, number: int) -> bool:
    """Half of what the goal is for; of the others, which have few files, a third."""
    return number % (2 if language in FIRST_CLASS else 3) == 0


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def cut(text: str, number: int) -> Iterator[str]:
    """The whole, the beginning, a window from the middle. number: decides their sizes."""
    lines = text.splitlines()
    yield text
    size = 10 + number % 31
    if len(lines) > size:
        yield "\n".join(lines[:size]) + "\n"
    starts = [n for n in range(size, len(lines) - 10) if re.match(r"[^\s)\]}#/*'\"-]", lines[n])]
    if starts:
        first = starts[(number >> 8) % len(starts)]
        yield "\n".join(lines[first : first + size]) + "\n"


def is_telling(piece: str, language: str) -> bool:
    lines = [
        line
        for line in re.sub(r"(?s)/\*.*?(?:\*/|\Z)|\"\"\".*?\"\"\"", "", piece).splitlines()
        if line.strip()
    ]
    mark = COMMENT.get(language, "//")
    code = [line for line in lines if not line.lstrip().startswith((mark, "*"))]
    return len(piece.splitlines()) >= 10 and len(code) >= 5


def is_both(snippet: Snippet, seen: str) -> bool:
    """Whether it is a program of the other language too. Where a window ends within a block, no grammar reads it: then both have to
    be lost in the same bytes, and no word of the younger language may be there."""
    if (snippet.language, seen) not in OLDER:
        return False
    younger, older = (unread(snippet.text, one) for one in (snippet.language, seen))
    return (older == 0 or older == younger) and not OLDER[snippet.language, seen].search(snippet.text)


class Row(NamedTuple):
    language: str
    origin: str
    seen: str
    right: bool
    both: bool
    held_out: bool
    seconds: float


def measure(found: Iterable[Snippet]) -> list[Row]:
    rows = []
    for one in found:
        start = time.perf_counter()
        seen = sniff(one.text.encode())
        seconds = time.perf_counter() - start
        both = is_both(one, seen)
        right = both or seen == one.language
        rows.append(Row(one.language, one.origin, seen, right, both, one.is_held_out, seconds))
    return rows


def report(rows: list[Row]) -> str:
    lines = [f"{'language':14} {'learnt from':>18} {'held out':>18}"]
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.language, []).append(row)
    order = sorted(groups, key=lambda name: (name not in GOAL_LANGUAGES, name not in FIRST_CLASS, name))
    lines += [
        f"{name:14} {_share(groups[name], False):>18} {_share(groups[name], True):>18}" for name in order
    ]
    goal = [row for row in rows if row.language in GOAL_LANGUAGES]
    lines.append(f"{'first-class':14} {_share(goal, False):>18} {_share(goal, True):>18}   goal {GOAL} %")
    lines.append(
        f"  of both kinds {sum(row.both and not row.held_out for row in goal):>13} {sum(row.both and row.held_out for row in goal):>18}"
    )
    tables = [row for row in rows if row.language not in FIRST_CLASS]
    lines.append(f"{'by table':14} {_share(tables, False):>18} {_share(tables, True):>18}")
    for kind, part in (("#0", "whole files"), ("#1", "beginnings"), ("#2", "windows")):
        some = [row for row in goal if row.origin.endswith(kind)]
        lines.append(f"  {part:12} {_share(some, False):>18} {_share(some, True):>18}")
    times = sorted(row.seconds * 1000 for row in rows)
    if times:
        lines.append(
            f"ms each: median {statistics.median(times):.1f}, 99 % {times[int(len(times) * 0.99)]:.1f}, most {times[-1]:.1f}"
        )
    return "\n".join(lines)


def _share(rows: list[Row], held_out: bool) -> str:
    chosen = [row for row in rows if row.held_out == held_out]
    right = sum(row.right for row in chosen)
    return f"{right}/{len(chosen)} {100 * right / len(chosen):5.1f} %" if chosen else "–"


def is_reached(rows: list[Row]) -> bool:
    goal = [row.right for row in rows if row.language in GOAL_LANGUAGES and row.held_out]
    return bool(goal) and 100 * sum(goal) >= GOAL * len(goal)


def run(checkouts: Path, show: bool, only: list[str]) -> int:
    """Prints the table; 1: the goal is missed."""
    rows = measure(one for one in snippets(checkouts) if not only or one.language in only)
    if show:
        for row in rows:
            if not row.right:
                print(f"{row.language:12} seen {row.seen or '-':12} {row.origin}")
    print(report(rows))
    return int(not is_reached(rows))
