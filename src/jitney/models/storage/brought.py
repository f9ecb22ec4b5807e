"""What a reference led to, in the Store and not yet looked at."""

from __future__ import annotations

import msgspec

from jitney.errors import ModelError
from jitney.models.model import WeightFile


class Unreachable(ModelError):
    """Nobody answered where a reference leads."""


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """revision: the commit or digest that these files are of. licence: as stated where they lie."""

    files: tuple[WeightFile, ...]
    revision: str = ""
    licence: str = ""
