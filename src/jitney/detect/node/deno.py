"""Deno: deno.json, or a file whose imports are `npm:`, `jsr:` and addresses."""

from __future__ import annotations

import re
import shlex

import msgspec

from jitney.detect.code import At, is_secret
from jitney.detect.model import Detection, Package, UnknownImport, Wishes
from jitney.detect.node.code import JsFile
from jitney.detect.node.command import Command, parse
from jitney.detect.node.follow import Program
from jitney.detect.node.jsonc import loads, table, texts
from jitney.detect.node.packages import is_builtin, is_known, near, split
from jitney.detect.node.started import Started
from jitney.detect.node.version import version
from jitney.detect.notes import Notes
from jitney.detect.usage import usage
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import join, parents

_ALWAYS = ("--allow-net", "--allow-env", "--allow-read", "--allow-sys", "--allow-import")
"""A program that reaches a model needs these; the box it runs in has nothing else to give anyway."""

_SPECIFIER = re.compile(r"(?:npm|jsr):/?(@[^/@]+/[^/@]+|[^/@]+)(?:@([^/]+))?(/.*)?")
_REMOTE = ("npm:", "jsr:", "https://", "http://")
_WRITES = re.compile(
    r"Deno\.(?:write|open|mkdir|remove|rename|create|copyFile|makeTemp)|\bwriteFile|\bmkdir|\bappendFile"
)
_RUNS = re.compile(r"Deno\.(?:Command|run)\b|child_process")
_LOADS = re.compile(r"Deno\.dlopen|onnxruntime|node-llama-cpp|better-sqlite3|\.node['\"]")


class DenoConfig(msgspec.Struct):
    path: str
    folder: str
    data: dict[str, object]

    @property
    def imports(self) -> dict[str, str]:
        return texts(self.data.get("imports"))

    def task(self, source: Source) -> tuple[str, Command] | None:
        """The task `start`, else `dev` or the exported module, as file and command."""
        said = table(self.data.get("tasks"))
        tasks = {
            name: one if isinstance(one, str) else texts(one).get("command", "") for name, one in said.items()
        }
        for name in ("start", "run", "serve", "dev", "main"):
            if tasks.get(name) and (found := self._started(source, parse(name, tasks))):
                return found
        exports = self.data.get("exports")
        main = exports if isinstance(exports, str) else texts(exports).get(".", "")
        place = join(self.folder, main) if main else None
        return (place, Command()) if place is not None and source.has(place) else None

    def _started(self, source: Source, command: Command) -> tuple[str, Command] | None:
        place = join(self.folder, command.file) if command.file else None
        is_there = command.runtime == "deno" and place is not None and source.has(place)
        return (place, command) if is_there and place is not None else None


def find(source: Source, notes: Notes) -> DenoConfig | None:
    if source.alone:
        return None
    for at in parents(source.workdir):
        for file in ("deno.json", "deno.jsonc"):
            path = f"{at}/{file}".lstrip("/")
            if source.has(path):
                try:
                    return DenoConfig(path, at, table(loads(source.read_text(path))))
                except ValueError as error:
                    line = getattr(error, "lineno", 1)
                    notes.tell("error", "deno.json", f"{path}:{line}: {error}", file=path, line=line)
                    return DenoConfig(path, at, {})
    return None


def detect(
    source: Source, wishes: Wishes, notes: Notes, config: DenoConfig | None, started: Started
) -> Detection:
    entry, command, program = started.entry, started.command, started.program
    packages, unknown = _packages(config, program, wishes)
    program.code.imports += [
        At(word, path, item.line)
        for path, item in program.outside
        for word in item.words(_package(item.specifier, config))
    ]
    use = usage(program.code, "javascript", notes)
    folder = f"{source.workdir}/" if source.workdir else ""
    flags = command.flags or _shebang_flags(source, entry) or _allowed(program.files, source)
    return Detection(
        language="typescript" if entry.endswith((".ts", ".mts", ".tsx")) else "javascript",
        version=version(source, None, "deno", wishes, notes),
        frameworks=use.frameworks,
        mode=use.modes[0],
        modes=use.modes,
        entry=entry,
        start=(*flags, entry.removeprefix(folder), *command.args),
        workdir=source.workdir,
        manager="deno",
        manifests=(config.path,) if config else (),
        lock=_lock(source, config),
        packages=tuple(packages),
        unknown=tuple(unknown),
        models=tuple(program.code.models),
        endpoints=use.endpoints,
        env=use.env,
        secrets=tuple(variable for variable in use.env if is_secret(variable)),
        features=("runtime:deno", *(f"env:{key}={value}" for key, value in sorted(command.env.items()))),
        takes=_takes(source, config, program),
    )


def _lock(source: Source, config: DenoConfig | None) -> str:
    path = f"{config.folder if config else source.workdir}/deno.lock".lstrip("/")
    return path if not source.alone and source.has(path) else ""


def _takes(source: Source, config: DenoConfig | None, program: Program) -> tuple[str, ...]:
    manifest = (config.path,) if config else ()
    return tuple(sorted({*source.files(), *program.files, *program.data, *manifest}))


def _package(specifier: str, config: DenoConfig | None) -> str:
    """The package's own name, as other runtimes import it."""
    match = _SPECIFIER.fullmatch(_mapped(specifier, config))
    return f"{match[1]}{match[3] or ''}" if match else specifier


def _mapped(specifier: str, config: DenoConfig | None) -> str:
    """Through the import map: a name, or a prefix that ends with `/`."""
    for name, target in config.imports.items() if config else ():
        if specifier == name:
            return target
        if specifier.startswith(f"{name}/") and target.startswith(_REMOTE):
            return target + specifier[len(name) :]
        if name.endswith("/") and specifier.startswith(name):
            return target + specifier[len(name) :]
    return specifier


def _packages(
    config: DenoConfig | None, program: Program, wishes: Wishes
) -> tuple[list[Package], list[UnknownImport]]:
    """Specifiers as they are fetched. A plain name that no map has is the registry's package of that name, if it is known."""
    found: dict[str, Package] = {}
    unknown: list[UnknownImport] = []
    for path, item in program.outside:
        target = _mapped(item.specifier, config)
        if item.way == "types" or is_builtin(target):
            continue
        why = Evidence(rule="deno.import", decides="package", value=item.specifier, file=path, line=item.line)
        if target.startswith(_REMOTE):
            found.setdefault(target, Package(name=target, why=why))
            continue
        package, subpath = split(target)
        if not package:
            continue
        if is_known(package):
            found.setdefault(f"npm:{package}{subpath}", Package(name=f"npm:{package}{subpath}", why=why))
        elif not item.optional:
            unknown.append(UnknownImport(name=package, file=path, line=item.line, near=near(package)))
    for wish in wishes.packages:
        target = wish if wish.startswith(_REMOTE) else f"npm:{wish}"
        found[target] = Package(name=target, why=Evidence(rule="flag.package", decides="package", value=wish))
    return list(found.values()), unknown


def _shebang_flags(source: Source, entry: str) -> tuple[str, ...]:
    """`#!/usr/bin/env -S deno run --allow-net`."""
    line = source.read_text(entry).partition("\n")[0] if source.has(entry) else ""
    if not line.startswith("#!") or "deno" not in line:
        return ()
    try:
        words = shlex.split(line)
    except ValueError:
        return ()
    return tuple(
        word
        for word in words[1:]
        if word.startswith(("--allow", "--unstable", "-A", "--deny")) and word != "-S"
    )


def _allowed(files: dict[str, JsFile], source: Source) -> tuple[str, ...]:
    """No more than the code speaks of."""
    text = "\n".join(source.read_text(path) for path in files)
    more = [
        flag
        for flag, mark in (("--allow-write", _WRITES), ("--allow-run", _RUNS), ("--allow-ffi", _LOADS))
        if mark.search(text)
    ]
    return (*_ALWAYS, *more)
