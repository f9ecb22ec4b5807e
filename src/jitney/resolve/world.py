"""What a resolution may use of the world."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from jitney.config import Config
    from jitney.engine.protocol import Engine
    from jitney.facts.model import BaseOnHand, Facts
    from jitney.source import Source

Ensure = Callable[[str], "BaseOnHand"]


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What a resolution may use. ensure_base: makes a base that is not on hand; without it such a need is an error."""

    source: Source
    engine: Engine
    facts: Facts
    config: Config
    on_line: Callable[[str], None]
    ensure_base: Ensure | None = None
