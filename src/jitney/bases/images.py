"""Public images of runtimes: their makers' names, and where each maker keeps them."""

from __future__ import annotations

from jitney.config import Config

KEPT_BY = {"ngc": "nvcr.io", "github": "ghcr.io"}
"""Registries of image makers who do not use the engine's own: short name → host, the only place where they stand."""


def pull_name(image: str, config: Config) -> str:
    """What an engine is asked for. image: `name:tag` of the engine's own registry, or `KEEPER!name:tag` with one of KEPT_BY.

    A registry in the settings is a mirror of all of them.
    """
    keeper, mark, name = image.rpartition("!")
    if config.registry:
        return f"{config.registry.rstrip('/')}/{name}"
    return f"{KEPT_BY[keeper]}/{name}" if mark else name
