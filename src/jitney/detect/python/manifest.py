"""One manifest, as it was read."""

from __future__ import annotations

from jitney.detect.model import Package
from jitney.detect.python.requirements import Reading


class Manifest:
    """manager as in Detection. requires: Python's version as the manifest demands it, with its place."""

    def __init__(self, manager: str, reading: Reading, lock: str = "") -> None:
        self.manager = manager
        self.lock = lock
        self.reading = reading
        self.requires = ""
        self.requires_line = 0
        self.scripts: dict[str, str] = {}

    @property
    def packages(self) -> list[Package]:
        return self.reading.packages

    @property
    def files(self) -> list[str]:
        return self.reading.files
