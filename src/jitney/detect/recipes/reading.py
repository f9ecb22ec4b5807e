"""Which recipes lie beside a program, and their readers, in the order in which they are believed."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module

from jitney.detect.recipes.model import Said
from jitney.source import Source

MAX_TEXT = 1 << 20
"""A recipe is written by hand; the rest of a longer file is not looked at."""

READERS: tuple[tuple[str, str], ...] = (
    (r"Procfile", "procfile"),
    (r"\.tool-versions|\.?mise\.toml", "pins"),
    (r"(?i:Dockerfile|Containerfile)(?:\.[\w-]+)?|[\w-]+\.(?i:Dockerfile)", "docker"),
    (r"(?:docker-)?compose\.ya?ml", "compose"),
    (r"\.devcontainer\.json", "devcontainer"),
    (r"(?:GNUm|[Mm])akefile|[Jj]ustfile", "makefile"),
    (r"(?i:README)(?:\.(?:md|markdown|rst|txt))?", "readme"),
)
"""Pattern of the name, module of this package with `read(text, path, folder)`. Earlier ones are believed first."""

BELOW = {".devcontainer": ((r"devcontainer\.json", "devcontainer"),), ".config": ((r"mise\.toml", "pins"),)}
MOST_OF_A_KIND = 3
"""Dockerfile, Dockerfile.dev, Dockerfile.gpu: the plain name first, a few of the rest."""


def read_recipes(source: Source, folder: str | None = None, *, only: tuple[str, ...] = ()) -> list[Said]:
    """What the recipes right in a folder say (the program's own unless given), in the order in which they are believed.
    only: names of readers. A file that cannot be read as what its name says gives one Said of kind `broken`."""
    place = source.workdir if folder is None else folder
    files, folders = source.folder(place)
    found: list[Said] = []
    for pattern, module in READERS:
        if only and module not in only:
            continue
        names = sorted(
            (name for name in files if re.fullmatch(pattern, name)), key=lambda name: (len(name), name)
        )
        for name in names[:MOST_OF_A_KIND]:
            found += _read(source, f"{place}/{name}".lstrip("/"), module, place)
    for child in sorted(set(BELOW) & set(folders)):
        for pattern, module in BELOW[child]:
            names = [
                name
                for name in source.folder(f"{place}/{child}".lstrip("/"))[0]
                if re.fullmatch(pattern, name)
            ]
            for name in names if not only or module in only else ():
                found += _read(source, f"{place}/{child}/{name}".lstrip("/"), module, place)
    return found


def _read(source: Source, path: str, module: str, folder: str) -> list[Said]:
    if not source.has(path):  # a link that leads outside
        return []
    read: Callable[[str, str, str], list[Said]] = import_module(f"jitney.detect.recipes.{module}").read
    return read(source.read_text(path)[:MAX_TEXT], path, folder)
