"""What goes along, measured: the Plan needs its size (delivery, tmpfs) and, where it is compiled, its digest."""

from __future__ import annotations

import msgspec

from jitney.detect.model import Detection
from jitney.source import Source

COMPILED = frozenset({"go"})


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


def measure(source: Source, detection: Detection) -> Taken:
    """One stat a file; the bytes are read only where they go into the image."""
    sizes = {path: source.size(path) for path in detection.takes}
    large = {path: size for path, size in sizes.items() if size > LARGE and source.host_path(path)}
    return Taken(
        bytes=sum(sizes.values()),
        files=len(sizes),
        large=tuple(large),
        large_bytes=sum(large.values()),
        digest=source.digest(detection.takes) if detection.language in COMPILED else "",
    )
