"""What the commands about models share: how weights are written as JSON and as a row, ages, which model a word means."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from jitney.config import Config
from jitney.models.model import Weights
from jitney.models.storage.holdings import ID, Holding, find
from jitney.models.storage.store import Store
from jitney.supply import store, table


def fields(weights: Weights) -> dict[str, object]:
    """Of weights, for programs that read `--json`."""
    info = weights.info
    return {
        "name": weights.alias or weights.ref,
        "id": weights.digest.removeprefix("sha256:"),
        "digest": weights.digest,
        "ref": weights.ref,
        "format": weights.format,
        "main": weights.main,
        "bytes": weights.bytes,
        "architecture": info.architecture,
        "title": info.name,
        "parameters": info.parameters,
        "context": info.context,
        "quantisation": info.quantisation,
        "kind": info.kind,
        "chat_template": info.chat_template,
        "licence": info.licence,
        "signed": weights.signed,
        "files": [{"name": one.name, "sha256": one.sha256, "bytes": one.bytes} for one in weights.files],
    }


def record(one: Holding, *, used_now: bool) -> dict[str, object]:
    """Of a model in the Store. Times in Unix seconds."""
    return {
        **fields(one.weights),
        "name": one.name,
        "refs": one.refs,
        "pulled": int(one.pulled),
        "used": int(one.used),
        "pinned": one.pinned,
        "in_use": used_now,
        "made_from": one.made_from,
        "own_bytes": one.own_bytes,
    }


def meant(config: Config, words: Sequence[str]) -> tuple[Store, list[Holding]]:
    """The models that the user's words mean, each once, in their order. Raises ModelError: none, or an ID of several."""
    kept = store(config)
    known = table(config)
    found = {one.id: one for word in words for one in find(kept, word, known, Path.cwd())}
    return kept, list(found.values())


def short(one: Holding) -> str:
    return f"{one.name} ({one.id[:ID]}, {one.weights.format})"


def ago(moment: float) -> str:
    """`3 hours ago`, as Ollama writes it."""
    if not moment:
        return "never"
    seconds = max(0, int(time.time() - moment))
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if count := seconds // length:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "now" if seconds < 5 else f"{seconds} seconds ago"


def rows(table: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest word, two blanks between them."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = ("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in table)
    return "\n".join(line.rstrip() for line in lines)
