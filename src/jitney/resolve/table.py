"""Debian packages of a program in a language that is a table: which versions the mirror would give, written down."""

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
from jitney.plan.model import Base, BuildPlan, Instruction, Lock, Mount, Stage
from jitney.plan.python import ROOM
from jitney.plan.scripts import script
from jitney.render import context_files, render_dockerfile
from jitney.resolve.stage import on_hand

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.world import World


def resolve_table(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> Lock:
    """Lock.packages: `name=version` of all that comes with the packages asked for. ResolveError: Debian has no such package."""
    lock = Lock(language=request.language, version=request.version, prerelease=request.prerelease)
    names = tuple(sorted({*request.requirements, *request.system}))
    if not names:
        return lock
    world.on_line(f"asking Debian for {' '.join(names)}")
    facts = on_hand(request.base, world)
    build = _plan(base_of(facts, request.base), names)
    context: dict[str, bytes | Path] = dict(context_files(build))
    with tempfile.TemporaryDirectory(prefix="jitney-apt-") as out:
        asked = BuildRequest(
            dockerfile=render_dockerfile(build, facts.engine),
            labels={LABEL: "probe"},
            context=context,
            output=Path(out),
        )
        try:
            world.engine.build(asked, world.on_line)
        except BuildError as error:
            raise _translate(error, request) from error
        versions = (Path(out) / "versions").read_text(encoding="utf-8")
    return msgspec.structs.replace(lock, packages="".join(f"{one}\n" for one in sorted(versions.split())))


def _plan(base: Base, names: tuple[str, ...]) -> BuildPlan:
    mounts = (
        Mount(kind="bind", source="apt.sh", target=f"{ROOM}/apt.sh"),
        Mount(kind="cache", source="jitney-apt-archives", target="/var/cache/apt/archives"),
        Mount(kind="cache", source="jitney-apt-lists", target="/var/lib/apt/lists"),
    )
    work = (
        Instruction(op="user", args=("0:0",)),
        Instruction(op="run", args=("/bin/sh", f"{ROOM}/apt.sh", "--versions", *names), mounts=mounts),
    )
    copy = Instruction(op="copy", args=("/out/", "/"), stage="work")
    return BuildPlan(
        stages=(
            Stage(name="work", base=base, instructions=work),
            Stage(name="out", base=Base(key="scratch", ref="scratch"), instructions=(copy,)),
        ),
        files={"apt.sh": script("apt.sh")},
    )


def _translate(error: BuildError, request: ResolveRequest) -> BuildError | ResolveError:
    missing = re.findall(r"E: (?:Unable to locate package|Package '?)\s*([\w.+-]+)", error.output)
    if not missing:
        return error
    names = ", ".join(dict.fromkeys(missing))
    places = [request.asked_by[name] for name in missing if request.asked_by.get(name)]
    where = f" (asked for by {', '.join(places)})" if places else ""
    return ResolveError(
        f"Debian has no package {names}{where}", "is the name right? --apt takes Debian's names"
    )
