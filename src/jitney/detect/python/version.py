"""Which Python: flag > PEP 723 > .python-version > runtime.txt > .tool-versions, mise > Pipfile >
requires-python > conda."""

from __future__ import annotations

import re

from jitney.detect.notes import Notes
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.tables import line_of, parse_toml, table
from jitney.source import Source
from jitney.source.paths import parents

_PLAIN = re.compile(r"\d+(?:\.\d+){0,2}(?:(?:a|b|rc)\d+)?")


def choose(source: Source, workdir: str, manifest: Manifest | None, wished: str, notes: Notes) -> str:
    """A version, a specifier, or an empty string for any. A version file that contradicts the manifest is an
    error."""
    seen: list[tuple[str, str, str, int]] = []
    if wished:
        seen.append(("flag.version", wished, "", 0))
    required = ("", "", "", 0)
    if manifest is not None and manifest.requires:
        file = next((path for path in manifest.files if not path.endswith(".lock")), manifest.files[0])
        required = (
            f"python.version.{manifest.manager}",
            manifest.requires.strip(),
            file,
            manifest.requires_line,
        )
        if manifest.manager == "pep723":
            seen.append(required)
    seen += _files(source, workdir, notes)
    if required[0] and required not in seen:
        seen.append(required)
    if not seen:
        return ""
    rule, version, file, line = seen[0]
    notes.saw(rule, "version", version, file, line, tuple(f"{r}: {v}" for r, v, _, _ in seen[1:]))
    if required[1] and _PLAIN.fullmatch(version) and not wished and not allows(required[1], version):
        message = f"{file} says Python {version}, {required[2]} requires {required[1]}"
        notes.tell("error", "python.version.contradiction", message, hint="mend one of them, or decide with --python VERSION",
                   file=file, line=line)  # fmt: skip
    return version


def _files(source: Source, workdir: str, notes: Notes) -> list[tuple[str, str, str, int]]:
    found = []
    for folder in [workdir] if source.alone else parents(workdir):
        head = f"{folder}/" if folder else ""
        for name, pattern in (
            (".python-version", r"(?m)^\s*(?:cpython-|python-?)?(\d+(?:\.\d+){0,2}\S*)\s*$"),
            ("runtime.txt", r"(?m)^\s*python-(\d+(?:\.\d+){0,2})\s*$"),
            (".tool-versions", r"(?m)^\s*python\s+(\d+(?:\.\d+){0,2})"),
        ):
            if source.has(head + name):
                match = re.search(pattern, source.read_text(head + name))
                if match and _PLAIN.fullmatch(match[1]):
                    line = line_of(source, head + name, match[1])
                    found.append((f"python.version.{name.lstrip('.')}", match[1], head + name, line))
        found += _mise(source, head, notes)
    return found


def _mise(source: Source, head: str, notes: Notes) -> list[tuple[str, str, str, int]]:
    for name in ("mise.toml", ".mise.toml", ".config/mise.toml"):
        path = head + name
        if source.has(path):
            value = table(parse_toml(source.read_text(path), path, notes), "tools").get("python")
            value = value.get("version") if isinstance(value, dict) else value
            if isinstance(value, str) and _PLAIN.fullmatch(value):
                return [("python.version.mise", value, path, line_of(source, path, "python"))]
    return []


def allows(specifier: str, version: str) -> bool:
    """Whether a version file and a specifier agree; `3.12` stands for any 3.12.x. What cannot be read does
    not contradict."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    try:
        wanted = SpecifierSet(specifier)
        tries = [version] if version.count(".") >= 2 else [f"{version}.{patch}" for patch in (0, 99)]
        return any(wanted.contains(text, prereleases=True) for text in tries)
    except (InvalidSpecifier, InvalidVersion):
        return True
