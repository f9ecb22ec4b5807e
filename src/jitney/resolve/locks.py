"""Locks of other tools → requirements with hashes. A lock that lacks what its manifest asks for is an error, never mended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jitney.errors import ResolveError
from jitney.plan.torch import normal
from jitney.resolve.fit import check_fit, environment, refuse_elsewhere, remedy
from jitney.resolve.pins import Pin, form_of
from jitney.resolve.uvlock import export_uv_lock

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.world import World
    from jitney.source import Source


def from_lock(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> str | None:
    """Requirements with hashes; None: there is no lock, or it has no hashes to keep to."""
    name = request.lock.rpartition("/")[2]
    if not request.lock or request.lock not in texts:
        return _hashed_requirements(request, texts)
    if name == "uv.lock" or name.endswith(".py.lock"):
        return export_uv_lock(request, world, texts)
    form = form_of(name)
    if form is None:
        return _hashed_requirements(request, {request.lock: texts[request.lock]})
    lock = _parse(request.lock, texts[request.lock])
    try:
        pins = form.read(lock)
    except (KeyError, TypeError, AttributeError) as error:
        raise ResolveError(
            f"{request.lock} cannot be read: {error!r} is not as expected", remedy(request.lock)
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
        raise ResolveError(f"{path} cannot be read: {error}", remedy(path)) from error
    if not isinstance(found, dict):
        raise ResolveError(f"{path} is no lock file", remedy(path))
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
