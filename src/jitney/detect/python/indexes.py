"""Package indexes that a manifest names: told, and not used. Only the user's own configuration decides where packages come from."""

from __future__ import annotations

from typing import Any

from jitney.detect.notes import Notes
from jitney.detect.python.tables import line_of, table
from jitney.source import Source

_PLACES = (("tool", "uv", "index"), ("tool", "poetry", "source"), ("tool", "pdm", "source"), ("source",))
_DEFAULT = ("pypi", "PyPI")
"""The names under which managers write the ecosystem's own index."""


def tell_indexes(data: dict[str, Any], source: Source, path: str, notes: Notes) -> None:
    """One warning for each index that is neither the ecosystem's own nor PyTorch's, whose build is chosen by Facts."""
    for *above, last in _PLACES:
        listed = table(data, *above).get(last) if above else data.get(last)
        for entry in listed if isinstance(listed, list) else []:
            name = str(entry.get("name", entry.get("url", ""))) if isinstance(entry, dict) else ""
            if not name or name in _DEFAULT or "pytorch" in str(entry).lower():
                continue
            notes.tell(
                "warning",
                "python.index",
                f"{path}: the index {name!r} is not used: packages come from the configured index alone",
                hint="set `python_index` in jitney.toml to an index that has them all",
                file=path,
                line=line_of(source, path, name),
            )
