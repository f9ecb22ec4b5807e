"""The version of a language that is a table: the flag, or what a version file or manifest says."""

from __future__ import annotations

import re
from fnmatch import filter as fnfilter

from jitney.detect.model import Wishes
from jitney.detect.notes import Notes
from jitney.languages import LanguageTable
from jitney.source import Source
from jitney.source.paths import parents


def version_of(
    table: LanguageTable, source: Source, wishes: Wishes, notes: Notes
) -> tuple[str, str, tuple[str, ...]]:
    """The version, empty for any; what a manifest requires beside such a pin (`.ruby-version` says what its author had, the
    gemspec what it takes); and the manifests that were met: nearest first."""
    seen: list[tuple[str, str, str, int]] = []
    if wishes.version:
        seen.append(("flag.version", wishes.version, "", 0))
    manifests: list[str] = []
    for folder in [source.workdir] if source.alone else parents(source.workdir):
        files, _ = source.folder(folder)
        manifests += _places(folder, [n for one in table.manifests for n in fnfilter(files, one)])
        for pattern, version in table.version_files.items():
            for path in _places(folder, fnfilter(files, pattern)):
                text = source.read_text(path)
                if match := re.search(version, text, re.MULTILINE):
                    line = text[: match.start(1)].count("\n") + 1
                    seen.append(("table.version.file", match[1].strip(), path, line))
    if not seen:
        return "", "", tuple(dict.fromkeys(manifests))
    rule, value, file, line = seen[0]
    notes.saw(rule, "version", value, file, line, tuple(f"{v} ({f})" for _, v, f, _ in seen[1:]))
    required = next((v for r, v, _, _ in seen if r != "flag.version" and not re.fullmatch(r"[\d.]+", v)), "")
    return value, required if required != value else "", tuple(dict.fromkeys(manifests))


def _places(folder: str, names: list[str]) -> list[str]:
    return [f"{folder}/{name}".lstrip("/") for name in names]
