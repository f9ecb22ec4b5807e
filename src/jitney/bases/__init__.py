"""Bases: the images that stages start from, made or pulled once, whoever asks first.

A key is `PROVIDER/KIND:VERSION-FLAVOUR`: `debian/python:3.13-run`, `registry/go:1.24-build`, `scratch`; or `image/NAME:TAG`, a
public image of a runtime's makers (images.py).
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jitney.bases.recipes import current, recipe
from jitney.config import Config
from jitney.engine.protocol import Engine
from jitney.errors import PlanError
from jitney.facts.collect import bases_on_hand
from jitney.facts.model import BaseOnHand, Facts

__all__ = ["current", "ensure", "fits"]

SCRATCH = "scratch"


def ensure(
    engine: Engine,
    key: str,
    facts: Facts,
    config: Config,
    on_line: Callable[[str], None],
    digest: str = "",
) -> BaseOnHand:
    """The base, made where it is missing. Two processes make it once: the second waits for the first.

    digest: a lock's, which a registry is asked for instead of the name's newest; Debian's bases have only the newest.

    Raises PlanError (nobody can give it), BuildError (the mirror or registry did not), and the engine's errors.
    """
    provider, slash, name = key.partition("/")
    if SCRATCH in (key, name.partition(":")[0]):
        return BaseOnHand(key=key, ref=SCRATCH, digest="")
    if not slash or provider not in ("debian", "registry", "image"):
        raise PlanError(
            f"{key!r} is no base", "expected debian/KIND:VERSION-FLAVOUR or registry/KIND:VERSION-FLAVOUR"
        )
    with _alone(config, key, on_line):
        found = next(
            (base for base in current(bases_on_hand(engine, engine.images(), config)) if base.key == key),
            None,
        )
        if found is not None and fits(found, digest):
            return found
        if provider == "registry":
            from jitney.bases.registry import pull

            return pull(engine, key, config, on_line, digest)
        if provider == "image":
            from jitney.bases.registry import pull_public

            return pull_public(engine, key, config, on_line)
        made = recipe(name)
        if made.parent:
            from jitney.bases.layered import add_layer

            def other(wanted: str) -> BaseOnHand:
                return ensure(engine, wanted, facts, config, on_line)

            return add_layer(engine, key, made, other, facts, config, on_line)
        from jitney.bases.debian import make

        return make(engine, key, made, facts, on_line)


def fits(base: BaseOnHand | None, digest: str) -> bool:
    """On hand, and where a registry can give exactly what a lock asks for, exactly that."""
    return base is not None and (not digest or not base.key.startswith("registry/") or base.digest == digest)


@contextmanager
def _alone(config: Config, key: str, on_line: Callable[[str], None]) -> Iterator[None]:
    """A lock file per base. The kernel lets go of it when its holder dies."""
    path = config.cache / "locks" / (key.replace("/", "_").replace(":", "_") + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_line(f"waiting for another process that makes {key}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
