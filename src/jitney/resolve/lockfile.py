"""`jitney.lock`: a Lock as TOML, written only by `jitney lock`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jitney.errors import ResolveError
from jitney.plan.model import SCHEMA, Lock

if TYPE_CHECKING:
    from jitney.source import Source

NAME = "jitney.lock"
HEADER = (
    "# Made by `jitney lock`: exact versions, hashes and bases. Keep it with the program; do not edit it.\n"
)


MODELS = "models"
"""The table of models (models/storage/lockfile.py), which resolving neither reads nor changes; the last one of the file."""


def write_lock(path: Path, lock: Lock) -> None:
    """The models that the file has stay in it."""
    models = split_models(path.read_text(encoding="utf-8"))[1] if path.is_file() else ""
    path.write_text(format_lock(lock) + (f"\n{models}" if models else ""), encoding="utf-8")


def split_models(text: str) -> tuple[str, str]:
    """The text of a lock without the table of models, and that table."""
    found = re.search(rf"^\[{MODELS}\][ \t]*$.*?(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    return (text[: found.start()] + text[found.end() :], found[0]) if found else (text, "")


def format_table(name: str, rows: Mapping[str, list[str]]) -> str:
    return "\n".join((f"[{name}]", *(_entry(key, lines) for key, lines in rows.items()))) + "\n"


def format_lock(lock: Lock) -> str:
    """Same lock, same bytes. Long texts are lists of lines, so that a diff shows one package a line."""
    fields = msgspec.to_builtins(lock)
    fields["schema"] = lock.schema
    lines = [HEADER]
    lines += [_entry(name, value) for name, value in fields.items() if not isinstance(value, dict)]
    for name, table in fields.items():
        if isinstance(table, dict):
            lines.append(f"\n[{name}]")
            lines += [_entry(key, value) for key, value in sorted(table.items())]
    return "\n".join(lines) + "\n"


def _entry(name: str, value: object) -> str:
    if isinstance(value, str) and "\n" in value:
        value = value.split("\n")
    if isinstance(value, (list, tuple)):
        rows = "".join(f"    {_basic(item)},\n" for item in value)
        return f"{_key(name)} = [\n{rows}]" if rows else f"{_key(name)} = []"
    return f"{_key(name)} = {_basic(value)}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _basic(name)


def _basic(value: object) -> str:
    """JSON's strings, numbers and booleans are TOML's, but for DEL and for lone surrogates, which stand in no lock."""
    import json  # 1 ms that only writing a lock pays

    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def lock_path(source: Source) -> str:
    return f"{source.workdir}/{NAME}" if source.workdir else NAME


def read_lock(source: Source) -> Lock | None:
    """The folder's jitney.lock; None where there is none. ResolveError: it cannot be read."""
    path = lock_path(source)
    if not source.has(path):
        return None
    import tomllib

    try:
        fields = tomllib.loads(source.read_text(path))
        if not fields.keys() - {MODELS}:
            return None
        fields["files"] = {name: _joined(text) for name, text in fields.get("files", {}).items()}
        fields["packages"] = _joined(fields.get("packages", ""))
        lock = msgspec.convert(fields, Lock)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, AttributeError) as error:
        raise ResolveError(
            f"{path} cannot be read: {error}", f"make it anew: jitney lock {source.label}"
        ) from error
    if lock.schema != SCHEMA:
        raise ResolveError(
            f"{path} has schema {lock.schema}, this Jitney reads {SCHEMA}", "jitney lock makes it anew"
        )
    return lock


def _joined(value: object) -> object:
    return "\n".join(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else value
