"""A label against what Jitney saw, field by field."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

import msgspec

from benchmarks.labels import Row, several
from jitney.detect.model import Detection

FIELDS = ("language", "manager", "version", "entry/start", "mode", "framework", "error")
_NEED_AN_ENTRY = ("entry/start", "mode", "framework")
_END = (10**9,)
_LAUNCHERS = frozenset(
    ("python", "python3", "-m", "node", "tsx", "ts-node", "deno", "bun", "bunx", "npx", "pnpx", "npm", "yarn", "pnpm", "run", "exec", "uv", "poetry",
     "pipenv", "pdm", "bundle", "ruby", "php", "perl", "java", "-jar", "dotnet", "cargo", "go", "sh", "bash", "./", "--")
)  # fmt: skip
_USUAL = frozenset(("main", "__main__", "index", "mod", "app", "program"))


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What Jitney said of a project. refused: it ended in an error; seen has what was found out all the same.

    errors: every finding and exception that stops the road, `code: message`. scripts: of its package.json.
    """

    language: str = ""
    seen: Detection | None = None
    refused: bool = False
    errors: tuple[str, ...] = ()
    scripts: dict[str, str] = msgspec.field(default_factory=dict)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    field: str
    wanted: str
    seen: str


def judged(row: Row) -> tuple[str, ...]:
    """The fields on which a row says something."""
    said = {
        **{
            name: getattr(row, name)
            for name in ("language", "manager", "version", "mode", "framework", "error")
        },
        "entry/start": row.entry if row.entry is not None else row.start,
    }
    return tuple(name for name in FIELDS if said[name] is not None)


def differences(row: Row, outcome: Outcome) -> list[Difference]:
    """Empty: all that the row says is as Jitney sees it."""
    found = []
    for field in judged(row):
        wanted, seen, right = _compare(field, row, outcome)
        if not right:
            found.append(Difference(field=field, wanted=wanted, seen=seen))
    return found


def _compare(field: str, row: Row, outcome: Outcome) -> tuple[str, str, bool]:
    """Wanted and seen in words, and whether they agree."""
    if field == "language":
        wanted = several(row.language)
        return " or ".join(wanted), outcome.language, outcome.language in wanted
    if field == "error":
        told = "; ".join(outcome.errors) or "no error"
        return row.error or "", told, bool(outcome.errors) and (row.error or "").lower() in told.lower()
    seen = outcome.seen
    if seen is None or (outcome.refused and field in _NEED_AN_ENTRY):
        told = "; ".join(outcome.errors)
        return str(getattr(row, field.partition("/")[0]) or row.start or ""), f"refused: {told}", False
    if field == "entry/start":
        return _entry_and_start(row, seen, outcome.scripts)
    have = str(getattr(seen, field))
    if field == "version":
        return row.version or "", have, same_versions(row.version or "", have)
    wanted = several(getattr(row, field))
    return " or ".join(map(repr, wanted)), have, have in wanted


def _entry_and_start(row: Row, seen: Detection, scripts: dict[str, str]) -> tuple[str, str, bool]:
    wanted, have, right = [], [], True
    if row.entry is not None:
        wanted.append(" or ".join(several(row.entry)))
        have.append(seen.entry)
        right = any(same_entry(one, seen) for one in several(row.entry))
    if row.start is not None:
        wanted.append(" or ".join(several(row.start)))
        have.append(shlex.join(seen.start or (seen.entry,)))
        right = right and any(same_start(one, seen, scripts) for one in several(row.start))
    return " | ".join(wanted), " | ".join(have), right


def same_entry(wanted: str, seen: Detection) -> bool:
    """The same file or folder, from the root or from the program's folder. A folder stands for the file in it that bears a
    usual name; a file for its folder, where Jitney names folders (Go's packages)."""
    want = _clean(wanted)
    for path in {_clean(seen.entry), _clean(seen.entry.removeprefix(f"{seen.workdir}/"))}:
        folder, _, file = path.rpartition("/")
        if want == path or (want == folder and file.partition(".")[0].lower() in _USUAL):
            return True
        if want.rpartition("/")[0] == path and seen.language == "go":
            return True
    return False


def _clean(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def same_start(wanted: str, seen: Detection, scripts: dict[str, str]) -> bool:
    """Whether the wanted command's own words occur, in their order, in the one that was seen."""
    is_shell = "start:shell" in seen.features  # one word that a shell reads
    have = _words(seen.start[0] if is_shell else shlex.join(seen.start or (seen.entry,)))
    if seen.start[:1] == ("-c",):  # a call of a function: the console script's name stands in its text
        have += re.findall(r"[\w.:-]+", seen.start[1])
    tries = [wanted]
    if match := re.fullmatch(r"(?:npm|yarn|pnpm|bun)(?: run)? ([\w:.-]+)", wanted):
        tries += [text for text in (scripts.get(match[1]),) if text]
    return any(_in_order(words, have) for one in tries if (words := _words(one)))


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    return [word.removeprefix("./") for word in words if word not in _LAUNCHERS]


def _in_order(words: Sequence[str], among: Sequence[str]) -> bool:
    rest = iter(among)
    return all(word in rest for word in words)


def same_versions(one: str, other: str) -> bool:
    """Whether two notations allow the same versions. What is no range of numbers (`lts/iron`) is compared as text."""
    first, second = _spans(one), _spans(other)
    if first is None or second is None:
        return one.strip().lower() == other.strip().lower()
    return first == second


def _spans(text: str) -> list[tuple[tuple[int, ...], tuple[int, ...]]] | None:
    """The half-open spans `[low, high)` that a specifier allows, sorted; None: it is no such specifier."""
    spans = []
    for part in re.split(r"\|\|?", text.strip()):
        low: tuple[int, ...] = ()
        high: tuple[int, ...] = _END
        part = re.sub(r"([<>=~^!])\s+", r"\1", part.strip())
        part = re.sub(r"^(\S+)\s+-\s+(\S+)$", r">=\1 <=\2", part)
        for piece in re.split(r"[,\s]+", part) if part not in ("", "*", "x") else ():
            limits = _limits(piece)
            if limits is None:
                return None
            low, high = max(low, limits[0]), min(high, limits[1])
        spans.append((low, high))
    return sorted(spans)


def _limits(piece: str) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    match = re.fullmatch(
        r"(~=|~>|===?|>=|<=|[<>~^]|)(?:v|[A-Za-z]+-)?(\d+(?:\.\d+)*)(?:\.[x*])*(?:[+-][\w.+-]*)?", piece
    )
    if match is None:
        return None
    sign, numbers = match[1], tuple(int(number) for number in match[2].split("."))
    after = _after(sign, numbers)
    low = {"<": (), "<=": (), ">": after}.get(sign, _trim(numbers))
    high = {">": _END, ">=": _END, "<": _trim(numbers)}.get(sign, after)
    return low, high


def _after(sign: str, numbers: tuple[int, ...]) -> tuple[int, ...]:
    """The first version above: the last number counts, or for `^`, `~`, `~=` and `~>` the one that their ecosystems say."""
    keep = len(numbers)
    if sign == "^":
        keep = next((place + 1 for place, number in enumerate(numbers) if number), len(numbers))
    elif sign == "~":
        keep = min(len(numbers), 2)
    elif sign in ("~=", "~>"):
        keep = max(len(numbers) - 1, 1)
    return _trim((*numbers[: keep - 1], numbers[keep - 1] + 1))


def _trim(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Without zeros at the end: 3.11.0 and 3.11 begin at the same place."""
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers = numbers[:-1]
    return numbers
