"""Whether a lock fits what its manifest asks for, and what no lock can pin. Never mended: an error that names both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jitney.errors import ResolveError
from jitney.plan.torch import normal
from jitney.resolve.pins import Pin

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.source import Source

REMEDY = {
    "uv.lock": "uv lock",
    "poetry.lock": "poetry lock",
    "pdm.lock": "pdm lock",
    "Pipfile.lock": "pipenv lock",
    "pylock.toml": "uv pip compile --format pylock.toml, or the tool that wrote it",
}
ELSEWHERE = "give a release or an archive with a hash (NAME @ https://…/REV.zip), or lay the folder beside the program"


def check_fit(request: ResolveRequest, pins: Mapping[str, Pin]) -> None:
    """Every package that the manifest asks for is in the lock, at a version it allows. ResolveError otherwise."""
    from packaging.requirements import InvalidRequirement, Requirement

    for text in request.requirements:
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            continue  # a form of another tool's own; its lock is all there is
        if wanted.url or (wanted.marker and not wanted.marker.evaluate(environment(request))):
            continue
        pin = pins.get(normal(wanted.name))
        place = request.asked_by.get(text, "")
        asked = f"{text} ({place})" if place else text
        if pin is None:
            raise ResolveError(
                f"{request.lock} does not fit: {asked} is asked for, and not in it", remedy(request.lock)
            )
        if pin.version and not wanted.specifier.contains(pin.version, prereleases=True):
            raise ResolveError(
                f"{request.lock} does not fit: {asked} is asked for, it has {pin.version}",
                remedy(request.lock),
            )


def environment(request: ResolveRequest) -> dict[str, str]:
    """What markers are about, of the target rather than of this machine."""
    machine = {"arm64": "aarch64"}.get(request.platform, "x86_64")
    return {
        "python_version": request.version,
        "python_full_version": f"{request.version}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": machine,
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }


def refuse_elsewhere(name: str, origin: str, where: str, source: Source) -> None:
    """A folder of the source is on the module path already; everything else that has no hash is refused by name."""
    from jitney.source.paths import join, parent

    place = join(parent(where), origin.removeprefix("file://")) if "+" not in origin else None
    if place is not None and source.has_folder(place):
        return
    raise ResolveError(f"{where}: {name} comes from {origin}, which no hash can pin", ELSEWHERE)


def remedy(path: str) -> str:
    return f"make it anew: {REMEDY.get(path.rpartition('/')[2], 'the tool that wrote it')}"
