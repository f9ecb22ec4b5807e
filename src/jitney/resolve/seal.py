"""Sealed stages: what takes minutes to compile is built once, by itself, and kept as an image under the hash of its stage.

    FROM python:3.13-build AS made-llama-cpp-python      ──►   jitney/sealed:HASH        (built unless it is there)
    RUN … install.py …
    FROM python:3.13-run                                       FROM jitney/sealed:HASH AS made-llama-cpp-python
    RUN --mount=from=made-llama-cpp-python …                   FROM python:3.13-run …

A builder's own cache would lose it: caches go when the disk is cleaned. The Dockerfile that a user is shown has the whole stage.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jitney.engine.protocol import LABEL, LABEL_BASE, BuildRequest
from jitney.plan.model import Base, BuildPlan, Stage
from jitney.render import context_files, image_tag, render_dockerfile

if TYPE_CHECKING:
    from jitney.config import Config
    from jitney.engine.protocol import Engine
    from jitney.facts.model import Facts


def seal(
    build: BuildPlan,
    engine: Engine,
    facts: Facts,
    config: Config,
    say: Callable[[str], None],
    on_line: Callable[[str], None],
) -> BuildPlan:
    """The plan in which each sealed stage stands on the image that holds it already. Raises BuildError."""
    stages = []
    for stage in build.stages:
        if stage.sealed:
            ref = sealed_ref(build, stage)
            if config.no_cache or engine.image(ref) is None:
                say(f"{stage.why[0] if stage.why else stage.name} (once for all programs)")
                _make(alone(build, stage), ref, engine, facts, config, on_line)
            stage = Stage(name=stage.name, base=Base(key="sealed", ref=ref), why=stage.why)
        stages.append(stage)
    return msgspec.structs.replace(build, stages=tuple(stages))


def sealed_ref(build: BuildPlan, stage: Stage) -> str:
    return image_tag(alone(build, stage)).replace("/run:", "/sealed:")


def alone(build: BuildPlan, stage: Stage) -> BuildPlan:
    """The plan of one stage, with those files and secrets that it mounts."""
    mounts = [mount for one in stage.instructions for mount in one.mounts]
    bound = {mount.source for mount in mounts if mount.kind == "bind" and not mount.stage}
    secrets = {mount.source for mount in mounts if mount.kind == "secret"}
    return BuildPlan(
        stages=(msgspec.structs.replace(stage, name="made"),),
        files={name: text for name, text in build.files.items() if name in bound},
        secrets=tuple(sorted(secrets)),
    )


def _make(
    plan: BuildPlan, ref: str, engine: Engine, facts: Facts, config: Config, on_line: Callable[[str], None]
) -> None:
    from jitney.resolve.inputs import build_inputs

    context: dict[str, bytes | Path] = {**context_files(plan)}
    with build_inputs(plan, engine, facts, config, on_line) as secrets:
        request = BuildRequest(
            dockerfile=render_dockerfile(plan, facts.engine),
            tag=ref,
            labels={LABEL: "base", LABEL_BASE: plan.stages[0].base.ref},
            context=context,
            secrets=secrets,
            no_cache=config.no_cache,
        )
        engine.build(request, on_line)
