"""Views (layout.py) that go with what they show: the names of a blob inside them keep its bytes on the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path


def drop_views(root: Path, inodes: Collection[int]) -> None:
    """Remove every view below `root` that has a file with one of these inodes."""
    for view in sorted((root / "views").glob("*")):
        if inodes and _shows(view, inodes):
            shutil.rmtree(view, ignore_errors=True)


def _shows(view: Path, inodes: Collection[int]) -> bool:
    for folder, _, names in os.walk(view):
        for name in names:
            try:
                if Path(folder, name).stat().st_ino in inodes:
                    return True
            except FileNotFoundError:
                continue
    return False
