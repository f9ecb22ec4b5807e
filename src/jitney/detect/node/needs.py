"""What a program needs beside its packages: a loader for TypeScript, module syntax without a marker, a build."""

from __future__ import annotations

import msgspec

from jitney.detect.node.code import JsFile
from jitney.detect.node.command import Command
from jitney.detect.node.follow import Program
from jitney.detect.node.manifest import Project
from jitney.detect.node.packages import split
from jitney.detect.notes import Notes
from jitney.source import Source
from jitney.source.paths import join


class Needs(msgspec.Struct):
    runtime: str
    dev: bool = False
    features: list[str] = []


def judge(
    source: Source,
    project: Project | None,
    entry: str,
    command: Command,
    program: Program,
    runtime: str,
    notes: Notes,
) -> Needs:
    """Features for the planner, with their evidence. The runtime may become Bun, which takes what no other does."""
    builds = _builds(source, project, entry, command, program)
    needs = Needs(runtime=runtime, features=[f"build:{line}" for line in builds])
    for line in builds:
        notes.saw("node.build", "build", line, project.manifests[0] if project else "")
    if project is not None and _uses_dev(project, program, command, is_built=bool(builds)):
        needs.dev = True
        needs.features.append("dev")
    if runtime != "node" or (builds and not source.has(entry)):
        return needs
    mixed = next(
        (path for path, seen in program.files.items() if seen.awaits and _requires(seen) and not seen.esm), ""
    )
    if mixed:  # Node.js has to choose between the two, Bun has not
        needs.runtime = "bun"
        notes.saw("node.runtime.await", "runtime", "bun", mixed, 0, ("node (await beside require)",))
        return needs
    loader = _wants_loader(entry, command, program)
    module = _is_module(program) and not _says_type(project)
    awaits = module and any(
        seen.awaits for path, seen in program.files.items() if not path.endswith((".mts", ".mjs"))
    )
    if loader and awaits and project is not None:
        needs.runtime = (
            "bun"  # a loader takes such a file for CommonJS, where nothing can be awaited at the top
        )
        notes.saw("node.runtime.await", "runtime", "bun", entry, 0, (f"node ({loader})",))
        return needs
    if loader:
        notes.saw("node.loader", "loader", "tsx", *_place(loader))
        needs.features.append("tsx")
    if module and project is None:
        notes.saw("node.module", "module", "ES modules without a marker", entry)
        needs.features.append("module")
    return needs


def _place(loader: str) -> tuple[str, int]:
    file, _, line = loader.partition(":")
    number = line.partition(":")[0]
    return (file, int(number)) if number.isdigit() else (file, 0)


def _builds(
    source: Source, project: Project | None, entry: str, command: Command, program: Program
) -> list[str]:
    """Commands that make what is started. None where the entry is there as it is."""
    if project is None:
        return []
    lines = list(command.builds)
    is_made = (bool(entry) and not source.has(entry)) or _imports_itself(source, project, program)
    if is_made and not any("build" in line or "tsc" in line for line in lines) and "build" in project.scripts:
        lines.append("npm run build")
    if (
        command.tool
        and not lines
        and "build" in project.scripts
        and command.tool[1:2] in (("start",), ("preview",))
    ):
        lines.append("npm run build")  # `next start`, `vite preview`: they serve what was built
    return lines


def _imports_itself(source: Source, project: Project, program: Program) -> bool:
    """An example of a library imports it by its own name, which leads to what its build makes."""
    own = project.own.get("name")
    main = project.own.get("main") or project.own.get("module") or ""
    place = join(project.folder, main) if isinstance(main, str) and main else None
    is_there = place is not None and source.has(place)
    return not is_there and any(split(item.specifier)[0] == own for _, item in program.outside)


def _uses_dev(project: Project, program: Program, command: Command, *, is_built: bool) -> bool:
    plain, dev = project.dependencies(), project.dependencies(dev=True)
    if command.tool and command.tool[0] not in plain and not is_built:
        return bool(dev)
    imported = {split(item.specifier)[0] for _, item in program.outside if item.way != "types"}
    return not is_built and any(package in dev and package not in plain for package in imported)


def _wants_loader(entry: str, command: Command, program: Program) -> str:
    """Where a plain Node.js, which only takes types away, would fail; empty: nowhere."""
    for path, seen in program.files.items():
        if seen.keeps:
            return f"{path}:{seen.keeps}"
        if seen.jsx or path.endswith((".tsx", ".jsx")):
            return path
        if seen.esm and seen.cjs and _requires(seen):
            return path
    typed = entry.endswith((".ts", ".mts", ".cts"))
    if program.guessed and (typed or any(path.endswith((".ts", ".tsx")) for path in program.files)):
        return program.guessed
    return entry if command.typed and typed else ""


def _requires(seen: JsFile) -> bool:
    return any(item.way == "require" for item in seen.imports)


def _is_module(program: Program) -> bool:
    """Every file that could be either has the syntax of a module, or nothing that tells."""
    plain = [seen for path, seen in program.files.items() if path.endswith((".js", ".ts", ".tsx", ".jsx"))]
    is_any = any(seen.esm or seen.awaits for seen in plain)
    return is_any and not any(seen.cjs and not seen.esm and not seen.awaits for seen in plain)


def _says_type(project: Project | None) -> bool:
    return project is not None and project.own.get("type") == "module"
