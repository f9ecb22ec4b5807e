"""Resolution that takes place in a build: on a base, by the ecosystem's own tool; what it leaves in /out is the answer."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jitney.engine.protocol import LABEL, BuildRequest
from jitney.errors import BuildError, ResolveError
from jitney.plan.bases import base_of
from jitney.plan.model import Base, BuildPlan, Instruction, Stage
from jitney.render import context_files, render_dockerfile

if TYPE_CHECKING:
    from jitney.facts.model import Facts
    from jitney.resolve.world import World


def on_hand(key: str, world: World) -> Facts:
    """Facts in which this base is on hand; it is made when it is not."""
    if world.facts.base(key) is not None:
        return world.facts
    if world.ensure_base is None:
        raise ResolveError(
            f"the base {key} is needed to resolve these packages and is not on hand", "jitney setup"
        )
    world.on_line(f"making the base {key} (once)")
    return msgspec.structs.replace(world.facts, bases=(*world.facts.bases, world.ensure_base(key)))


def read_out(
    key: str,
    steps: tuple[Instruction, ...],
    files: Mapping[str, str],
    world: World,
    context: Mapping[str, bytes | Path] | None = None,
    *,
    no_cache: bool = False,
) -> dict[str, str]:
    """Name → text of the files that the steps leave in /out. key: the base they run on; files, context: what a step copies or
    mounts; the secrets are those that the steps mount. BuildError: a step failed."""
    from jitney.resolve.inputs import build_inputs

    facts = on_hand(key, world)
    build = out_plan(base_of(facts, key), steps, files)
    with (
        tempfile.TemporaryDirectory(prefix="jitney-resolve-") as folder,
        build_inputs(build, world.engine, facts, world.config) as secrets,
    ):
        request = BuildRequest(
            dockerfile=render_dockerfile(build, facts.engine),
            labels={LABEL: "probe"},
            context={**context_files(build), **(context or {})},
            secrets=secrets,
            output=Path(folder),
            no_cache=no_cache,
        )
        world.engine.build(request, world.on_line)
        return {
            path.name: path.read_text(encoding="utf-8")
            for path in sorted(Path(folder).iterdir())
            if path.is_file()
        }


def out_plan(base: Base, steps: tuple[Instruction, ...], files: Mapping[str, str]) -> BuildPlan:
    """Two stages: the steps, and nothing but what they left in /out."""
    copy = Instruction(op="copy", args=("/out/", "/"), stage="work")
    secrets = {mount.source for step in steps for mount in step.mounts if mount.kind == "secret"}
    return BuildPlan(
        stages=(
            Stage(name="work", base=base, instructions=steps),
            Stage(name="out", base=Base(key="scratch", ref="scratch"), instructions=(copy,)),
        ),
        files=dict(files),
        secrets=tuple(sorted(secrets)),
    )


def lines_of(error: BuildError) -> list[str]:
    """What was said in the build, without the builder's step and time in front of each line."""
    return [re.sub(r"^#\d+ [\d.]+ ", "", line).rstrip() for line in error.output.splitlines()]
