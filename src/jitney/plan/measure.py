"""How much a program is: asked of the source once, for the Plan."""

from __future__ import annotations

from jitney.detect.model import Detection
from jitney.plan.planner import planner
from jitney.plan.taken import LARGE, Taken
from jitney.source import Source


def measure(source: Source, detection: Detection) -> Taken:
    """One stat a file; the bytes are read only where they go into the image."""
    sizes = {path: source.size(path) for path in detection.takes}
    large = {path: size for path, size in sizes.items() if size > LARGE and source.host_path(path)}
    return Taken(
        bytes=sum(sizes.values()),
        files=len(sizes),
        large=tuple(large),
        large_bytes=sum(large.values()),
        digest=source.digest(detection.takes) if planner(detection.language).is_compiled(detection) else "",
    )
