"""Bases: the images that stages start from, made or pulled once, whoever asks first.

A key is `PROVIDER/KIND:VERSION-FLAVOUR`: `debian/python:3.13-run`, `registry/go:1.24-build`, `scratch`.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jitney.config import Config
from jitney.engine.protocol import Engine
from jitney.errors import PlanError
from jitney.facts.collect import bases_on_hand
from jitney.facts.model import BaseOnHand, Facts

__all__ = ["ensure"]

SCRATCH = "scratch"


def ensure(
    engine: Engine, key: str, facts: Facts, config: Config, on_line: Callable[[str], None]
) -> BaseOnHand:
    """The base, made where it is missing. Two processes make it once: the second waits for the first.

    Raises PlanError (nobody can give it), BuildError (the mirror or registry did not), and the engine's errors.
    """
    provider, slash, name = key.partition("/")
    if SCRATCH in (key, name.partition(":")[0]):
        return BaseOnHand(key=key, ref=SCRATCH, digest="")
    if not slash or provider not in ("debian", "registry"):
        raise PlanError(
            f"{key!r} is no base", "expected debian/KIND:VERSION-FLAVOUR or registry/KIND:VERSION-FLAVOUR"
        )
    with _alone(config, key, on_line):
        found = next((base for base in bases_on_hand(engine, engine.images(), config) if base.key == key), None)
        if found is not None:
            return found
        if provider == "registry":
            from jitney.bases.registry import pull

            return pull(engine, key, config, on_line)
        from jitney.bases.debian import make
        from jitney.bases.recipes import recipe

        return make(engine, key, recipe(name), facts, on_line)


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
