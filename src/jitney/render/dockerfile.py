"""BuildPlan → Dockerfile. Plain dialect (no `# syntax`, heredoc, --link) that every BuildKit since Docker 20.10 reads; what a
newer engine can do more is used where it is worth it (`COPY --link`)."""

from __future__ import annotations

import re

from jitney.errors import PlanError
from jitney.facts.model import EngineFacts
from jitney.plan.model import BuildPlan, Instruction, Mount, Stage

PLAIN_WORD = r"[A-Za-z0-9@%+:./_-]+"
ALONE = ("jitney-apt-", "jitney-src-", "jitney-build-")
"""Caches that one build at a time may write."""

IMAGE = r"[a-z0-9][A-Za-z0-9._:/@-]*"


def trace(build: BuildPlan, engine: EngineFacts) -> list[tuple[str, tuple[str, ...]]]:
    """Every line of the Dockerfile with its causes. PlanError: a word that no Dockerfile can hold, an engine without BuildKit."""
    mounts = any(instruction.mounts for stage in build.stages for instruction in stage.instructions)
    if mounts and engine.name != "none" and not engine.buildkit:
        raise PlanError(
            f"{engine.name} {engine.version} has no BuildKit, which building packages needs",
            "Docker 20.10 or newer",
        )
    lines: list[tuple[str, tuple[str, ...]]] = []
    for stage in build.stages:
        lines.append((f"FROM {_image(stage.base.ref)} AS {_image(stage.name)}", stage.why))
        lines += [(render_instruction(one, build.stages, engine), one.why) for one in stage.instructions]
    return lines


def render_dockerfile(build: BuildPlan, engine: EngineFacts) -> str:
    return "".join(f"{line}\n" for line, _ in trace(build, engine))


def render_instruction(one: Instruction, stages: tuple[Stage, ...], engine: EngineFacts) -> str:
    if one.op == "run":
        flags = "".join(f"--mount={_mount(mount)} " for mount in one.mounts)
        return f"RUN {flags}{_json(one.args)}"
    if one.op == "copy":
        flags = f"--from={_image(one.stage)} " if one.stage else ""
        flags += f"--chmod={_only(one.mode)} " if one.mode else ""
        if engine.copy_link and one.stage in {stage.name for stage in stages}:
            flags = "--link " + flags
        return f"COPY {flags}{_json(tuple(_shell_literal(word) for word in one.args))}"
    if one.op == "env":
        name, value = one.args
        return f'ENV {_only(name)}="{_shell_literal(value)}"'
    if one.op == "workdir":
        return f"WORKDIR {_shell_literal(one.args[0])}"
    return f"USER {_only(one.args[0])}"


def _json(words: tuple[str, ...]) -> str:
    """The exec form. `<` is escaped, lest a newer frontend sees a heredoc in a word."""
    import json  # 1 ms that a run of a cached program does not pay

    return json.dumps(list(words)).replace("<", "\\u003c")


def _shell_literal(word: str) -> str:
    """For COPY, ENV, WORKDIR: Docker expands variables and quotes in those. A line break cannot be said in them at all."""
    if re.search(r"[\x00-\x1f\x7f]", word):
        raise PlanError(f"{word!r} has a control character, which no Dockerfile can hold there", "rename it")
    return re.sub(r"([\\\"'$\s])", r"\\\1", word)


def _mount(mount: Mount) -> str:
    parts = [f"type={mount.kind}"]
    if mount.kind == "bind":
        parts += [f"from={_image(mount.stage)}"] if mount.stage else []
        parts += [f"source={_only(mount.source)}"] if mount.source else []
        parts += ["rw"] if mount.is_writable else []
    else:
        parts.append(f"id={_only(mount.source)}")
        parts += [f"from={_image(mount.stage)}", f"source={_only(mount.seed)}"] if mount.seed else []
    parts.append(f"target={_only(mount.target)}")
    if mount.kind == "cache" and mount.source.startswith(ALONE):
        parts.append("sharing=locked")
    return ",".join(parts)


def _only(word: str) -> str:
    if not re.fullmatch(PLAIN_WORD, word):
        raise PlanError(f"{word!r} cannot stand in a Dockerfile here: only letters, digits and @%+:./_-")
    return word


def _image(ref: str) -> str:
    if not re.fullmatch(IMAGE, ref):
        raise PlanError(f"{ref!r} is no name of an image or a stage")
    return ref
