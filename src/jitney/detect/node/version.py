"""Which Node.js a project asks for: flag, then the pin that fits what the manifest requires, then that requirement.

engines >=18, .nvmrc 20.11.1   20.11.1: both hold, and the pin says what its author had
engines 22,   .nvmrc 18        22: the requirement; the pin is named among the losers, with a warning
"""

from __future__ import annotations

import re

import msgspec

from jitney.detect.model import Wishes
from jitney.detect.node.jsonc import table, texts
from jitney.detect.node.manifest import Project
from jitney.detect.notes import Notes
from jitney.detect.npm_ranges import intervals, meet, plain
from jitney.source import Source
from jitney.source.paths import parents

_MISE = (
    r"(?ms)^\[tools\](?:(?!^\[).)*?^\s*\"?{}\"?\s*=\s*(?:\[\s*|\{{[^}}\n]*?\bversion\s*=\s*)?[\"']v?([^\"']+)"
)
_TOOLS = {
    ".tool-versions": r"(?m)^{}\s+v?(\S+)",
    "mise.toml": _MISE,
    ".mise.toml": _MISE,
    ".config/mise.toml": _MISE,
    "mise/config.toml": _MISE,
    ".config/mise/config.toml": _MISE,
}
_NAMES = {"node": r"node(?:js)?", "deno": "deno", "bun": "bun"}
_FILES = {"node": (".nvmrc", ".node-version"), "deno": (".dvmrc", ".deno-version"), "bun": (".bun-version",)}


class Said(msgspec.Struct, frozen=True):
    """A version, and where it stands. is_required: a range that has to hold, no pin."""

    value: str
    rule: str
    file: str = ""
    line: int = 0
    is_required: bool = False

    def __str__(self) -> str:
        return f"{self.file}: {self.value}"


def version(source: Source, project: Project | None, runtime: str, wishes: Wishes, notes: Notes) -> str:
    """As the project writes it: `22`, `>=18`, `lts/iron`; empty: any."""
    flag = [Said(wishes.version, "flag.version")] if wishes.version else []
    own = _of_manifest(project, runtime) if project is not None else []
    pins = [one for one in own if not one.is_required]
    every = [*flag, *pins, *_of_files(source, project, runtime), *(one for one in own if one.is_required)]
    said = [one for one in every if _is_version(one, runtime, notes)]
    if not said:
        return ""
    best = _best(said, notes)
    losers = tuple(str(one) for one in said if one is not best)
    notes.saw(best.rule, "version", best.value, best.file, best.line, losers)
    return best.value


def _best(said: list[Said], notes: Notes) -> Said:
    required = next((one for one in said if one.is_required), None)
    first = said[0]
    if required is None or not first.file or first is required or meet(first.value, required.value):
        return first
    message = f"{first} is not within {required}, which is what counts"
    notes.tell("warning", "node.version.contradiction", message, file=first.file, line=first.line,
               hint="make both say the same, or choose: --version")  # fmt: skip
    return required


_ANY = frozenset({"latest", "node", "current", "stable", "system", "canary"})
"""Words of version managers that ask for no version."""


def _is_version(one: Said, runtime: str, notes: Notes) -> bool:
    """Something that the runtime's version managers would take. The flag's word is the planner's to judge."""
    if one.file and one.value.lower() in _ANY:
        return False
    try:
        intervals(plain(one.value))
    except ValueError:
        if one.file:
            message = (
                f"{one.file} asks for {runtime} {one.value!r}, which is no version: it counts for nothing"
            )
            notes.tell("warning", "node.version.unknown", message, file=one.file, line=one.line)
        return not one.file
    return True


def _of_manifest(project: Project, runtime: str) -> list[Said]:
    found = []
    for path, data in project.own_and_top():
        volta, engines = texts(data.get("volta")), texts(data.get("engines"))
        for rule, value, is_required in (
            ("node.version.volta", volta.get(runtime, ""), False),
            ("node.version.engines", engines.get(runtime, ""), True),
            ("node.version.dev-engines", _dev_engine(data, runtime), True),
        ):
            if value.strip() not in ("", "*"):
                found.append(Said(value.strip(), rule, path, 0, is_required))
    return list(dict.fromkeys(found))


def _dev_engine(data: dict[str, object], runtime: str) -> str:
    """`devEngines.runtime`: one, or a list of them."""
    said = table(data.get("devEngines")).get("runtime")
    every = [texts(one) for one in (said if isinstance(said, list) else [said])]
    return next((one.get("version", "") for one in every if one.get("name") == runtime), "")


def _of_files(source: Source, project: Project | None, runtime: str) -> list[Said]:
    """Beside the program, then above it, up to the project's root."""
    if source.alone:
        return []
    top = project.root if project is not None else source.workdir
    places = [at for at in parents(source.workdir) if not top or at == top or at.startswith(f"{top}/")]
    return [one for place in places for one in _of_folder(source, f"{place}/" if place else "", runtime)]


def _of_folder(source: Source, prefix: str, runtime: str) -> list[Said]:
    found = []
    for file in _FILES[runtime]:
        if source.has(prefix + file):
            lines = (line.partition("#")[0].strip() for line in source.read_text(prefix + file).splitlines())
            value = next((line for line in lines if line), "")
            found += [Said(value.removeprefix("v"), "node.version.file", prefix + file, 1)] if value else []
    for file, pattern in _TOOLS.items():
        text = source.read_text(prefix + file) if source.has(prefix + file) else ""
        if match := re.search(pattern.format(_NAMES[runtime]), text):
            line = text[: match.start(1)].count("\n") + 1
            found.append(Said(match[1], "node.version.tools", prefix + file, line))
    return found
