"""`uv pip compile` inside a build: packages without wheels run code of their own to say what they need, and that code has no
business on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitney.errors import BuildError
from jitney.plan.model import Instruction, Mount
from jitney.plan.python import ROOM, TOOL_UV, secret_mounts
from jitney.plan.scripts import script
from jitney.resolve.errors import no_wheel_packages, translate
from jitney.resolve.stage import read_out

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.world import World

ROUNDS = 8
"""Each may bring more packages without wheels to light."""


def resolve_in_container(
    request: ResolveRequest, world: World, sdists: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    """Requirements with hashes, and the packages that are built from source."""
    for _ in range(ROUNDS):
        world.on_line(f"no wheels for {', '.join(sdists)}: resolving in a container with a compiler")
        try:
            return _compile(request, world, sdists), sdists
        except BuildError as error:
            more = tuple(sorted({*sdists, *no_wheel_packages(error.output)}))
            if more == sdists:
                raise translate(error.output, request) from error
            sdists = more
    raise BuildError(f"over {ROUNDS} rounds of packages without wheels: {', '.join(sdists)}")


def _compile(request: ResolveRequest, world: World, sdists: tuple[str, ...]) -> str:
    steps, files = _steps(request, sdists, world), _files(request)
    return read_out(request.base, steps, files, world, no_cache=True)["requirements.txt"]


def _files(request: ResolveRequest) -> dict[str, str]:
    return {
        "compile.py": script("compile.py"),
        "requirements.in": "".join(f"{one}\n" for one in request.requirements),
        "constraints.txt": "".join(f"{one}\n" for one in request.constraints),
        "overrides.txt": "".join(f"{name} ; sys_platform == 'never'\n" for name in request.provided),
    }


def _steps(request: ResolveRequest, sdists: tuple[str, ...], world: World) -> tuple[Instruction, ...]:
    mounts = [
        Mount(kind="bind", stage=TOOL_UV, target=f"{ROOM}/tool"),
        Mount(kind="bind", source="compile.py", target=f"{ROOM}/compile.py"),
        Mount(kind="bind", source="requirements.in", target=f"{ROOM}/requirements.in"),
        Mount(kind="bind", source="overrides.txt", target=f"{ROOM}/overrides.txt"),
        Mount(kind="bind", source="constraints.txt", target=f"{ROOM}/constraints.txt"),
        Mount(kind="cache", source="jitney-uv", target=f"{ROOM}/cache"),
        *secret_mounts(world.facts),
    ]
    if request.index:
        mounts.append(Mount(kind="secret", source="index", target=f"{ROOM}/index"))
    words = ["python3", "-I", "-B", f"{ROOM}/compile.py", ",".join(sdists), request.extra_index]
    words += ["allow" if request.prerelease else "if-necessary-or-explicit"]
    run = Instruction(op="run", args=tuple(words), mounts=tuple(mounts))
    return (Instruction(op="user", args=("0:0",)), run)
