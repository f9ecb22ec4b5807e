"""Node.js, Deno or Bun: what the source says about it, the plainest word first."""

from __future__ import annotations

from jitney.detect.model import Wishes
from jitney.detect.node.deno import DenoConfig
from jitney.detect.node.follow import Program
from jitney.detect.node.manifest import Project
from jitney.detect.node.started import Started
from jitney.detect.notes import Notes
from jitney.source import Source
from jitney.source.sniff import interpreter

_SHEBANGS = {"deno": "deno", "bun": "bun", "node": "node", "nodejs": "node", "tsx": "node", "ts-node": "node"}
_WISHED = {"deno": "deno", "bun": "bun", "node": "node", "nodejs": "node"}


def choose_runtime(
    source: Source,
    wishes: Wishes,
    project: Project | None,
    config: DenoConfig | None,
    started: Started,
    notes: Notes,
) -> str:
    """`node`, `deno` or `bun`, with its evidence and the losers."""
    entry = started.entry
    seen = _named(source, wishes, project, started)
    if config is not None and (project is None or len(config.folder) > len(project.folder)):
        seen.append(("deno", "node.runtime.config", config.path, 0))
    seen += _of_code(started.program, entry if project is not None else "")
    if project is not None and project.manager == "bun":
        seen.append(("bun", "node.runtime.lock", project.lock or project.manifests[0], 0))
    seen.append(("node", "node.runtime.default", "", 0))
    runtime, rule, file, line = seen[0]
    losers = tuple(f"{other} ({why})" for other, why, _, _ in seen[1:] if other != runtime)
    notes.saw(rule, "runtime", runtime, file, line, losers)
    return runtime


def _named(
    source: Source, wishes: Wishes, project: Project | None, started: Started
) -> list[tuple[str, str, str, int]]:
    """By the flag, by the command that starts the program, by the first line of its file."""
    seen: list[tuple[str, str, str, int]] = []
    entry, command = started.entry, started.command
    if wishes.language.lower() in _WISHED:
        seen.append((_WISHED[wishes.language.lower()], "flag.language", "", 0))
    if command.runtime in ("deno", "bun"):
        seen.append((command.runtime, "node.runtime.script", project.manifests[0] if project else "", 0))
    shebang = interpreter(source.read_text(entry)) if entry and source.has(entry) else ""
    if shebang in _SHEBANGS:
        seen.append((_SHEBANGS[shebang], "node.runtime.shebang", entry, 1))
    return seen


def _of_code(program: Program, only: str) -> list[tuple[str, str, str, int]]:
    """Modules and globals that one runtime alone has. only: the one file whose globals count: a library asks for all of them."""
    found = []
    for path, item in program.outside:
        if item.specifier.startswith(("npm:", "jsr:", "https://", "http://")):
            found.append(("deno", "node.runtime.import", path, item.line))
        elif item.specifier == "bun" or item.specifier.startswith("bun:"):
            found.append(("bun", "node.runtime.import", path, item.line))
    for path, seen in program.files.items():
        if only and path != only:
            continue
        if seen.deno:
            found.append(("deno", "node.runtime.global", path, seen.deno))
        if seen.bun:
            found.append(("bun", "node.runtime.global", path, seen.bun))
    return found[:1]
