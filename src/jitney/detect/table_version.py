"""The version of a language that is a table: the flag, or what a version file or manifest says."""

from __future__ import annotations

import re
from fnmatch import filter as fnfilter

from jitney.detect.model import Wishes
from jitney.detect.notes import Notes
from jitney.detect.table_scan import MOST, line_pattern
from jitney.languages import LanguageTable
from jitney.source import Source
from jitney.source.paths import parents

Seen = tuple[str, str, str, int]


def version_of(
    table: LanguageTable, source: Source, wishes: Wishes, notes: Notes
) -> tuple[str, str, tuple[str, ...]]:
    """The version, empty for any; what a manifest requires beside such a pin (`.ruby-version` says what its author had, the
    gemspec what it takes); and the manifests that were met: nearest first."""
    seen: list[Seen] = [("flag.version", wishes.version, "", 0)] if wishes.version else []
    manifests: list[str] = []
    for folder in _folders(source):
        files = source.folder(folder)[0]
        manifests += _places(folder, [n for one in table.manifests for n in fnfilter(files, one)])
        seen += _in_folder(table, source, folder, files)
    met = tuple(dict.fromkeys(manifests))
    if not seen:
        return "", "", met
    rule, value, file, line = seen[0]
    losers = tuple(f"{v} ({f})" for _, v, f, _ in seen[1:])
    notes.saw(rule, "version", value, file, line, losers)
    required = next((v for r, v, _, _ in seen if r != "flag.version" and not re.fullmatch(r"[\d.]+", v)), "")
    return value, required if required != value else "", met


def _folders(source: Source) -> list[str]:
    """The program's folder and those above it; of a file that is alone only its own."""
    return [source.workdir] if source.alone else parents(source.workdir)


def _in_folder(table: LanguageTable, source: Source, folder: str, files: tuple[str, ...]) -> list[Seen]:
    """Versions that are named, then the least ones that will do."""
    named = [
        seen
        for pattern, version in table.version_files.items()
        for path in _places(folder, fnfilter(files, pattern))
        for seen in _in_file(source, path, version, "")
    ]
    return named + [
        seen
        for pattern, version in table.floors.items()
        for path in _places(folder, fnfilter(files, pattern))
        for seen in _in_file(source, path, version, ">=")
    ]


def _in_file(source: Source, path: str, pattern: str, sign: str) -> list[Seen]:
    text = source.read_text(path)[:MOST]
    match = line_pattern(pattern).search(text)
    if match is None:
        return []
    words = [word.strip() for word in match.groups() if word]
    line = text[: match.start(1)].count("\n") + 1
    return [("table.version.file", sign + _joined(words), path, line)]


def _joined(words: list[str]) -> str:
    """`">= 3.1", "< 4"` is one requirement; of a list of targets (`net8.0;net9.0`) the newest counts."""
    if len(words) == 1 and ";" in words[0]:
        listed = re.findall(r"\d+(?:\.\d+)+", words[0])
        return max(listed, key=lambda one: tuple(map(int, one.split("."))), default=words[0])
    return ", ".join(words)


def manager_of(table: LanguageTable, source: Source) -> str:
    """Who installs its packages, by the manifests and locks nearest to the program; `imports`: nobody."""
    for folder in _folders(source):
        files = source.folder(folder)[0]
        for pattern, manager in table.managers.items():
            if fnfilter(files, pattern):
                return manager
    return "imports"


def _places(folder: str, names: list[str]) -> list[str]:
    return [f"{folder}/{name}".lstrip("/") for name in names]
