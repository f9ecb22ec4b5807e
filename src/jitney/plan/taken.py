"""What goes along, measured: the Plan needs its size (delivery, tmpfs) and, where it is compiled, its digest."""

from __future__ import annotations

import msgspec

LARGE = 8 << 20
"""Bytes from which a file is rather mounted than streamed."""


class Taken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """bytes and files of all that is taken, large: those over LARGE, large_bytes: of them; digest of all their bytes for a
    compiled language, else empty."""

    bytes: int = 0
    files: int = 0
    large: tuple[str, ...] = ()
    large_bytes: int = 0
    digest: str = ""
