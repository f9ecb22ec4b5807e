"""Which file of a folder is started, for a language that is a table.

--entry > the file handed over > usual names > a compiled program > the only program > the only file
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from jitney.detect.model import Wishes
from jitney.detect.notes import Notes
from jitney.detect.scripts import hands_over
from jitney.detect.table_scan import MOST, line_pattern
from jitney.errors import DetectionError
from jitney.languages import LanguageTable
from jitney.source import Source
from jitney.source.paths import is_under, join, name, parent
from jitney.source.sniff import interpreter

_ASIDE = re.compile(
    r"(?:^|/)(?:tests?|specs?|t|examples?|samples?|docs?|[^/]*Tests?)/|(?:^|/)(?:test_[^/]*|[^/]*[_.-](?:test|spec|tests))\.\w+$"
)
"""Where every one of these ecosystems keeps tests and examples: what shows a library is not the program."""


def choose_entry(table: LanguageTable, source: Source, wishes: Wishes, notes: Notes) -> str:
    """DetectionError: none, or several alike."""
    if wishes.entry:
        return _wished(table, source, wishes.entry, notes)
    if source.entry:
        notes.saw("source.file", "entry", source.entry, source.entry)
        return source.entry
    for rule, found in _candidates(table, source):
        if len(found) == 1:
            notes.saw(rule, "entry", found[0], found[0])
            return found[0]
        if found:
            listed = "\n  ".join(found[:12])
            raise DetectionError(
                f"{len(found)} {table.title} files could be the one to start:\n  {listed}",
                f"choose one: jitney run --entry {_relative(found[0], source.workdir)} …",
            )
    raise DetectionError(
        f"no {table.title} program was found in {source.label}", "name it: jitney run --entry FILE …"
    )


def _wished(table: LanguageTable, source: Source, wish: str, notes: Notes) -> str:
    place = join(source.workdir, wish)
    if not place or not source.has(place):
        raise DetectionError(f"the entry {wish} is not there", f"a {table.title} file")
    notes.saw("flag.entry", "entry", place, place)
    return place


def _candidates(table: LanguageTable, source: Source) -> Iterator[tuple[str, list[str]]]:
    """Rule and the files that it leaves, the most telling rule first."""
    every = [path for path in source.files() if is_under(path, source.workdir)]
    yield "table.entry.named", _named(table, source, every)
    yield "table.entry.prebuilt", _prebuilt(table, source)
    files = _plain(table, source, every)
    here = [path for path in files if parent(path) == source.workdir]
    yield "table.entry.only", _mains(table, source, here) or _mains(table, source, files)
    yield "table.entry.file", here or files
    yield "table.entry.last", [path for path in every if _relative(path, source.workdir) in table.last]


def _plain(table: LanguageTable, source: Source, every: list[str]) -> list[str]:
    """Code that is no tool's; tests and examples only where there is nothing else."""
    files = [path for path in every if not _is_tool(table, source, path) and _is_code(table, source, path)]
    return [path for path in files if not _ASIDE.search(_relative(path, source.workdir))] or files


def _mains(table: LanguageTable, source: Source, files: list[str]) -> list[str]:
    return [path for path in files if _is_main(table, source, path)]


def _named(table: LanguageTable, source: Source, every: list[str]) -> list[str]:
    """The first usual name that is there. A pattern counts where one file fits it: of several none is usual."""
    for pattern in table.entries:
        found = [path for path in every if fnmatchcase(_relative(path, source.workdir), pattern)]
        if "*" in pattern:
            found = _plain(table, source, found)
            found = _mains(table, source, found) if table.main else found
        if len(found) == 1:
            return found
    return []


def _prebuilt(table: LanguageTable, source: Source) -> list[str]:
    """A compiled program, by the file that its runtime wants beside it."""
    files = source.folder(source.workdir)[0]
    found = [
        program.replace("{stem}", file[: -len(pattern.lstrip("*"))])
        for pattern, program in table.prebuilt.items()
        for file in files
        if fnmatchcase(file, pattern)
    ]
    return [join(source.workdir, file) or "" for file in found if file in files]


def _is_tool(table: LanguageTable, source: Source, path: str) -> bool:
    """A file that a tool reads: a manifest written in the language, a task file, a stub for a package's program."""
    return any(fnmatchcase(_relative(path, source.workdir), pattern) for pattern in table.no_entries)


def _relative(path: str, workdir: str) -> str:
    return path.removeprefix(f"{workdir}/" if workdir else "")


def _is_code(table: LanguageTable, source: Source, path: str) -> bool:
    if name(path).endswith(table.endings):
        return True
    small = "." not in name(path) and source.size(path) < 1 << 20
    if not small or interpreter(source.read_text(path)[:200]) not in table.interpreters:
        return False
    return not hands_over(source.read_text(path))


def _is_main(table: LanguageTable, source: Source, path: str) -> bool:
    text = source.read_text(path)[:MOST]
    if not table.main:
        return interpreter(text) in table.interpreters
    return bool(line_pattern(table.main).search(text))
