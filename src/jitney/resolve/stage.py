"""Bases for a resolution that takes place in a build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jitney.errors import ResolveError

if TYPE_CHECKING:
    from jitney.facts.model import Facts
    from jitney.resolve.world import World


def on_hand(key: str, world: World) -> Facts:
    """Facts in which this base is on hand; it is made when it is not."""
    if world.facts.base(key) is not None:
        return world.facts
    if world.ensure_base is None:
        raise ResolveError(
            f"the base {key} is needed to resolve these packages and is not on hand", "jitney setup"
        )
    world.on_line(f"making the base {key} (once)")
    return msgspec.structs.replace(world.facts, bases=(*world.facts.bases, world.ensure_base(key)))
