"""Debian packages of a program in a language that is a table: which versions the mirror would give, written down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from jitney.errors import BuildError, ResolveError
from jitney.plan.model import Instruction, Lock, Mount
from jitney.plan.python import ROOM
from jitney.plan.scripts import script
from jitney.resolve.stage import read_out

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
    try:
        versions = read_out(request.base, _steps(names), {"apt.sh": script("apt.sh")}, world)["versions"]
    except BuildError as error:
        raise _translate(error, request) from error
    return msgspec.structs.replace(lock, packages="".join(f"{one}\n" for one in sorted(versions.split())))


def _steps(names: tuple[str, ...]) -> tuple[Instruction, ...]:
    mounts = (
        Mount(kind="bind", source="apt.sh", target=f"{ROOM}/apt.sh"),
        Mount(kind="cache", source="jitney-apt-archives", target="/var/cache/apt/archives"),
        Mount(kind="cache", source="jitney-apt-lists", target="/var/lib/apt/lists"),
    )
    return (
        Instruction(op="user", args=("0:0",)),
        Instruction(op="run", args=("/bin/sh", f"{ROOM}/apt.sh", "--versions", *names), mounts=mounts),
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
