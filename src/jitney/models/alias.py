"""Short names of models: the table that ships, and the user's own file above it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import msgspec

from jitney.errors import ModelError
from jitney.models.model import Alias

USER_FILE = "models.toml"


@functools.cache
def builtin() -> Mapping[str, Alias]:
    data = (Path(__file__).parent / "aliases.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, Alias])


def aliases(user_dir: Path | None) -> Mapping[str, Alias]:
    """All short names. user_dir: with the user's `models.toml`, whose names win."""
    path = user_dir / USER_FILE if user_dir else None
    if path is None or not path.is_file():
        return builtin()
    return {**builtin(), **_read(path)}


def _read(path: Path) -> Mapping[str, Alias]:
    import tomllib  # 15 ms that only users with a file of their own pay

    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), dict[str, Alias])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ModelError(
            f"{path}: not a table of model names: {error}",
            'one table a name, like:  [mine]\n  ref = "https://…/mine.gguf#sha256=…"',
        ) from error


def by_hub_name(table: Mapping[str, Alias], name: str) -> str:
    """The short name of the model that libraries call `name` (`org/repo`, any case), or an empty string."""
    wanted = name.lower()
    for short, alias in table.items():
        if any(hub.lower() == wanted for hub in alias.hubs):
            return short
    return ""
