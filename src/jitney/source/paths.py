"""Paths inside a source: relative to its root, with `/`, never leaving it."""

from __future__ import annotations

import posixpath


def inside(path: str) -> str | None:
    """The path without `.`, `..` and doubled slashes; "" is the root, None leads outside."""
    if "\0" in path or path.startswith("/"):
        return None
    clean = posixpath.normpath(path) if path else "."
    if clean == ".":
        return ""
    return None if clean == ".." or clean.startswith("../") else clean


def join(folder: str, path: str) -> str | None:
    """`path` as seen from `folder`; None leads outside the root."""
    return inside(f"{folder}/{path}" if folder and not path.startswith("/") else path)


def parent(path: str) -> str:
    return path.rpartition("/")[0]


def name(path: str) -> str:
    return path.rpartition("/")[2]


def parents(folder: str) -> list[str]:
    """The folder itself, then what lies above it, up to the root ("")."""
    found = [folder]
    while folder:
        folder = parent(folder)
        found.append(folder)
    return found


def is_under(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(folder + "/")
