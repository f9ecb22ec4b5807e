"""One manifest, as it was read."""

from __future__ import annotations

from jitney.detect.model import Package
from jitney.detect.python.requirements import Reading


class Manifest:
    """manager as in Detection. requires: Python's version as the manifest demands it, with its place: requires_file where it is
    another file than the deciding one, requires_by who says it. name: the project's. scripts: console scripts. entry: the file that it names as the program, and start: how
    that is run, where it says so. system: Debian packages that it asks for."""

    def __init__(self, manager: str, reading: Reading, lock: str = "") -> None:
        self.manager = manager
        self.lock = lock
        self.reading = reading
        self.requires = ""
        self.requires_line = 0
        self.requires_file = ""
        self.requires_by = manager
        self.name = ""
        self.scripts: dict[str, str] = {}
        self.entry = ""
        self.start: tuple[str, ...] = ()
        self.system: list[Package] = []

    @property
    def packages(self) -> list[Package]:
        return self.reading.packages

    @property
    def files(self) -> list[str]:
        return self.reading.files

    @property
    def says_nothing(self) -> bool:
        """No package at all. A script's own header, and a lock, mean that."""
        return not (self.packages or self.lock or self.manager == "pep723")

    @property
    def deciding(self) -> str:
        """The file that says which Python: the first that is no lock."""
        return self.requires_file or next(
            (path for path in self.files if not path.endswith(".lock")), self.files[0]
        )
