"""What goes along, measured: the Plan needs its size (delivery, tmpfs) and, where it is compiled, its digest."""

from __future__ import annotations

import msgspec

from jitney.detect.model import Detection
from jitney.source import Source

COMPILED = frozenset({"go"})


class Taken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """bytes and files of all that is taken; digest of their bytes for a compiled language, else empty."""

    bytes: int = 0
    files: int = 0
    digest: str = ""


def measure(source: Source, detection: Detection) -> Taken:
    """One stat a file; the bytes are read only where they go into the image."""
    return Taken(
        bytes=sum(source.size(path) for path in detection.takes),
        files=len(detection.takes),
        digest=source.digest(detection.takes) if detection.language in COMPILED else "",
    )
