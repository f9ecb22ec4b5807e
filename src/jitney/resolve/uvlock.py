"""uv.lock: uv itself exports it, from a copy, without a look at the network."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jitney.errors import ResolveError
from jitney.plan.torch import normal
from jitney.resolve.inputs import find_uv
from jitney.resolve.locks import Pin, check_fit

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.resolve import World

EXPORT = "export --frozen --offline --no-emit-workspace --no-dev --format requirements.txt --no-header --no-annotate --quiet"


def export_uv_lock(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> str:
    """ResolveError: the lock does not have what pyproject.toml asks for, or uv cannot read it."""
    folder = request.lock.rpartition("/")[0]
    pyproject = f"{folder}/pyproject.toml" if folder else "pyproject.toml"
    check_fit(request, _pins(texts[request.lock], request.lock))
    with tempfile.TemporaryDirectory(prefix="jitney-uvlock-") as copy:
        (Path(copy) / "uv.lock").write_text(texts[request.lock], encoding="utf-8")
        (Path(copy) / "pyproject.toml").write_text(
            texts.get(pyproject) or world.source.read_text(pyproject), encoding="utf-8"
        )
        said = subprocess.run(
            [find_uv(), *EXPORT.split(), "--directory", copy],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    if said.returncode:
        raise ResolveError(
            f"{request.lock} cannot be used: {said.stderr.strip()[:600]}", "make it anew: uv lock"
        )
    lines = [
        line for line in said.stdout.splitlines() if line.strip() and not line.startswith(("#", "-e ", "./"))
    ]
    return "".join(f"{line}\n" for line in lines)


def _pins(text: str, path: str) -> dict[str, Pin]:
    import tomllib

    try:
        lock: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ResolveError(f"{path} cannot be read: {error}", "make it anew: uv lock") from error
    return {
        normal(package["name"]): Pin(name=package["name"], version=package["version"])
        for package in lock.get("package", [])
        if "version" in package
    }
