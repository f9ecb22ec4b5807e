"""Locks of other tools → requirements with hashes. A lock that lacks what its manifest asks for is an error, never mended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jitney.errors import ResolveError
from jitney.plan.torch import normal
from jitney.resolve.pins import Pin, form_of

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.resolve import World
    from jitney.source import Source

REMEDY = {
    "uv.lock": "uv lock",
    "poetry.lock": "poetry lock",
    "pdm.lock": "pdm lock",
    "Pipfile.lock": "pipenv lock",
    "pylock.toml": "uv pip compile --format pylock.toml, or the tool that wrote it",
}
ELSEWHERE = "give a release or an archive with a hash (NAME @ https://…/REV.zip), or lay the folder beside the program"


def from_lock(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> str | None:
    """Requirements with hashes; None: there is no lock, or it has no hashes to keep to."""
    name = request.lock.rpartition("/")[2]
    if not request.lock or request.lock not in texts:
        return _hashed_requirements(request, texts)
    if name == "uv.lock" or name.endswith(".py.lock"):
        from jitney.resolve.uvlock import export_uv_lock

        return export_uv_lock(request, world, texts)
    form = form_of(name)
    if form is None:
        return _hashed_requirements(request, {request.lock: texts[request.lock]})
    lock = _parse(request.lock, texts[request.lock])
    try:
        pins = form.read(lock)
    except (KeyError, TypeError, AttributeError) as error:
        raise ResolveError(
            f"{request.lock} cannot be read: {error!r} is not as expected", _remedy(request.lock)
        ) from error
    by_name = {normal(pin.name): pin for pin in pins}
    check_fit(request, by_name)
    return format_pins(
        _reachable(request, by_name) if form.walk(lock) else by_name.values(), request, world.source
    )


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
    """Requirement files in which every package is pinned with hashes are a lock already; all those read count."""
    files = {path: _logical(text) for path, text in sorted(texts.items()) if path.endswith((".txt", ".in"))}
    only_limit = {
        path for path in files if any(_is_constraint(path, line) for ls in files.values() for line in ls)
    }
    hashed = [path for path in files if path not in only_limit and "--hash=" in texts[path]]
    if not hashed:
        return None
    pinned: dict[str, str] = {}
    for path in sorted(files.keys() - only_limit):
        for line in files[path]:
            if line.startswith("-"):
                continue
            if "==" not in line or "--hash=" not in line:
                raise ResolveError(
                    f"{hashed[0]} has hashes, but not for {line.split(' ')[0]} ({path})",
                    "uv pip compile --generate-hashes makes them all",
                )
            pinned[line] = path
    return "".join(f"{_folded(line)}\n" for line in pinned)


def _logical(text: str) -> list[str]:
    """Lines without continuations and comments."""
    joined = re.sub(r"\\\r?\n\s*", " ", text)
    lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines()]
    return [line for line in lines if line]


def _is_constraint(path: str, line: str) -> bool:
    """Whether a line such as `-c limits/base.txt` means this file."""
    match = re.match(r"(?:-c|--constraint)[\s=]*(\S+)", line)
    return match is not None and path.endswith(match[1].removeprefix("./"))


def _folded(line: str) -> str:
    head, *hashes = re.split(r"\s+--hash=", line)
    return " \\\n    ".join([head, *(f"--hash={digest.strip()}" for digest in hashes)])


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
                f"{request.lock} does not fit: {asked} is asked for, and not in it", _remedy(request.lock)
            )
        if pin.version and not wanted.specifier.contains(pin.version, prereleases=True):
            raise ResolveError(
                f"{request.lock} does not fit: {asked} is asked for, it has {pin.version}",
                _remedy(request.lock),
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


def _applies(marker: str, request: ResolveRequest) -> bool:
    """What cannot be read (Poetry and PDM know markers of their own) is taken to apply."""
    from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

    try:
        here: dict[str, str | frozenset[str]] = {**environment(request), "extras": frozenset()}
        here["dependency_groups"] = frozenset()
        return not marker or Marker(marker).evaluate(here, context="lock_file")
    except (InvalidMarker, UndefinedEnvironmentName):
        return True


def _reachable(request: ResolveRequest, pins: Mapping[str, Pin]) -> list[Pin]:
    """From the manifest's own packages along what each needs here, extras included."""
    todo = [_asked(text) for text in request.requirements]
    seen: dict[str, set[str]] = {}
    while todo:
        name, extras = todo.pop()
        if name not in pins or (name in seen and extras <= seen[name]):
            continue
        seen.setdefault(name, set()).update(extras)
        for need in pins[name].needs:
            wanted = not need.under or seen[name] & set(need.under)
            if wanted and _applies(
                re.sub(r"extra == [\"'][^\"']*[\"']", "os_name == 'posix'", need.marker), request
            ):
                todo.append((normal(need.name), set(need.extras)))
    return [pins[name] for name in seen]


def _asked(text: str) -> tuple[str, set[str]]:
    match = re.match(r"([A-Za-z0-9._-]+)\s*(?:\[([^]]*)\])?", text)
    extras = {extra.strip() for extra in (match[2] or "").split(",")} - {""} if match else set()
    return normal(match[1]) if match else "", extras


def format_pins(pins: Iterable[Pin], request: ResolveRequest, source: Source) -> str:
    """requirements.txt, sorted. ResolveError: a package that is no release with hashes, and applies here."""
    blocks = []
    for pin in sorted(pins, key=lambda one: normal(one.name)):
        if not _applies(pin.marker, request):
            continue
        if pin.origin and not pin.hashes and not pin.origin.startswith(("http:", "https:")):
            refuse_elsewhere(pin.name, pin.origin, request.lock, source)
            continue
        if not pin.hashes:
            raise ResolveError(f"{request.lock} has no hash for {pin.name}", "make the lock anew with hashes")
        release = f" @ {pin.origin}" if pin.origin.startswith(("http:", "https:")) else f"=={pin.version}"
        blocks.append(
            " \\\n    ".join([normal(pin.name) + release, *(f"--hash={digest}" for digest in pin.hashes)])
        )
    return "".join(f"{block}\n" for block in blocks)


def refuse_elsewhere(name: str, origin: str, where: str, source: Source) -> None:
    """A folder of the source is on the module path already; everything else that has no hash is refused by name."""
    from jitney.source.paths import join, parent

    place = join(parent(where), origin.removeprefix("file://")) if "+" not in origin else None
    if place is not None and source.has_folder(place):
        return
    raise ResolveError(f"{where}: {name} comes from {origin}, which no hash can pin", ELSEWHERE)


def _remedy(path: str) -> str:
    return f"make it anew: {REMEDY.get(path.rpartition('/')[2], 'the tool that wrote it')}"
