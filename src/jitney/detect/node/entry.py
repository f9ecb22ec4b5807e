"""The file that is started, and how: flag → the file handed over → scripts.start → main → index → bin → the only root file."""

from __future__ import annotations

import re

from jitney.detect.node.command import Command, parse
from jitney.detect.node.follow import SCRIPTS
from jitney.detect.node.jsonc import texts
from jitney.detect.node.manifest import Project
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import join, parent

USUAL = (
    "index",
    "main",
    "app",
    "server",
    "cli",
    "src/index",
    "src/main",
    "src/app",
    "src/server",
    "src/cli",
    "mod",
)
_NO_PROGRAM = re.compile(
    r"\.(?:test|spec|config|stories|d)\.[cm]?[jt]sx?$|(?:^|/)(?:\.[^/]+|[\w.]+\.config)\.[cm]?[jt]s$"
)


def find(source: Source, project: Project | None, wished: str, notes: Notes) -> tuple[str, Command]:
    """Path of the entry (empty where a package's program is started) and the command. DetectionError: none, or many."""
    if wished and project is not None and wished in project.scripts:
        notes.saw("flag.entry", "entry", wished, project.manifests[0])
        return _of_script(source, project, wished)
    if wished:
        return _wished(source, wished, notes)
    if source.entry:
        notes.saw("source.file", "entry", source.entry, source.entry)
        return source.entry, Command()
    if project is not None and project.folder == source.workdir:
        found = _of_manifest(source, project, notes)
        if found is not None:
            return found
    return _of_files(source, notes), Command()


def _wished(source: Source, wished: str, notes: Notes) -> tuple[str, Command]:
    place = join(source.workdir, wished)
    if place is None or not source.has(place):
        raise DetectionError(
            f"the entry {wished} is not there",
            "a file relative to the program's folder, or a script of its package.json",
        )
    notes.saw("flag.entry", "entry", place, place)
    return place, Command()


def _of_manifest(source: Source, project: Project, notes: Notes) -> tuple[str, Command] | None:
    path = project.manifests[0]
    if "start" in project.scripts:
        notes.saw("node.entry.start", "entry", project.scripts["start"], path)
        return _of_script(source, project, "start")
    main = project.own.get("main") or project.own.get("module")
    bins = texts(project.own.get("bin")) or texts({"": project.own.get("bin")})
    said = [("node.entry.main", main)] if isinstance(main, str) else []
    if not any(_usual(source, source.workdir)):
        said += [("node.entry.bin", file) for file in bins.values() if isinstance(file, str)][:1]
    for rule, file in said:
        place = _there(source, project.folder, file)
        if place or _is_built(project):
            notes.saw(rule, "entry", file, path)
            return place or f"{project.folder}/{file.removeprefix('./')}".lstrip("/"), Command()
    return None


def _there(source: Source, folder: str, file: str) -> str:
    """The file, also where its ending, or `/index.js`, is left out; empty: it is not there."""
    place = join(folder, file)
    if place is None:
        return ""
    tails = ("", ".js", ".ts", ".mjs", ".cjs", "/index.js", "/index.ts")
    return next((place + tail for tail in tails if source.has(place + tail)), "")


def _is_built(project: Project) -> bool:
    return "build" in project.scripts


def _of_script(source: Source, project: Project, script: str) -> tuple[str, Command]:
    command = parse(script, project.scripts)
    if not command.file:
        return "", command
    place = _there(source, project.folder, command.file)
    if not place and not command.builds and not _is_built(project):
        place = _before_compiling(source, project.folder, command.file)
        if not place:
            raise DetectionError(
                f"{project.manifests[0]}: the script `{script}` starts {command.file}, which is not there",
                "name the file to start: jitney run --entry FILE …",
            )
    return place or f"{project.folder}/{command.file}".lstrip("/"), command


def _before_compiling(source: Source, folder: str, file: str) -> str:
    """`dist/main.js` without a build script: its TypeScript."""
    match = re.fullmatch(r"(?:\./)?(?:dist|build|lib|out)/(.+)\.([cm]?)js", file)
    if not match:
        return ""
    tails = [f"{top}{match[1]}.{match[2]}ts" for top in ("src/", "")]
    places = (join(folder, tail) for tail in tails)
    return next((place for place in places if place is not None and source.has(place)), "")


def _usual(source: Source, folder: str) -> list[str]:
    prefix = f"{folder}/" if folder else ""
    return [f"{prefix}{stem}{end}" for stem in USUAL for end in SCRIPTS if source.has(f"{prefix}{stem}{end}")]


def _of_files(source: Source, notes: Notes) -> str:
    usual = _usual(source, source.workdir)
    if usual:
        # `index.js` and `index.ts` beside each other: one is made of the other, and the source is what counts
        notes.saw("node.entry.usual", "entry", usual[0], usual[0], 0, tuple(usual[1:]))
        return usual[0]
    files = [path for path in source.files() if path.endswith(SCRIPTS) and not _NO_PROGRAM.search(path)]
    here = [path for path in files if parent(path) == source.workdir]
    for found in (here, files):
        if len(found) == 1:
            notes.saw("node.entry.only", "entry", found[0], found[0])
            return found[0]
        if found:
            listed = "\n  ".join(sorted(found, key=lambda path: (path.count("/"), path))[:12])
            raise DetectionError(
                f"{len(found)} files could be the one to start:\n  {listed}",
                f"choose one: jitney run --entry {found[0]} …",
            )
    raise DetectionError(
        f"{source.label}: no entry was found (looked at: scripts.start, main, index.*, bin, the only file)",
        "name the file to start: jitney run --entry FILE …",
    )
