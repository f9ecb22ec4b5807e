"""What a Dockerfile says of the program: language version from FROM, Debian packages, ENTRYPOINT and CMD, ports, variables."""

from __future__ import annotations

import re

from jitney.detect.recipes.dockerfile import (
    Dockerfile,
    Instruction,
    Stage,
    assignments,
    expand,
    parse,
    shell_words,
    variables,
)
from jitney.detect.recipes.images import is_for_gpu, language_of
from jitney.detect.recipes.model import Said

_INSTALL = re.compile(r"\b(?:apt-get|apt|aptitude)\b(?:\s+-\S+)*\s+install\b([^;&|]*)")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_BUILD = re.compile(r"\bgo\s+(?:build|install)\b[^;&|]*?\s(\./[\w./-]+)")


def read(text: str, path: str, folder: str) -> list[Said]:
    file = parse(text)
    last = file.stage("")
    if last is None:
        line, problem = file.problems[0]
        return [Said(kind="broken", rule="dockerfile", value=problem, file=path, line=line)]
    found: list[Said] = []
    for stage in reversed(file.stages):
        found += _base(stage, path)
        for one in stage.instructions:
            found += _packages(one, path) if one.op == "RUN" else []
            found += _built(one, path, folder) if one.op == "RUN" else []
    line_of_descent = file.line_of_descent(last)
    for stage in line_of_descent:
        found += _environment(stage, file, path)
    return _start(line_of_descent, path, folder) + found


def _base(stage: Stage, path: str) -> list[Said]:
    language, version = language_of(stage.image)
    found = [
        Said(
            kind="base",
            rule="dockerfile.from",
            value=stage.image,
            file=path,
            line=stage.line,
            language=language,
        )
    ]
    if version:
        found.append(
            Said(
                kind="version",
                rule="dockerfile.from",
                value=version,
                file=path,
                line=stage.line,
                language=language,
            )
        )
    if is_for_gpu(stage.image):
        found.append(Said(kind="gpu", rule="dockerfile.from", value=stage.image, file=path, line=stage.line))
    return found


def _packages(one: Instruction, path: str) -> list[Said]:
    """A hint: what its image lacked is not what Jitney's lacks, and other distributions have other names."""
    text = "\n".join((one.text, *one.here))
    names = [
        word.partition("=")[0]
        for match in _INSTALL.finditer(text)
        for word in shell_words(match[1]) or match[1].split()
        if not word.startswith("-") and _PACKAGE.fullmatch(word.partition("=")[0])
    ]
    return [
        Said(kind="system", rule="dockerfile.apt", value=name, file=path, line=one.line)
        for name in dict.fromkeys(names)
    ]


def _built(one: Instruction, path: str, folder: str) -> list[Said]:
    """The package that is compiled is the program."""
    text = "\n".join((one.text, *one.here))
    return [
        Said(kind="start", rule="dockerfile.build", value=match[0].strip(), file=path, line=one.line,
             words=("go", "build", match[1]), folder=folder)
        for match in _BUILD.finditer(text)
    ]  # fmt: skip


def _start(stages: list[Stage], path: str, folder: str) -> list[Said]:
    """ENTRYPOINT with CMD after it, as Docker joins them: the last of each in the nearest stage that has one."""
    entry, command = _last(stages, "ENTRYPOINT"), _last(stages, "CMD")
    if entry is None and command is None:
        return []
    words: tuple[str, ...] = ()
    for one in (entry, command):
        if one is not None and not (one is command and entry is not None and entry.exec_form() is None):
            given = one.exec_form()
            words += given if given is not None else ("/bin/sh", "-c", one.text)
    at = entry or command
    assert at is not None, "one of them is there"
    shown = " ".join(one.text for one in (entry, command) if one is not None)
    rule = "dockerfile.entrypoint" if entry is not None else "dockerfile.cmd"
    return [Said(kind="start", rule=rule, value=shown, file=path, line=at.line, words=words, folder=folder)]


def _last(stages: list[Stage], op: str) -> Instruction | None:
    for stage in stages:
        for one in reversed(stage.instructions):
            if one.op == op and one.text:
                return one
    return None


def _environment(stage: Stage, file: Dockerfile, path: str) -> list[Said]:
    found = []
    for one, values in variables(stage, file.args, {}):
        if one.op == "ENV":
            found += [
                Said(kind="env", rule="dockerfile.env", value=name, file=path, line=one.line)
                for name in assignments(one.text)
            ]
        elif one.op == "EXPOSE":
            ports = [word.partition("/")[0] for word in expand(one.text, values).split()]
            found += [
                Said(
                    kind="port",
                    rule="dockerfile.expose",
                    value=port,
                    file=path,
                    line=one.line,
                    port=int(port),
                )
                for port in ports
                if port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536
            ]
    return found
