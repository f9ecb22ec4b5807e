"""Which files of a folder belong to a program.

Left out: version control, installed packages, caches and build products, and what `.dockerignore` names,
since that file says
what goes into containers. `.gitignore` is not honoured: it names `.env` files, data and weights that a
program needs to run.
"""

from __future__ import annotations

from jitney.errors import SourceError
from jitney.findings import Finding
from jitney.source.ignore import Ignore
from jitney.source.tree import Tree

MAX_FILES = 20_000
MAX_BYTES = 64 << 30
MAX_DEPTH = 40

SKIPPED_FOLDERS = frozenset({
    ".git", ".hg", ".svn", ".bzr", "node_modules", "bower_components", ".venv", "__pycache__",
    "__pypackages__",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox", ".eggs", ".hypothesis",
    ".ipynb_checkpoints",
    ".gradle", ".idea", ".terraform", ".direnv", ".ssh", ".gnupg",
})  # fmt: skip
SKIPPED_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
SKIPPED_ENDINGS = (".pyc", ".pyo", ".swp", "~")
PRODUCTS = {
    "target": ("Cargo.toml", "pom.xml", "build.sbt"),
    ".build": ("Package.swift",),
    "_build": ("mix.exs",),
}
"""Folders that are build products beside one of these manifests, and ordinary folders elsewhere."""


class Limits:
    """How much of a tree is looked at; `reached` is what stopped it, in words."""

    def __init__(self, files: int = MAX_FILES, size: int = MAX_BYTES, depth: int = MAX_DEPTH) -> None:
        self.files, self.size, self.depth = files, size, depth
        self.reached = ""

    def take(self, size: int) -> bool:
        """Count one file; false once there are too many or too much."""
        self.files -= 1
        self.size -= size
        if self.files < 0 or self.size < 0:
            self.reached = "too many files" if self.files < 0 else "too many bytes"
        return not self.reached


class Walk:
    """One pass over a folder: `files`, sorted, and `findings` about what was left out."""

    def __init__(
        self, tree: Tree, start: str, limits: Limits, ignore: Ignore, *, whole: bool = False
    ) -> None:
        """whole: nothing is left out but what `ignore` names: the context of a Dockerfile."""
        self._tree, self._limits, self._ignore, self._whole = tree, limits, ignore, whole
        self._links_outside: list[str] = []
        self._odd_names = 0
        self._closed: list[str] = []
        self.ignored = 0
        self._found: list[str] = []
        self._visit(start, 0, ())
        self.files = tuple(sorted(self._found))
        self.findings = tuple(self._report())

    def _visit(self, folder: str, depth: int, above: tuple[str, ...]) -> None:
        identity = self._tree.identity(folder)
        listing = None if identity in above else self._listing(folder, is_start=not above)
        if listing is None:
            return
        if depth > self._limits.depth:
            self._limits.reached = "folders too deep"
            return
        files, folders = listing
        for file in files:
            self._take(_under(folder, file), file)
            if self._limits.reached:
                return
        for child in folders:
            path = _under(folder, child)
            if (self._whole or not self._is_skipped(path, child, files)) and self._keep(path, child):
                self._visit(path, depth + 1, (*above, identity))

    def _listing(self, folder: str, *, is_start: bool) -> tuple[list[str], list[str]] | None:
        """A folder below that nobody lets us into is no part of the program: somebody else's data."""
        try:
            return self._tree.folder(folder)
        except SourceError:
            if is_start:
                raise
            self._closed.append(folder)
            return None

    def _take(self, path: str, file: str) -> None:
        is_skipped = file in SKIPPED_FILES or file.endswith(SKIPPED_ENDINGS)
        if (is_skipped and not self._whole) or not self._keep(path, file):
            return
        stat = self._tree.stat(path)
        if stat is None:
            self._links_outside.append(path)
        elif self._limits.take(stat.size):
            self._found.append(path)

    def _keep(self, path: str, file: str) -> bool:
        if not file.isprintable():
            self._odd_names += 1
            return False
        if self._ignore.drops(path):
            self.ignored += 1
            return False
        return True

    def _is_skipped(self, path: str, child: str, beside: list[str]) -> bool:
        """Or a virtual environment under whatever name."""
        return is_skipped_folder(child, beside) or self._tree.stat(f"{path}/pyvenv.cfg") is not None

    def _report(self) -> list[Finding]:
        found = []
        if self._links_outside:
            message = f"left out, not a regular file inside the source: {_some(self._links_outside)}"
            found.append(
                Finding(level="note", code="source.outside", message=message, file=self._links_outside[0])
            )
        if self._closed:
            message = f"left out, no permission to look into: {_some(self._closed)}"
            found.append(
                Finding(level="warning", code="source.closed", message=message, file=self._closed[0])
            )
        if self._odd_names:
            message = f"left out: {self._odd_names} names with control characters or broken encoding"
            found.append(Finding(level="warning", code="source.names", message=message))
        if self._limits.reached:
            message = f"the folder is too large for a program: {self._limits.reached}"
            hint = "hand over the program's own folder, or name what is not needed in .dockerignore"
            found.append(Finding(level="error", code="source.limits", message=message, hint=hint))
        return found


def _some(paths: list[str]) -> str:
    return ", ".join(paths[:3]) + (" …" if len(paths) > 3 else "")


def _under(folder: str, child: str) -> str:
    return f"{folder}/{child}" if folder else child


def is_skipped_folder(child: str, beside: list[str]) -> bool:
    """beside: the files that lie in the same folder."""
    if child in SKIPPED_FOLDERS or child.endswith(".egg-info"):
        return True
    return any(manifest in beside for manifest in PRODUCTS.get(child, ()))
