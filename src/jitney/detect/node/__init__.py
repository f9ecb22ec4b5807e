"""JavaScript and TypeScript on Node.js, Deno or Bun: a project with package.json or deno.json, or a bare file whose imports
decide.

Features for the planner, `NAME` or `NAME:VALUE`: runtime:node|deno|bun · root:FOLDER of the install · member:FOLDER of the
workspace · tsx (a loader for TypeScript) · module (bare files are ES modules) · dev (packages for development are used) ·
extra:PACKAGE that the manifest lacks · manager:VERSION · build:COMMAND, run before it · start:tool|shell · env:NAME=VALUE
"""

from __future__ import annotations

from jitney.detect.code import At, is_secret
from jitney.detect.model import Detection, Package, Wishes
from jitney.detect.node import deno, entry, follow, manifest, tsconfig
from jitney.detect.node.command import Command
from jitney.detect.node.needs import judge
from jitney.detect.node.runtime import choose_runtime
from jitney.detect.node.version import version
from jitney.detect.node.wanted import Wanted
from jitney.detect.notes import Notes
from jitney.detect.usage import usage
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import parent

TYPED = (".ts", ".mts", ".cts", ".tsx")


def detect_javascript(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """DetectionError: no entry, many entries, contradicting package managers."""
    return _detect(source, wishes, notes, "javascript")


def detect_typescript(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """Like detect_javascript."""
    return _detect(source, wishes, notes, "typescript")


def _detect(source: Source, wishes: Wishes, notes: Notes, language: str) -> Detection:
    project = manifest.find(source, notes)
    config = deno.find(source, notes)
    if (
        config is not None
        and not wishes.entry
        and not source.entry
        and (task := config.task(source)) is not None
    ):
        start, command = task
        notes.saw("deno.entry.task", "entry", start, config.path)
    else:
        start, command = entry.find(source, project, wishes.entry, notes)
    paths = tsconfig.read(source, parent(start) if start else source.workdir)
    program = follow.follow(source, [start] if source.has(start) else _scripts(source), paths)
    runtime = choose_runtime(source, wishes, project, config, start, command, program, notes)
    if runtime == "deno":
        return deno.detect(source, wishes, notes, config, start, command, program)
    needs = judge(source, project, start, command, program, runtime, notes)
    wanted = Wanted(project, needs.dev)
    wanted.add_imports(program, wishes)
    wanted.add_wishes(wishes)
    if needs.runtime != runtime:
        runtime = needs.runtime
    for path, item in program.outside:
        program.code.imports.append(At(item.specifier, path, item.line))
    use = usage(program.code, "javascript", notes)
    return Detection(
        language=("typescript" if start.endswith(TYPED) else "javascript") if start else language,
        version=version(source, project, runtime, wishes.version, notes),
        frameworks=use.frameworks,
        mode=use.modes[0],
        modes=use.modes,
        entry=start,
        start=_start(source, start, command, project),
        workdir=source.workdir,
        manager=_manager(project, runtime),
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


def _manager(project: manifest.Project | None, runtime: str) -> str:
    """Bun installs for itself, unless another manager's lock says which versions."""
    if project is None:
        return "imports"
    return "bun" if runtime == "bun" and not project.lock else project.manager


def _scripts(source: Source) -> list[str]:
    """What is looked at where the entry is made by a build: all of the program's own code."""
    return [
        path
        for path in source.files()
        if path.endswith(follow.SCRIPTS) and "/node_modules/" not in f"/{path}"
    ]


def _start(source: Source, start: str, command: Command, project: manifest.Project | None) -> tuple[str, ...]:
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
