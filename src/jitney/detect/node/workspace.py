"""The members of a workspace: npm's, Yarn's and Bun's `workspaces`, pnpm-workspace.yaml, lerna.json."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from jitney.detect.node.jsonc import loads, strings, table
from jitney.source import Source
from jitney.source.paths import parent

MANIFESTS = ("package.json", "package.json5")
"""The second is pnpm's alone."""


def within(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file


def manifest_in(source: Source, folder: str) -> str:
    """Path of the folder's manifest, empty where it has none."""
    return next((path for name in MANIFESTS if source.has(path := within(folder, name))), "")


def patterns(source: Source, folder: str, data: dict[str, object]) -> list[str]:
    """Globs of a workspace's members."""
    said = data.get("workspaces")
    found = strings(said) or strings(table(said).get("packages"))
    path = within(folder, "pnpm-workspace.yaml")
    if source.has(path):
        found += _of_yaml(source.read_text(path) + "\n")
    path = within(folder, "lerna.json")
    if not found and source.has(path):
        try:
            found += strings(table(loads(source.read_text(path))).get("packages"))
        except ValueError:
            found = []  # Lerna, where it runs, says so
    return [pattern.removeprefix("./").rstrip("/") for pattern in found]


def _of_yaml(text: str) -> list[str]:
    block = re.search(r"(?m)^packages:[ \t]*\n((?:[ \t]*(?:#.*)?\n|[ \t]*-.*\n?)*)", text)
    if not block:
        return []
    return re.findall(r"(?m)^[ \t]*-[ \t]*[\"']?([^\"'\n#]+?)[\"']?[ \t]*(?:#.*)?$", block[1])


def members(source: Source, root: str, globs: list[str]) -> list[str]:
    """Folders with a manifest that the globs name."""
    wanted = [pattern for pattern in globs if not pattern.startswith("!")]
    unwanted = [pattern[1:] for pattern in globs if pattern.startswith("!")]
    ends = tuple(f"/{name}" for name in MANIFESTS)
    places = dict.fromkeys(parent(path) for path in source.files(root) if path.endswith(ends))
    below = {place: place.removeprefix(root).strip("/") for place in places}
    named = [place for place, path in below.items() if path and _any(path, wanted)]
    return [place for place in named if not _any(below[place], unwanted)]


def _any(path: str, globs: list[str]) -> bool:
    return any(_matches(path, pattern) for pattern in globs)


def _matches(path: str, pattern: str) -> bool:
    """`*` stays in its folder, `**` does not."""
    if "**" in pattern:
        return fnmatchcase(path, pattern.replace("**/", "*").replace("**", "*"))
    return path.count("/") == pattern.count("/") and fnmatchcase(path, pattern)
