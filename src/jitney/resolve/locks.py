"""Locks of other tools → requirements with hashes. A lock that lacks what its manifest asks for is an error, never mended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from jitney.errors import ResolveError
from jitney.plan.torch import normal

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.resolve import World

REMEDY = {
    "uv.lock": "uv lock",
    "poetry.lock": "poetry lock",
    "pdm.lock": "pdm lock",
    "Pipfile.lock": "pipenv lock",
}


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """One locked package. marker: PEP 508, as the lock has it; needs: names that it depends on, with their markers."""

    name: str
    version: str
    hashes: tuple[str, ...] = ()
    marker: str = ""
    needs: tuple[tuple[str, str], ...] = ()


def from_lock(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> str | None:
    """Requirements with hashes; None: there is no lock, or it has no hashes to keep to."""
    name = request.lock.rpartition("/")[2]
    if not request.lock or request.lock not in texts:
        return _hashed_requirements(request, texts)
    if name == "uv.lock":
        from jitney.resolve.uvlock import export_uv_lock

        return export_uv_lock(request, world, texts)
    reader = _reader(name)
    if reader is None:
        return _hashed_requirements(request, {request.lock: texts[request.lock]})
    pins = {normal(pin.name): pin for pin in reader(_parse(request.lock, texts[request.lock]))}
    check_fit(request, pins)
    return format_pins(_reachable(request, pins) if name == "poetry.lock" else pins.values())


def _reader(name: str) -> Callable[[dict[str, Any]], list[Pin]] | None:
    if name == "poetry.lock":
        return read_poetry
    if name == "pdm.lock":
        return read_pdm
    if name == "Pipfile.lock":
        return read_pipfile
    if re.fullmatch(r"pylock(\..+)?\.toml", name):
        return read_pylock
    return None


def _parse(path: str, text: str) -> dict[str, Any]:
    import json
    import tomllib

    try:
        found = json.loads(text) if path.endswith("Pipfile.lock") else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise ResolveError(f"{path} cannot be read: {error}", _remedy(path)) from error
    if not isinstance(found, dict):
        raise ResolveError(f"{path} is no lock file", _remedy(path))
    return found


def _hashed_requirements(request: ResolveRequest, texts: Mapping[str, str]) -> str | None:
    """requirements.txt in which every package is pinned with hashes is a lock already."""
    for path in sorted(texts):
        if not path.endswith(".txt") or "--hash=" not in texts[path]:
            continue
        joined = re.sub(r"\\\r?\n\s*", " ", texts[path])
        lines = [line.split(" #")[0].strip() for line in joined.splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        wanted = [line for line in lines if not line.startswith("-")]
        loose = [line.split(" ")[0] for line in wanted if "==" not in line or "--hash=" not in line]
        if loose:
            raise ResolveError(
                f"{path} has hashes, but not for {', '.join(loose[:5])}",
                "uv pip compile --generate-hashes makes them all",
            )
        return "".join(f"{_folded(line)}\n" for line in wanted)
    return None


def _folded(line: str) -> str:
    head, *hashes = re.split(r"\s+--hash=", line)
    return " \\\n    ".join([head, *(f"--hash={digest.strip()}" for digest in hashes)])


def read_poetry(lock: dict[str, Any]) -> list[Pin]:
    hashes_aside = lock.get("metadata", {}).get("files", {})  # before Poetry 1.3
    pins = []
    for package in lock.get("package", []):
        files = package.get("files") or hashes_aside.get(package["name"], [])
        needs = [(name, _marker_of(want)) for name, want in package.get("dependencies", {}).items()]
        pins.append(
            Pin(name=package["name"], version=package["version"], hashes=_hashes(files), needs=tuple(needs))
        )
    return pins


def _marker_of(want: object) -> str:
    if isinstance(want, dict):
        return str(want.get("markers", ""))
    return _marker_of(want[0]) if isinstance(want, list) and len(want) == 1 else ""


def read_pdm(lock: dict[str, Any]) -> list[Pin]:
    return [
        Pin(
            name=package["name"],
            version=package["version"],
            hashes=_hashes(package.get("files", [])),
            marker=package.get("marker", ""),
        )
        for package in lock.get("package", [])
        if "default" in package.get("groups", ["default"]) and "version" in package
    ]


def read_pipfile(lock: dict[str, Any]) -> list[Pin]:
    return [
        Pin(
            name=name,
            version=package["version"].removeprefix("=="),
            hashes=tuple(sorted(package.get("hashes", ()))),
            marker=package.get("markers", ""),
        )
        for name, package in sorted(lock.get("default", {}).items())
        if "version" in package
    ]


def read_pylock(lock: dict[str, Any]) -> list[Pin]:
    """PEP 751."""
    pins = []
    for package in lock.get("packages", []):
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        hashes = {
            f"sha256:{file['hashes']['sha256']}" for file in files if "sha256" in file.get("hashes", {})
        }
        if "version" in package:
            pins.append(
                Pin(
                    name=package["name"],
                    version=package["version"],
                    hashes=tuple(sorted(hashes)),
                    marker=package.get("marker", ""),
                )
            )
    return pins


def _hashes(files: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(sorted({file["hash"] for file in files if "hash" in file}))


def check_fit(request: ResolveRequest, pins: Mapping[str, Pin]) -> None:
    """Every package that the manifest asks for is in the lock, at a version it allows. ResolveError otherwise."""
    from packaging.requirements import InvalidRequirement, Requirement

    for text in request.requirements:
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            continue  # a form of another tool's own; its lock is all there is
        if wanted.url or (wanted.marker and not wanted.marker.evaluate(_environment(request))):
            continue
        pin = pins.get(normal(wanted.name))
        place = request.asked_by.get(text, "")
        asked = f"{text} ({place})" if place else text
        if pin is None:
            raise ResolveError(
                f"{request.lock} does not fit: {asked} is asked for, and not in it", _remedy(request.lock)
            )
        if not wanted.specifier.contains(pin.version, prereleases=True):
            raise ResolveError(
                f"{request.lock} does not fit: {asked} is asked for, it has {pin.version}",
                _remedy(request.lock),
            )


def _environment(request: ResolveRequest) -> dict[str, str]:
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


def _reachable(request: ResolveRequest, pins: Mapping[str, Pin]) -> list[Pin]:
    """From the manifest's own packages along what each needs here: poetry.lock has the developers' tools too."""
    from packaging.markers import InvalidMarker, Marker

    def applies(marker: str) -> bool:
        try:
            return not marker or Marker(marker).evaluate(_environment(request))
        except InvalidMarker:
            return True

    todo = [normal(re.split(r"[^A-Za-z0-9._-]", one, maxsplit=1)[0]) for one in request.requirements]
    seen: dict[str, Pin] = {}
    while todo:
        name = todo.pop()
        if name in seen or name not in pins:
            continue
        seen[name] = pins[name]
        todo += [normal(needed) for needed, marker in pins[name].needs if applies(marker)]
    return list(seen.values())


def format_pins(pins: Iterable[Pin]) -> str:
    """requirements.txt, sorted. ResolveError: a package without hashes cannot be kept to."""
    blocks = []
    for pin in sorted(pins, key=lambda one: normal(one.name)):
        if not pin.hashes:
            raise ResolveError(f"the lock has no hash for {pin.name}", "make the lock anew with hashes")
        head = f"{normal(pin.name)}=={pin.version}" + (f" ; {pin.marker}" if pin.marker else "")
        blocks.append(" \\\n    ".join([head, *(f"--hash={digest}" for digest in pin.hashes)]))
    return "".join(f"{block}\n" for block in blocks)


def _remedy(path: str) -> str:
    return f"make it anew: {REMEDY.get(path.rpartition('/')[2], 'the tool that wrote it')}"
