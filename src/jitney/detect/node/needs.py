"""What a program needs beside its packages: a loader for TypeScript, module syntax without a marker, a build."""

from __future__ import annotations

import msgspec

from jitney.detect.node.code import JsFile
from jitney.detect.node.follow import Program
from jitney.detect.node.manifest import Project
from jitney.detect.node.packages import split
from jitney.detect.node.site import serves_built
from jitney.detect.node.started import Started
from jitney.detect.notes import Notes
from jitney.source import Source
from jitney.source.paths import join


class Needs(msgspec.Struct):
    runtime: str
    dev: bool = False
    features: list[str] = []


def judge(source: Source, project: Project | None, started: Started, runtime: str, notes: Notes) -> Needs:
    """Features for the planner, with their evidence. The runtime may become Bun, which takes what no other does."""
    builds = _builds(source, project, started)
    needs = Needs(runtime=runtime, features=[f"build:{line}" for line in builds])
    if project is not None:
        for line in builds:
            notes.saw("node.build", "build", line, project.manifests[0])
        needs.dev = _uses_dev(project, started, is_built=bool(builds))
        needs.features += ["dev"] if needs.dev else []
    is_there = bool(started.entry) and (not builds or source.has(started.entry))
    if runtime == "node" and is_there and not started.command.shell:
        _judge_syntax(project, started, needs, notes)
    return needs


def _judge_syntax(project: Project | None, started: Started, needs: Needs, notes: Notes) -> None:
    """A file that Node.js is given: a loader, a marker of modules, or Bun."""
    entry, program = started.entry, started.program
    if mixed := _mixed(program):  # Node.js has to choose between the two, Bun has not
        needs.runtime = "bun"
        notes.saw("node.runtime.await", "runtime", "bun", mixed, 0, ("node (await beside require)",))
        return
    loader = _wants_loader(started)
    module = _is_module(program) and not _says_type(project)
    if loader and module and project is not None and _awaits(program):
        needs.runtime = (
            "bun"  # a loader takes such a file for CommonJS, where nothing can be awaited at the top
        )
        notes.saw("node.runtime.await", "runtime", "bun", entry, 0, (f"node ({loader})",))
        return
    if loader:
        notes.saw("node.loader", "loader", "tsx", *_place(loader))
        needs.features.append("tsx")
    if module and project is None:
        notes.saw("node.module", "module", "ES modules without a marker", entry)
        needs.features.append("module")


def _mixed(program: Program) -> str:
    """A file with both `await` at the top and `require`, and no syntax of a module."""
    files = program.files.items()
    return next((path for path, seen in files if seen.awaits and _requires(seen) and not seen.esm), "")


def _awaits(program: Program) -> bool:
    return any(seen.awaits for path, seen in program.files.items() if not path.endswith((".mts", ".mjs")))


def _place(loader: str) -> tuple[str, int]:
    file, _, line = loader.partition(":")
    number = line.partition(":")[0]
    return (file, int(number)) if number.isdigit() else (file, 0)


def _builds(source: Source, project: Project | None, started: Started) -> list[str]:
    """Commands that make what is started. None where the entry is there as it is."""
    if project is None:
        return []
    lines = list(started.command.builds)
    is_done = any("build" in line or "tsc" in line for line in lines)
    if not is_done and "build" in project.scripts and _is_made(source, project, started):
        lines.append("npm run build")
    return lines


def _is_made(source: Source, project: Project, started: Started) -> bool:
    """What is started is the product of a build: the file, or what a tool serves."""
    entry, tool = started.entry, started.command.tool
    if entry and not source.has(entry):
        return True
    return serves_built(tool) or _imports_itself(source, project, started.program)


def _imports_itself(source: Source, project: Project, program: Program) -> bool:
    """An example of a library imports it by its own name, which leads to what its build makes."""
    own = project.own.get("name")
    main = project.own.get("main") or project.own.get("module") or ""
    place = join(project.folder, main) if isinstance(main, str) and main else None
    is_there = place is not None and source.has(place)
    return not is_there and any(split(item.specifier)[0] == own for _, item in program.outside)


def _uses_dev(project: Project, started: Started, *, is_built: bool) -> bool:
    program, command = started.program, started.command
    plain, dev = project.dependencies(), project.dependencies(dev=True)
    if command.tool and command.tool[0] not in plain and not is_built:
        return bool(dev)
    imported = {split(item.specifier)[0] for _, item in program.outside if item.way != "types"}
    return not is_built and any(package in dev and package not in plain for package in imported)


def _wants_loader(started: Started) -> str:
    """Where a plain Node.js, which only takes types away, would fail; empty: nowhere."""
    entry, program = started.entry, started.program
    if place := next((place for path, seen in program.files.items() if (place := _refused(path, seen))), ""):
        return place
    typed = entry.endswith((".ts", ".mts", ".cts"))
    if program.guessed and (typed or any(path.endswith((".ts", ".tsx")) for path in program.files)):
        return program.guessed
    return entry if started.command.typed and typed else ""


def _refused(path: str, seen: JsFile) -> str:
    """Place in a file of what a plain Node.js refuses."""
    if seen.keeps:
        return f"{path}:{seen.keeps}"
    is_mixed = seen.esm and seen.cjs and _requires(seen)
    return path if seen.jsx or path.endswith((".tsx", ".jsx")) or is_mixed else ""


def _requires(seen: JsFile) -> bool:
    return any(item.way == "require" for item in seen.imports)


def _is_module(program: Program) -> bool:
    """Every file that could be either has the syntax of a module, or nothing that tells."""
    plain = [seen for path, seen in program.files.items() if path.endswith((".js", ".ts", ".tsx", ".jsx"))]
    is_any = any(seen.esm or seen.awaits for seen in plain)
    return is_any and not any(seen.cjs and not seen.esm and not seen.awaits for seen in plain)


def _says_type(project: Project | None) -> bool:
    return project is not None and project.own.get("type") == "module"
