"""uv.lock: uv itself exports it, from a copy, without a look at the network."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jitney.detect.python.groups import runtime_groups
from jitney.errors import ResolveError
from jitney.plan.torch import normal
from jitney.resolve.fit import check_fit, refuse_elsewhere
from jitney.resolve.inputs import find_uv
from jitney.resolve.pins import Pin
from jitney.source.paths import name, parent, parents

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.world import World

EXPORT = "export --frozen --offline --no-default-groups --format requirements.txt --no-header --no-annotate --quiet"


def export_uv_lock(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> str:
    """ResolveError: the lock does not have what pyproject.toml asks for, or uv cannot read it."""
    check_fit(request, _pins(texts[request.lock], request.lock))
    root, script = parent(request.lock), request.lock.removesuffix(".lock")
    with tempfile.TemporaryDirectory(prefix="jitney-uvlock-") as copy:
        for path in {request.lock, *world.source.files(root)}:
            if path.endswith("pyproject.toml") or path in (request.lock, script):
                target = Path(copy) / path[len(root) :].lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(world.source.read_text(path), encoding="utf-8")
        said = subprocess.run(
            [find_uv(), *EXPORT.split(), *_parts(request, texts, script), "--directory", copy],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    if said.returncode:
        raise ResolveError(
            f"{request.lock} cannot be used: {said.stderr.strip()[:600]}", "make it anew: uv lock"
        )
    return "".join(f"{line}\n" for line in said.stdout.splitlines() if _kept(line, request, world))


def _kept(line: str, request: ResolveRequest, world: World) -> bool:
    """Folders of the source are on the module path already; what no hash can pin is refused by name."""
    text = line.strip()
    if not text or text.startswith("#"):
        return False
    if text.startswith(("-e ", "./", "../", "file:")):
        place = text.removeprefix("-e ").split(" ;")[0].strip()
        refuse_elsewhere(place, place, request.lock, world.source)
        return False
    package, at, origin = text.partition(" @ ")
    if at and "+" in origin.partition("://")[0]:
        refuse_elsewhere(package, origin.split(" ;")[0], request.lock, world.source)
    return True


def _parts(request: ResolveRequest, texts: Mapping[str, str], script: str) -> list[str]:
    """Which script, or which member of a workspace and which groups, the program wants."""
    if script.endswith(".py"):
        return ["--script", name(script)]
    above = (f"{folder}/pyproject.toml".lstrip("/") for folder in parents(request.workdir))
    own = next((path for path in above if path in texts), "")
    data = _toml(texts[own], own) if own in texts else {}
    words = [word for group in runtime_groups(data) for word in ("--group", group)]
    project = data.get("project", {}).get("name", "")
    member = ["--package", project] if project and parent(own) != parent(request.lock) else []
    return ["--no-emit-workspace", *words, *member]


def _pins(text: str, path: str) -> dict[str, Pin]:
    return {
        normal(package["name"]): Pin(name=package["name"], version=package.get("version", ""))
        for package in _toml(text, path).get("package", [])
        if "name" in package
    }


def _toml(text: str, path: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ResolveError(f"{path} cannot be read: {error}", "make it anew: uv lock") from error
