"""JavaScript and TypeScript on Node.js, Deno or Bun: a project with package.json or deno.json, or a bare file whose imports
decide.

Features for the planner, `NAME` or `NAME:VALUE`: runtime:node|deno|bun · root:FOLDER of the install · member:FOLDER of the
workspace · tsx (a loader for TypeScript) · module (bare files are ES modules) · dev (packages for development are used) ·
extra:PACKAGE that the manifest lacks · manager:VERSION · build:COMMAND, run before it · start:tool|shell · env:NAME=VALUE
"""

from __future__ import annotations

import re

from jitney.detect.code import At, is_secret
from jitney.detect.model import Detection, Package, Wishes
from jitney.detect.node import deno, entry, follow, manifest, member, tsconfig
from jitney.detect.node.command import Command
from jitney.detect.node.manager import choose_manager
from jitney.detect.node.needs import judge
from jitney.detect.node.runtime import choose_runtime
from jitney.detect.node.started import Started
from jitney.detect.node.version import version
from jitney.detect.node.wanted import Wanted
from jitney.detect.notes import Notes
from jitney.detect.usage import usage
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import parent

TYPED = (".ts", ".mts", ".cts", ".tsx")
_ASIDE = re.compile(r"(?:^|/)(?:node_modules|\.[^/]+)/|(?:^|/)\.pnp\.c?js$")
"""Folders of tools: what Yarn keeps in `.yarn` is Yarn itself."""

_SETTINGS = re.compile(r"(?:^|/)(?:\.[^/]+|[\w.-]+\.config|[\w.-]+\.(?:test|spec))\.[cm]?[jt]sx?$")


def detect_javascript(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """DetectionError: no entry, many entries, contradicting package managers."""
    return _detect(source, wishes, notes, "javascript")


def detect_typescript(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """Like detect_javascript."""
    return _detect(source, wishes, notes, "typescript")


def _detect(source: Source, wishes: Wishes, notes: Notes, language: str) -> Detection:
    project = manifest.find(source, notes)
    place = member.where(source, project, wishes, notes)
    if place is not None and not place.entry:
        source = source.at(place.folder)
        project = manifest.find(source, notes)
    if project is not None:
        choose_manager(source, project, notes)
    config = deno.find(source, notes)
    start, command = _begin(source, project, config, wishes, place, notes)
    paths = tsconfig.read(source, parent(start) if start else source.workdir)
    program = follow.follow(source, [start] if source.has(start) else _scripts(source), paths)
    started = Started(start, command, program)
    runtime = choose_runtime(source, wishes, project, config, started, notes)
    if runtime == "deno":
        return deno.detect(source, wishes, notes, config, started)
    needs = judge(source, project, started, runtime, notes)
    wanted = Wanted(project, needs.dev)
    wanted.add_imports(program, wishes)
    wanted.add_wishes(wishes)
    runtime = needs.runtime
    for path, item in program.outside:
        names = [f"{item.specifier}.{name}" for name in item.names] or [item.specifier]
        program.code.imports += [At(name, path, item.line) for name in names]
    use = usage(program.code, "javascript", notes)
    return Detection(
        language=_language(source, start, language),
        version=version(source, project, runtime, wishes, notes),
        frameworks=use.frameworks,
        mode=use.modes[0],
        modes=use.modes,
        entry=start,
        start=_start(source, start, command),
        workdir=source.workdir,
        manager=_manager(project, runtime, notes),
        manifests=(*project.manifests, *manifest.beside(source, project)) if project else (),
        lock=project.lock if project else "",
        packages=tuple(wanted.found.values()),
        unknown=tuple(wanted.unknown),
        models=tuple(program.code.models),
        endpoints=use.endpoints,
        env=use.env,
        secrets=tuple(variable for variable in use.env if is_secret(variable)),
        system=tuple(
            Package(name=apt, why=Evidence(rule="flag.apt", decides="system", value=apt))
            for apt in sorted(wishes.apt)
        ),
        features=(f"runtime:{runtime}", *needs.features, *wanted.more, *_told(command, project)),
        takes=_takes(source, project, program, paths),
    )


def _begin(
    source: Source,
    project: manifest.Project | None,
    config: deno.DenoConfig | None,
    wishes: Wishes,
    place: member.Place | None,
    notes: Notes,
) -> tuple[str, Command]:
    """The entry and its command: what led to a member of the workspace, Deno's task, else the manifest and the files."""
    if place is not None and place.entry:
        notes.saw("node.workspace.entry", "entry", place.entry, place.entry)
        return place.entry, Command(typed=place.entry.endswith(TYPED))
    if place is not None and place.text and project is not None:
        project.own = {**project.own, "scripts": {**project.scripts, "start": place.text}}
    task = config.task(source) if config is not None and not wishes.entry and not source.entry else None
    if config is not None and task is not None:
        notes.saw("deno.entry.task", "entry", task[0], config.path)
        return task
    script = place.script if place is not None and place.script else "start"
    return entry.find(source, project, wishes.entry, notes, script)


def _language(source: Source, start: str, chosen: str) -> str:
    """Of the file that is started; of what it is made from, or what a tool serves: what most of the program's own code is in."""
    if start and (source.has(start) or start.endswith(TYPED)):
        return "typescript" if start.endswith(TYPED) else "javascript"
    scripts = [path for path in _scripts(source) if not path.endswith(".d.ts")]
    own = [path for path in scripts if not _SETTINGS.search(path)] or scripts
    typed = sum(path.endswith(TYPED) for path in own)
    return ("typescript" if 2 * typed > len(own) else "javascript") if own else chosen


def _manager(project: manifest.Project | None, runtime: str, notes: Notes) -> str:
    """Bun installs for itself, where nothing says otherwise."""
    if project is None:
        return "imports"
    if runtime != "bun" or project.lock or not project.is_default:
        return project.manager
    notes.saw(
        "node.manager.runtime", "manager", "bun", project.manifests[0], 0, ("npm (nothing names a manager)",)
    )
    return "bun"


def _scripts(source: Source) -> list[str]:
    """What is looked at where the entry is made by a build: all of the program's own code."""
    return [path for path in source.files() if path.endswith(follow.SCRIPTS) and not _ASIDE.search(path)]


def _start(source: Source, start: str, command: Command) -> tuple[str, ...]:
    """Words after the runtime; the file relative to the program's folder."""
    if command.tool:
        return command.tool
    if command.shell:
        return (command.shell,)
    folder = f"{source.workdir}/" if source.workdir else ""
    return (*command.flags, start.removeprefix(folder), *command.args)


def _told(command: Command, project: manifest.Project | None) -> list[str]:
    told = [f"env:{key}={value}" for key, value in sorted(command.env.items())]
    told += ["start:tool"] if command.tool else ["start:shell"] if command.shell else []
    if project is not None:
        told += [f"root:{project.root}", *(f"member:{folder}" for folder in project.members)]
        told += [f"manager:{project.manager_version}"] if project.manager_version else []
    return told


def _takes(
    source: Source, project: manifest.Project | None, program: follow.Program, paths: tsconfig.Paths
) -> tuple[str, ...]:
    """The program's folder, what it reaches above it, manifests, the workspace's members, folders named by `file:`."""
    taken = {*source.files(), *program.files, *program.data}
    if paths.file:
        taken.add(paths.file)
    if project is not None:
        taken |= {*project.manifests, *manifest.beside(source, project)}
        taken |= {project.lock} - {""}
        for folder in (*project.members, *manifest.local_dependencies(source, project)):
            taken |= set(source.files(folder))
    outside = ("node_modules/", ".git/")
    return tuple(
        sorted(
            path
            for path in taken
            if source.has(path) and not any(f"/{part}" in f"/{path}" for part in outside)
        )
    )
