"""Which file of a folder is started, for a language that is a table."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from jitney.detect.model import Wishes
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.languages import LanguageTable
from jitney.source import Source
from jitney.source.paths import is_under, join, name, parent
from jitney.source.sniff import interpreter


def choose_entry(table: LanguageTable, source: Source, wishes: Wishes, notes: Notes) -> str:
    """--entry > the file handed over > the table's usual names > the only program. DetectionError: none, or several."""
    if wishes.entry:
        place = join(source.workdir, wishes.entry)
        if not place or not source.has(place):
            raise DetectionError(f"the entry {wishes.entry} is not there", f"a {table.title} file")
        notes.saw("flag.entry", "entry", place, place)
        return place
    if source.entry:
        notes.saw("source.file", "entry", source.entry, source.entry)
        return source.entry
    files = [
        path for path in source.files() if is_under(path, source.workdir) and _is_code(table, source, path)
    ]
    for rule, found in _candidates(table, source, files):
        if len(found) == 1:
            notes.saw(rule, "entry", found[0], found[0])
            return found[0]
        if found and rule != "table.entry.named":
            listed = "\n  ".join(found[:12])
            raise DetectionError(
                f"{len(found)} {table.title} files could be the one to start:\n  {listed}",
                f"choose one: jitney run --entry {_relative(found[0], source.workdir)} …",
            )
    raise DetectionError(
        f"no {table.title} program was found in {source.label}", "name it: jitney run --entry FILE …"
    )


def _candidates(table: LanguageTable, source: Source, files: list[str]) -> list[tuple[str, list[str]]]:
    here = [path for path in files if parent(path) == source.workdir]
    named = [
        path
        for pattern in table.entries
        for path in files
        if fnmatchcase(_relative(path, source.workdir), pattern)
    ]
    programs = [path for path in files if _is_main(table, source, path)]
    return [
        ("table.entry.named", named[:1]),
        ("table.entry.only", [path for path in here if path in programs] or programs),
        ("table.entry.file", here or files),
    ]


def _relative(path: str, workdir: str) -> str:
    return path.removeprefix(f"{workdir}/" if workdir else "")


def _is_code(table: LanguageTable, source: Source, path: str) -> bool:
    if name(path).endswith(table.endings):
        return True
    small = "." not in name(path) and source.size(path) < 1 << 20
    return small and interpreter(source.read_text(path)[:200]) in table.interpreters


def _is_main(table: LanguageTable, source: Source, path: str) -> bool:
    text = source.read_text(path)
    if not table.main:
        return interpreter(text) in table.interpreters
    return bool(re.search(table.main, text, re.MULTILINE))
