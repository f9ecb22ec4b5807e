"""uv's workspaces: several projects under one lock."""

from __future__ import annotations

from fnmatch import fnmatchcase

from jitney.detect.notes import Notes
from jitney.detect.python.packages import normal
from jitney.detect.python.tables import read_toml, table, texts
from jitney.source import Source
from jitney.source.paths import parent, parents


def root_of(source: Source, folder: str, notes: Notes) -> str | None:
    """The folder above whose workspace this one is a member of; None: it stands by itself."""
    for above in [] if source.alone else parents(folder)[1:]:
        if folder in members(source, above, notes).values():
            return above
    return None


def members(source: Source, root: str, notes: Notes) -> dict[str, str]:
    """Project name, as PEP 503 has it → folder. Empty: no workspace."""
    head = f"{root}/" if root else ""
    settings = table(read_toml(source, f"{head}pyproject.toml", notes), "tool", "uv", "workspace")
    patterns = [head + text.rstrip("/") for text in texts(settings.get("members"))]
    without = [head + text.rstrip("/") for text in texts(settings.get("exclude"))]
    found: dict[str, str] = {}
    for path in source.files(root) if patterns else ():
        folder = parent(path)
        if path.endswith("/pyproject.toml") and _among(folder, patterns) and not _among(folder, without):
            name = table(read_toml(source, path, notes), "project").get("name")
            if isinstance(name, str):
                found[normal(name)] = folder
    return found


def _among(folder: str, patterns: list[str]) -> bool:
    """`packages/*` means one level, as uv has it."""
    return any(fnmatchcase(folder, one) and folder.count("/") == one.count("/") for one in patterns)
