"""Answers kept on disk, each in a file of its own. A file that cannot be read or written is an answer not kept."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import TypeVar

import msgspec

from jitney.config import Config
from jitney.facts.model import BaseOnHand

T = TypeVar("T")
BASES = "registry-bases"


def key(kind: str, *parts: str) -> str:
    """A file name that stands for all the parts."""
    return f"{kind}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]}"


def load(config: Config, name: str, kind: type[T], younger_than_s: float) -> T | None:
    path = _path(config, name)
    try:
        if time.time() - path.stat().st_mtime > younger_than_s:
            return None
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def store(config: Config, name: str, answer: object) -> None:
    path = _path(config, name)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(msgspec.json.encode(answer))
        draft.replace(path)
    except OSError:
        return


def noted_bases(config: Config) -> list[BaseOnHand]:
    """Bases pulled from a registry. They carry no label of ours, so we remember them."""
    return load(config, BASES, list[BaseOnHand], float("inf")) or []


def note_base(config: Config, base: BaseOnHand) -> None:
    others = [known for known in noted_bases(config) if known.key != base.key]
    store(config, BASES, [*others, base])


def _path(config: Config, name: str) -> Path:
    return config.cache / "facts" / f"{name}.json"
