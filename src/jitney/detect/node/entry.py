"""The file that is started, and how: flag → the file handed over → Procfile → scripts.start → main → the site's own server →
what a build makes → index → bin → the only root file."""

from __future__ import annotations

import re

from jitney.detect.data.starters import STARTERS
from jitney.detect.node import site
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
_OWN = ("javascript", "typescript")
_WORKERS = frozenset(
    {"concurrently", "npm-run-all", "run-p", "run-s", "tsc", "webpack", "rollup", "esbuild", "tsup", "vitest", "jest", "eslint",
     "turbo", "nx", "lerna", "tailwindcss", "sass"}
)  # fmt: skip
"""Programs of a `dev` script that start others, compile or test: none of them is the program."""

_NO_PROGRAM = re.compile(
    r"\.(?:test|spec|config|stories|d)\.[cm]?[jt]sx?$|(?:^|/)(?:\.[^/]+|[\w.]+\.config|\w+file|webpack\.mix)\.[cm]?[jt]s$"
)
"""Tests, declarations, and settings of tools: `vite.config.ts`, `.eslintrc.js`, `gulpfile.js`."""


def find(
    source: Source, project: Project | None, wished: str, notes: Notes, script: str = "start"
) -> tuple[str, Command]:
    """Path of the entry (empty where a package's program is started) and the command. DetectionError: none, or many. script: of
    the manifest's, which one starts it."""
    if wished and project is not None and wished in project.scripts:
        notes.saw("flag.entry", "entry", wished, project.manifests[0])
        return _of_script(source, project, wished)
    if wished:
        return _wished(source, wished, notes)
    if source.entry:
        notes.saw("source.file", "entry", source.entry, source.entry)
        return source.entry, Command()
    own = project if project is not None and project.folder == source.workdir else None
    return _said(source, own, notes, script) or _guessed(source, own, notes)


def _guessed(source: Source, project: Project | None, notes: Notes) -> tuple[str, Command]:
    """The file of a usual name; the tool that a script for development starts; the only file."""
    if (usual := _of_names(source, notes)) is not None:
        return usual, Command()
    return _of_tool(project, notes) or (_of_files(source, notes), Command())


def _wished(source: Source, wished: str, notes: Notes) -> tuple[str, Command]:
    place = join(source.workdir, wished)
    if place is None or not source.has(place):
        raise DetectionError(
            f"the entry {wished} is not there",
            "a file relative to the program's folder, or a script of its package.json",
        )
    notes.saw("flag.entry", "entry", place, place)
    return place, Command()


def _said(source: Source, project: Project | None, notes: Notes, script: str) -> tuple[str, Command] | None:
    """What a Procfile or the folder's own manifest says; None: nothing."""
    found = _of_procfile(source, project, notes)
    if found is not None or project is None:
        return found
    if script in project.scripts:
        notes.saw("node.entry.start", "entry", project.scripts[script], project.manifests[0])
        return _of_script(source, project, script)
    ladder = (_of_main, _of_site, _of_build, _of_dev)
    return next((one for step in ladder if (one := step(source, project, notes)) is not None), None)


def _of_procfile(source: Source, project: Project | None, notes: Notes) -> tuple[str, Command] | None:
    """Its command, unless it starts another language's program, or a file that is not there."""
    path = f"{source.workdir}/Procfile".lstrip("/")
    if source.alone or not source.has(path):
        return None
    from jitney.detect.recipes.procfile import read

    said = next(iter(read(source.read_text(path), path, source.workdir)), None)
    if said is None or not said.words or STARTERS.get(said.words[0], "javascript") not in _OWN:
        return None
    scripts = project.scripts if project is not None else {}
    command = parse("Procfile", {**scripts, "Procfile": said.value.partition(":")[2]})
    place = _place_of(source, command, is_built=project is not None and _is_built(project))
    if place is None:
        return None
    notes.saw("procfile", "entry", said.value, path, said.line)
    return place, command


def _place_of(source: Source, command: Command, *, is_built: bool) -> str | None:
    """Of a command's file, empty where it has none; None: it is not there, and nothing makes it."""
    if not command.file:
        return ""
    made = f"{source.workdir}/{command.file}".lstrip("/") if is_built else None
    return there(source, source.workdir, command.file) or made


def _of_main(source: Source, project: Project, notes: Notes) -> tuple[str, Command] | None:
    """`main` or `module`, where that file is there and no page's own."""
    for field in ("main", "module"):
        said = project.own.get(field)
        place = there(source, project.folder, said) if isinstance(said, str) else ""
        if place and place not in site.page_scripts(source, project.folder):
            notes.saw("node.entry.main", "entry", str(said), project.manifests[0])
            return place, Command()
    return None


def _of_site(source: Source, project: Project, notes: Notes) -> tuple[str, Command] | None:
    """A site is served by its own script for that, else by its tool."""
    found = site.site_of(source, project)
    if found is None:
        return None
    name = next((one for one in site.SCRIPTS if _is_served(project, one)), "")
    if name:
        notes.saw("node.entry.site", "entry", project.scripts[name], project.manifests[0])
        return _of_script(source, project, name)
    if any(path for path in _usual(source, source.workdir) if parent(path) == source.workdir):
        return None  # a server of its own beside the site
    notes.saw("node.entry.site", "entry", f"{found.start} ({found.package})", project.manifests[0])
    command = parse("site", {"site": found.start})
    if found.build and "build" not in project.scripts:
        command.builds = (found.build,)
    return f"{project.folder}/{command.file}".lstrip("/") if command.file else "", command


def _is_served(project: Project, script: str) -> bool:
    """A script whose server of files is among the packages: templates name servers that they do not declare."""
    if script not in project.scripts:
        return False
    tool = parse(script, project.scripts).tool
    package = site.SERVERS.get(tool[0]) if tool else None
    return package is None or package in project.dependencies() or package in project.dependencies(dev=True)


def _of_build(source: Source, project: Project, notes: Notes) -> tuple[str, Command] | None:
    """`main` that a build makes; a program of `bin`."""
    pages = site.page_scripts(source, project.folder)
    for rule, file in _products(source, project):
        place = there(source, project.folder, file)
        if (place not in pages) if place else _is_built(project):
            notes.saw(rule, "entry", file, project.manifests[0])
            return place or f"{project.folder}/{file.removeprefix('./')}".lstrip("/"), Command()
    return None


def _products(source: Source, project: Project) -> list[tuple[str, str]]:
    """Rule and file: `main`, then the first of `bin` where no file has a program's name."""
    main = project.own.get("main") or project.own.get("module")
    said = [("node.entry.main", main)] if isinstance(main, str) else []
    if _usual(source, source.workdir):
        return said
    bins = texts(project.own.get("bin")) or texts({"": project.own.get("bin")})
    return said + [("node.entry.bin", file) for file in bins.values()][:1]


def there(source: Source, folder: str, file: str) -> str:
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
    place = there(source, project.folder, command.file)
    if not place and not command.builds and not _is_built(project):
        place = _before_compiling(source, project.folder, command.file)
        if not place and not command.shell:
            raise DetectionError(
                f"{project.manifests[0]}: the script `{script}` starts {command.file}, which is not there",
                "name the file to start: jitney run --entry FILE …",
            )
    return place or f"{project.folder}/{command.file}".lstrip("/"), command


def _before_compiling(source: Source, folder: str, file: str) -> str:
    """`dist/main.js` without a build script, `main.js` that an install script compiles: its TypeScript."""
    match = re.fullmatch(r"(?:\./)?((?:dist|build|lib|out)/)?(.+)\.([cm]?)js", file)
    if not match:
        return ""
    tails = [f"{top}{match[2]}.{match[3]}ts" for top in (("src/", "") if match[1] else ("",))]
    places = (join(folder, tail) for tail in tails)
    return next((place for place in places if place is not None and source.has(place)), "")


def _of_dev(source: Source, project: Project, notes: Notes) -> tuple[str, Command] | None:
    """A script for development that names a file which is there: it says more than a file's name does."""
    for name in ("serve", "dev", "develop"):
        if name not in project.scripts:
            continue
        command = parse(name, project.scripts)
        place = there(source, project.folder, command.file) if command.file else ""
        if place and not command.shell:
            notes.saw("node.entry.dev", "entry", project.scripts[name], project.manifests[0])
            return place, command
    return None


def _of_tool(project: Project | None, notes: Notes) -> tuple[str, Command] | None:
    """The tool that a script for development starts, where no file is the one."""
    scripts = project.scripts if project is not None else {}
    name = next((one for one in ("serve", "dev", "develop") if one in scripts), "")
    command = parse(name, scripts) if name else Command()
    if project is None or not command.tool or command.tool[0] in _WORKERS:
        return None
    notes.saw("node.entry.dev", "entry", scripts[name], project.manifests[0])
    return "", command


def _usual(source: Source, folder: str) -> list[str]:
    """Files of a program's usual name, without those that a page loads."""
    prefix = f"{folder}/" if folder else ""
    found = [
        f"{prefix}{stem}{end}" for stem in USUAL for end in SCRIPTS if source.has(f"{prefix}{stem}{end}")
    ]
    return [path for path in found if path not in site.page_scripts(source, folder)] if found else []


def _of_names(source: Source, notes: Notes) -> str | None:
    """`index.js` and `index.ts` beside each other: one is made of the other, and the source is what counts."""
    usual = _usual(source, source.workdir)
    if not usual:
        return None
    notes.saw("node.entry.usual", "entry", usual[0], usual[0], 0, tuple(usual[1:]))
    return usual[0]


def _of_files(source: Source, notes: Notes) -> str:
    pages = site.page_scripts(source, source.workdir)
    files = [path for path in _programs(source) if path not in pages]
    here = [path for path in files if parent(path) == source.workdir]
    found = here or ([] if pages else files)
    if not found:
        raise _none(source, pages)
    if len(found) > 1:
        raise _many(found)
    notes.saw("node.entry.only", "entry", found[0], found[0])
    return found[0]


def _programs(source: Source) -> list[str]:
    """Scripts that are no tests, no settings, and no products of those beside them."""
    every = [path for path in source.files() if path.endswith(SCRIPTS) and not _NO_PROGRAM.search(path)]
    return [path for path in every if not _is_compiled(path, every)]


def _is_compiled(path: str, every: list[str]) -> bool:
    """What is made of the TypeScript beside it."""
    match = re.fullmatch(r"(.+)\.([cm]?)jsx?", path)
    return (
        bool(match) and any(f"{match[1]}.{match[2]}{end}" in every for end in ("ts", "tsx"))
        if match
        else False
    )


def _many(found: list[str]) -> DetectionError:
    listed = "\n  ".join(sorted(found, key=lambda path: (path.count("/"), path))[:12])
    return DetectionError(
        f"{len(found)} files could be the one to start:\n  {listed}",
        f"choose one: jitney run --entry {found[0]} …",
    )


def _none(source: Source, pages: dict[str, str]) -> DetectionError:
    if pages:
        script, page = next(iter(pages.items()))
        return DetectionError(
            f"{source.label}: nothing runnable was found: a static site, {page} loads {script} in a browser",
            "a program is a file that a runtime starts: name it with --entry FILE",
        )
    return DetectionError(
        f"{source.label}: no entry was found (looked at: Procfile, scripts.start, main, index.*, bin, the only file)",
        "name the file to start: jitney run --entry FILE …",
    )
