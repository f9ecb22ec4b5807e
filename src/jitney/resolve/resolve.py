"""The order of trust: jitney.lock beside the program, what was resolved before, a lock of another tool, the indexes."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jitney.errors import ResolveError
from jitney.plan.model import Lock
from jitney.resolve.lockfile import lock_path, read_lock
from jitney.resolve.world import Ensure, World

if TYPE_CHECKING:
    from jitney.config import Config
    from jitney.engine.protocol import Engine
    from jitney.facts.model import Facts
    from jitney.plan.request import ResolveRequest
    from jitney.source import Source

RESOLVERS = {
    "python": ("python", "resolve_python"),
    "go": ("go", "resolve_go"),
    "javascript": ("node", "resolve_node"),
    "typescript": ("node", "resolve_node"),
    "rust": ("rust", "resolve_rust"),
    "java": ("jvm", "resolve_jvm"),
    "kotlin": ("jvm", "resolve_jvm"),
    "scala": ("jvm", "resolve_jvm"),
    "groovy": ("jvm", "resolve_jvm"),
    "clojure": ("jvm", "resolve_jvm"),
    "c": ("native", "resolve_native"),
    "cpp": ("native", "resolve_native"),
}
"""Language → module of this package and its function: (request, world, texts) → Lock. A table's packages are Debian's."""


def resolve(
    request: ResolveRequest,
    *,
    source: Source,
    engine: Engine,
    facts: Facts,
    config: Config,
    on_line: Callable[[str], None],
    ensure_base: Ensure | None = None,
    fresh: bool = False,
    forget: bool = False,
) -> Lock:
    """fresh: `jitney lock` asks anew and looks at no lock of ours. forget: `--no-cache` leaves what earlier runs kept
    aside; a jitney.lock beside the program still holds. ResolveError: no such package, conflict, no index, a
    jitney.lock that does not fit."""
    texts = {name: source.read_text(name) for name in request.reads if source.has(name)}
    key = request.key(texts)
    kept = _kept_path(config, key)
    if not fresh:
        found = _from_lock_file(source, request, key) or (None if forget else read_kept(kept))
        if found is not None:
            return found
    world = World(
        source=source, engine=engine, facts=facts, config=config, on_line=on_line, ensure_base=ensure_base
    )
    lock = msgspec.structs.replace(_ask(request, world, texts), key=key)
    keep(kept, lock)
    return lock


def _ask(request: ResolveRequest, world: World, texts: dict[str, str]) -> Lock:
    module, function = RESOLVERS.get(request.language, ("table", "resolve_table"))
    found: Lock = getattr(import_module(f"jitney.resolve.{module}"), function)(request, world, texts)
    return found


def _from_lock_file(source: Source, request: ResolveRequest, key: str) -> Lock | None:
    lock = read_lock(source)
    if lock is None:
        return None
    if lock.key != key:
        raise ResolveError(
            f"{lock_path(source)} does not fit: it was made for other packages, another version or another platform",
            f"make it anew: jitney lock {source.label}",
        )
    return lock


def _kept_path(config: Config, key: str) -> Path:
    return config.cache / "resolutions" / f"{key}.json"


def read_kept(path: Path) -> Lock | None:
    """A resolution of an earlier run; None where there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Lock)
    except (OSError, msgspec.DecodeError):
        return None


def keep(path: Path, lock: Lock) -> None:
    """Written whole or not at all: another jitney may read it meanwhile. A full disk costs only the memory of it."""
    import os

    part = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(msgspec.json.encode(lock))
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
