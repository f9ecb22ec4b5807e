"""Which Python: flag > PEP 723 > .python-version > runtime.txt > .tool-versions, mise > what the manifest says (Pipfile,
requires-python, conda, cog.yaml, a Truss) > the Pythons for which a pinned framework has wheels."""

from __future__ import annotations

import re
from typing import NamedTuple

from jitney.detect.notes import Notes
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.tables import line_of, parse_toml, table
from jitney.source import Source
from jitney.source.paths import parent, parents

_PLAIN = re.compile(r"\d+(?:\.\d+){0,2}(?:(?:a|b|rc)\d+)?")
_PINNED = re.compile(r"(?:cpython-|python-?)?(\d+(?:\.\d+){0,2}(?:(?:a|b|rc)\d+)?)t?(?:-[a-z]\S*)?")
"""As pyenv, uv and rye write it: `3.12`, `cpython-3.12.1-linux-x86_64-gnu`, `python3.12`, `3.13t`."""

WHEELS = ("torch", "torchvision", "torchaudio", "tensorflow", "jax", "jaxlib", "vllm", "sglang")
"""Packages whose releases have wheels for a few Pythons only, and no other way to be installed (jitney.matrix has them)."""


class Said(NamedTuple):
    rule: str
    version: str
    file: str = ""
    line: int = 0


def choose(source: Source, workdir: str, manifest: Manifest | None, wished: str, notes: Notes) -> str:
    """A version, a specifier, or an empty string for any. A version file that contradicts the manifest is an
    error."""
    own = _required(manifest)
    required = own or _required(_beside(source, workdir, manifest))
    seen = [Said("flag.version", wished)] if wished else []
    seen += _in_order(required, _files(source, workdir, notes)) or ([] if wished else _by_wheels(manifest))
    if not seen:
        return ""
    first = seen[0]
    losers = tuple(f"{one.rule}: {one.version}" for one in seen[1:])
    notes.saw(first.rule, "version", first.version, first.file, first.line, losers)
    if required and not wished:
        is_error = bool(own) and first.rule == "python.version.python-version"
        _tell_contradiction(first, required[0], notes, is_error=is_error)
    return first.version


def _in_order(required: list[Said], files: list[Said]) -> list[Said]:
    """A script's own header beats version files, and these beat manifests."""
    is_header = any(one.rule.endswith("pep723") for one in required)
    return [*required, *files] if is_header else [*files, *required]


def _required(manifest: Manifest | None) -> list[Said]:
    if manifest is None or not manifest.requires.strip():
        return []
    rule = f"python.version.{manifest.requires_by}"
    return [Said(rule, manifest.requires.strip(), manifest.deciding, manifest.requires_line)]


def _beside(source: Source, workdir: str, manifest: Manifest | None) -> Manifest | None:
    """In the folder of the manifest that decides the packages, else in the program's own."""
    from jitney.detect.python.beside import required_beside

    if manifest is not None and manifest.manager == "pep723":
        return None
    folder = parent(manifest.deciding) if manifest is not None else workdir
    return required_beside(source, f"{folder}/" if folder else "", tuple(manifest.files) if manifest else ())


def _tell_contradiction(first: Said, required: Said, notes: Notes, *, is_error: bool) -> None:
    """The project's own tools refuse a .python-version that its manifest excludes. Files of other tools, and manifests that do
    not decide the packages, may lag behind: the version is taken, and the contradiction told."""
    if first == required or not _PLAIN.fullmatch(first.version) or allows(required.version, first.version):
        return
    message = f"{first.file} says Python {first.version}, {required.file} requires {required.version}"
    notes.tell("error" if is_error else "warning", "python.version.contradiction", message,
               hint="mend one of them, or decide with --python VERSION", file=first.file, line=first.line)  # fmt: skip


def _files(source: Source, workdir: str, notes: Notes) -> list[Said]:
    found: list[Said] = []
    for folder in [workdir] if source.alone else parents(workdir):
        head = f"{folder}/" if folder else ""
        found += _python_version(source, f"{head}.python-version", notes)
        found += _matching(source, head, "runtime.txt", r"(?m)^\s*python-(\d+(?:\.\d+){0,2})\s*$")
        found += _matching(source, head, ".tool-versions", r"(?m)^\s*python\s+(\d+(?:\.\d+){0,2})")
        found += _mise(source, head, notes)
    return found


def _python_version(source: Source, path: str, notes: Notes) -> list[Said]:
    """The first line that is none of comment: of several versions the first is the one that `python` means."""
    if not source.has(path):
        return []
    lines = [line.strip() for line in source.read_text(path).splitlines()]
    said = [
        (number, line) for number, line in enumerate(lines, 1) if line and not line.startswith(("#", "//"))
    ]
    for number, line in said:
        if match := _PINNED.fullmatch(line):
            return [Said("python.version.python-version", match[1], path, number)]
    if said:
        # pyenv's own environments are named here too, and mean nothing elsewhere
        text = said[0][1][:40].encode("unicode_escape", "replace").decode()
        message = f"{path}:{said[0][0]}: `{text}` is no version of Python: not used"
        notes.tell("warning", "python.version.unread", message, file=path, line=said[0][0])
    return []


def _matching(source: Source, head: str, name: str, pattern: str) -> list[Said]:
    path = head + name
    match = re.search(pattern, source.read_text(path)) if source.has(path) else None
    if match is None:
        return []
    return [Said(f"python.version.{name.lstrip('.')}", match[1], path, line_of(source, path, match[1]))]


def _mise(source: Source, head: str, notes: Notes) -> list[Said]:
    for name in ("mise.toml", ".mise.toml", ".config/mise.toml"):
        path = head + name
        if source.has(path):
            value = table(parse_toml(source.read_text(path), path, notes), "tools").get("python")
            value = value[0] if isinstance(value, list) and value else value
            value = value.get("version") if isinstance(value, dict) else value
            if isinstance(value, str) and _PLAIN.fullmatch(value):
                return [Said("python.version.mise", value, path, line_of(source, path, "python"))]
    return []


def _by_wheels(manifest: Manifest | None) -> list[Said]:
    """Nothing says which Python, but a framework is pinned that only some of them can have: those."""
    pinned = (
        {one.name.lower(): one for one in manifest.packages if one.name.lower() in WHEELS} if manifest else {}
    )
    if not pinned:
        return []
    from jitney.matrix import python_for

    specs = {name: one.spec.partition(";")[0].strip() for name, one in pinned.items() if "@" not in one.spec}
    fit = python_for(specs)
    if fit is None:
        return []
    first = next(iter(pinned.values()))
    return [Said("python.version.wheels", fit.specifier, first.why.file, first.why.line)]


def allows(specifier: str, version: str) -> bool:
    """Whether a version file and a specifier agree; `3.12` stands for any 3.12.x. What cannot be read does
    not contradict."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    try:
        # `3.12.*`: no specifier by PEP 440, but Poetry and people write it
        wanted = SpecifierSet(f"=={specifier}" if specifier[:1].isdigit() else specifier)
        tries = [version] if version.count(".") >= 2 else [f"{version}.{patch}" for patch in (0, 99)]
        return any(wanted.contains(text, prereleases=True) for text in tries)
    except (InvalidSpecifier, InvalidVersion):
        return True
