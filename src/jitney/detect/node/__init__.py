"""JavaScript and TypeScript on Node.js, Deno or Bun: a project with package.json or deno.json, or a bare file whose imports
decide.

Features for the planner, `NAME` or `NAME:VALUE`: runtime:node|deno|bun · root:FOLDER of the install · member:FOLDER of the
workspace · tsx (a loader for TypeScript) · module (bare files are ES modules) · dev (packages for development are used) ·
extra:PACKAGE that the manifest lacks · manager:VERSION · build:COMMAND, run before it · start:tool|shell · env:NAME=VALUE
"""

from __future__ import annotations

import re

import msgspec

from jitney.detect.code import At, is_secret
from jitney.detect.model import Detection, Package, Wishes
from jitney.detect.node import deno, entry, follow, manifest, member, tsconfig
from jitney.detect.node.command import Command
from jitney.detect.node.manager import choose_manager
from jitney.detect.node.needs import Needs, judge
from jitney.detect.node.runtime import choose_runtime
from jitney.detect.node.started import Started
from jitney.detect.node.taken import takes
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
    found = _seen(source, project, started, needs, wishes, notes)
    final = _language(source, start, language)
    if final != language:
        _say_language(final, notes)
    return msgspec.structs.replace(
        found,
        language=final,
        version=version(source, project, needs.runtime, wishes, notes),
        manager=_manager(project, needs.runtime, notes),
        takes=takes(source, project, program, paths),
    )


def _seen(
    source: Source,
    project: manifest.Project | None,
    started: Started,
    needs: Needs,
    wishes: Wishes,
    notes: Notes,
) -> Detection:
    """What the code says, and what is installed for it."""
    program, command = started.program, started.command
    wanted = Wanted(project, needs.dev)
    wanted.add_imports(program, wishes)
    wanted.add_wishes(wishes)
    program.code.imports += [
        At(word, path, item.line) for path, item in program.outside for word in item.words()
    ]
    use = usage(program.code, "javascript", notes)
    return Detection(
        language="javascript",
        frameworks=use.frameworks,
        mode=use.modes[0],
        modes=use.modes,
        entry=started.entry,
        start=_start(source, started.entry, command),
        workdir=source.workdir,
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
        features=(f"runtime:{needs.runtime}", *needs.features, *wanted.more, *_told(command, project)),
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
    if config is not None and not wishes.entry and not source.entry:
        task = config.task(source)
        if task is not None:
            notes.saw("deno.entry.task", "entry", task[0], config.path)
            return task
    if place is None or project is None:
        return entry.find(source, project, wishes.entry, notes)
    if place.text:
        project.own = {**project.own, "scripts": {**project.scripts, "start": place.text}}
    return entry.find(source, project, wishes.entry, notes, place.script or "start")


def _say_language(final: str, notes: Notes) -> None:
    """package.json is of both: what the program is written in decided."""
    for number, seen in enumerate(notes.evidence):
        if seen.decides == "language" and seen.value != final:
            losers = (*seen.losers, f"{seen.value} ({seen.rule})")
            notes.evidence[number] = msgspec.structs.replace(
                seen, rule="node.language", value=final, losers=losers
            )


def _language(source: Source, start: str, chosen: str) -> str:
    """Of the file that is started; of what it is made from, or what a tool serves: what most of the program's own code is in."""
    if start.endswith(TYPED):
        return "typescript"
    if start and source.has(start):
        return "javascript"
    scripts = [path for path in _scripts(source) if not path.endswith(".d.ts")]
    own = [path for path in scripts if not _SETTINGS.search(path)] or scripts
    typed = [path for path in own if path.endswith(TYPED)]
    if not own:
        return chosen
    return "typescript" if 2 * len(typed) > len(own) else "javascript"


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
