"""What was decided about a program, for a person: a sentence, then one line a decision with its rule and its place.

chat.py is a Python program that calls a model server on this machine (ollama); it starts with `python3 chat.py`.

language  python      [language.ending]  chat.py
version   3.11        [dockerfile.from]  Dockerfile:1
          not python.version.pyproject: >=3.9
packages  openai, rich and 3 more  [python.requirements]  requirements.txt:1
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterable

import msgspec

from jitney.detect.model import Detection, Endpoint
from jitney.findings import Evidence
from jitney.plan.model import Plan

WIDTH = 100
LINES = 24
MOST_LOSERS = 6
VALUE = 44
"""Columns of a value before rules stop standing in one column."""

ORDER = ("language", "version", "framework", "mode", "entry", "start", "manager", "package", "system", "model", "endpoint",
         "unknown", "reads", "base", "beside", "redirect", "relay", "weights", "trust", "delivery", "recipe")  # fmt: skip
TITLES = {
    "python": "Python", "javascript": "JavaScript", "typescript": "TypeScript", "go": "Go", "rust": "Rust", "java": "Java",
    "kotlin": "Kotlin", "scala": "Scala", "groovy": "Groovy", "clojure": "Clojure", "c": "C", "cpp": "C++",
}  # fmt: skip
MODES = {
    "in-process": "loads a model itself", "local-server": "calls a model server on this machine", "hosted": "calls a hosted model",
    "none": "calls no model",
}  # fmt: skip
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def sentence(seen: Detection, label: str, plan: Plan | None = None) -> str:
    """What was decided, in one sentence. label: what the user calls it."""
    name = plain(label.rstrip("/") or label)
    modes = " or ".join(MODES[mode] for mode in seen.modes or (seen.mode,))
    by = f" ({plain(', '.join(seen.frameworks[:3]))})" if seen.frameworks else ""
    version = plan.version if plan is not None else seen.version
    language = f"{_title(seen.language)} {version}".strip()
    article = "an" if language[:1] in "AEIO" else "a"
    words = f"{name} is {article} {language} program that {modes}{by}"
    if plan is not None and plan.run.argv and sum(map(len, plan.run.argv)) < WIDTH:
        words += f"; it starts with `{plain(' '.join(plan.run.argv))}`"
    elif seen.start or seen.entry:
        start = " ".join(seen.start) or seen.entry
        words += (
            f"; it starts with `{plain(start.replace(f'{seen.workdir}/', '') if seen.workdir else start)}`"
        )
    return cut(words + ".", WIDTH * 3)


def _title(language: str) -> str:
    if language in TITLES:
        return TITLES[language]
    from jitney.languages import names, table

    return table(language).title if language in names() else language


def everything(seen: Detection, plan: Plan | None = None) -> tuple[Evidence, ...]:
    """The evidence of the Detection, of each package, model and address in it, of what it reads, and of the Plan."""
    change = msgspec.structs.replace
    things = (
        *(change(one.why, decides="package", value=f"{one.name}{one.spec}") for one in seen.packages),
        *(change(one.why, decides="system", value=one.name) for one in seen.system),
        *(change(one.why, decides="model", value=f"{one.name} ({one.kind})") for one in seen.models),
        *(change(one.why, decides="endpoint", value=_address(one)) for one in seen.endpoints),
        *(
            Evidence(rule="import.unknown", decides="unknown", value=one.name, file=one.file, line=one.line)
            for one in seen.unknown
        ),
        *(Evidence(rule="code.env", decides="reads", value=name) for name in seen.env),
    )
    rows = (*seen.evidence, *things, *(plan.evidence if plan is not None else ()))
    return tuple(sorted(dict.fromkeys(rows), key=lambda row: _rank(row.decides)))


def _address(endpoint: Endpoint) -> str:
    where = f"{endpoint.host or '127.0.0.1'}:{endpoint.port}" if endpoint.port else endpoint.host
    return f"{endpoint.kind} {endpoint.name or where} ({endpoint.api})"


def _rank(decides: str) -> int:
    stem = decides.rstrip("s") if decides != "reads" else decides
    return ORDER.index(stem) if stem in ORDER else len(ORDER)


def near(rows: Iterable[Evidence], workdir: str) -> list[Evidence]:
    """Paths as seen from the program's own folder, not from the checkout around it."""
    if not workdir:
        return list(rows)
    head = f"{workdir}/"

    def short(text: str) -> str:
        return "." if text == workdir else text.replace(head, "")

    return [
        msgspec.structs.replace(
            row,
            value=short(row.value),
            file=posixpath.relpath(row.file, workdir)
            if row.file and not row.file.startswith("/")
            else row.file,
            losers=tuple(map(short, row.losers)),
        )
        for row in rows
    ]


def screen(rows: Iterable[Evidence], *, colour: bool = False, most: int = LINES - 2) -> list[str]:
    """One decision a line, things of a kind together; at most as many lines as fit beside the sentence."""
    kept = list(rows)
    lines = table(_together(kept), colour=colour)
    if len(lines) > most:  # alike of one kind that came from several places
        lines = table(_together(kept, by_place=False), colour=colour)
    if len(lines) > most:
        left = len(lines) - most + 1
        lines = [*lines[: most - 1], f"… {left} more lines: --all shows them"]
    return lines


def table(rows: Iterable[Evidence], *, colour: bool = False) -> list[str]:
    """decides, value, [rule], place; what lost stands below it."""
    shown = [(row, cut(plain(row.value), 2 * WIDTH)) for row in rows]
    column = min(VALUE, max((len(value) for _, value in shown), default=0))
    printed: list[str] = []
    for row, value in shown:
        place = cut_left(plain(row.place), 48)
        room = WIDTH - 12 - len(row.rule) - 4 - len(place)
        value = cut(value, max(room, 16))
        tail = f"[{row.rule}]" + (f"  {place}" if place else "")
        head, tail = (
            (f"{_BOLD}{row.decides:<10}{_PLAIN}", f"{_DIM}{tail}{_PLAIN}")
            if colour
            else (f"{row.decides:<10}", tail)
        )
        width = min(column, max(room, len(value)))
        printed.append(f"{head}{value:<{width}}  {tail}")
        printed += _lost(row, colour=colour)
    return printed


def _lost(row: Evidence, *, colour: bool) -> list[str]:
    if not row.losers:
        return []
    more = len(row.losers) - MOST_LOSERS
    listed = "; ".join(plain(loser) for loser in row.losers[:MOST_LOSERS]) + (
        f"; {more} more" if more > 0 else ""
    )
    line = f"{'':<10}not {cut(listed, WIDTH - 14)}"
    return [f"{_DIM}{line}{_PLAIN}" if colour else line]


def _together(rows: Iterable[Evidence], *, by_place: bool = True) -> list[Evidence]:
    """Packages of one file in one line, with the first line's place; so for models, addresses, variables. by_place: those of
    other files in lines of their own."""
    groups: dict[tuple[str, str, str], list[Evidence]] = {}
    for number, row in enumerate(rows):
        stem = row.decides if row.decides == "reads" else row.decides.rstrip("s")
        many = stem in ("package", "system", "model", "endpoint", "unknown", "reads", "recipe")
        key = (
            (stem, row.rule if by_place else "", row.file if by_place else "")
            if many
            else (str(number), "", "")
        )
        groups.setdefault(key, []).append(row)
    return [_joined(found) for found in groups.values()]


def _joined(rows: list[Evidence]) -> Evidence:
    first = rows[0]
    values = list(dict.fromkeys(row.value for row in rows))
    if len(values) == 1:
        return first
    room, listed = WIDTH - 16 - len(first.rule) - len(first.place), values[0]
    for number, value in enumerate(values[1:], 1):
        left = len(values) - number
        if len(listed) + len(value) + 14 > room:
            listed += f" and {left} more"
            break
        listed += f", {value}"
    losers = tuple(loser for row in rows for loser in row.losers)
    plural = {"package": "packages", "model": "models", "endpoint": "endpoints"}.get(
        first.decides, first.decides
    )
    return msgspec.structs.replace(first, decides=plural, value=listed, losers=losers)


def plain(text: str) -> str:
    """Names of the user's, without what would move a terminal's cursor or change its colours."""
    return "".join(
        char if char.isprintable() else f"\\x{ord(char):02x}" if char not in "\n\t" else " " for char in text
    )


def cut(text: str, width: int) -> str:
    """At a blank, with an ellipsis; a word alone (a path) stays whole."""
    if len(text) <= width or " " not in text:
        return text
    head = text[: max(width - 2, 1)]
    at = head.rfind(" ")
    return f"{head[:at] if at > width // 3 else head} …"


def cut_left(text: str, width: int) -> str:
    return text if len(text) <= width else "…" + text[1 - width :]


def wants_colour() -> bool:
    """Only on a terminal."""
    return sys.stdout.isatty()


def show(seen: Detection, label: str, plan: Plan | None = None, *, whole: bool = False) -> str:
    """What `detect` and `explain` print. whole: every piece of evidence on a line of its own."""
    rows, colour = near(everything(seen, plan), seen.workdir), wants_colour()
    words = sentence(seen, label, plan)
    lines = (
        table(rows, colour=colour) if whole else screen(rows, colour=colour, most=LINES - 1 - _wrapped(words))
    )
    return "\n".join([f"{_BOLD}{words}{_PLAIN}" if colour else "\n".join(wrap(words)), "", *lines])


def wrap(words: str) -> list[str]:
    import textwrap

    return textwrap.wrap(words, WIDTH, break_long_words=False, break_on_hyphens=False) or [words]


def _wrapped(words: str) -> int:
    return len(wrap(words))
