"""Which Rust a program asks for: flag > rust-toolchain.toml > rust-toolchain > .rust-version > asdf, mise >
rust-version > edition."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from jitney.detect.notes import Notes
from jitney.detect.rust.code import RustFile
from jitney.detect.rust.entry import Chosen
from jitney.detect.rust.manifest import line_of
from jitney.detect.rust.script import Embedded
from jitney.source import Source
from jitney.source.paths import parents

EDITIONS = {"2015": "1.30", "2018": "1.55", "2021": "1.56", "2024": "1.85"}
"""The first release that compiles an edition (doc.rust-lang.org/edition-guide)."""

CHANNEL = re.compile(r"(?:stable|beta|nightly|\d+\.\d+(?:\.\d+)?)(?:-\S+)?")


Seen = tuple[str, str, str, int]
"""Rule, value, file, line."""


def version(
    source: Source,
    chosen: Chosen,
    script: Embedded | None,
    files: dict[str, RustFile],
    wished: str,
    notes: Notes,
) -> str:
    """`1.79.0`, `nightly`, `stable`: exactly that was asked for. `>=1.75`: the least that will do. Empty: any."""
    seen: list[Seen] = [("flag.version", wished, "", 0)] if wished else []
    seen += [one for folder in parents(source.workdir) if (one := _toolchain(source, folder, notes))]
    seen += _pins(source)
    seen += _manifest(source, chosen, script)
    nightly = next((at for one in files.values() for at in one.unstable), None)
    if nightly is not None and not wished:
        seen.insert(0, ("rust.version.feature", "nightly", nightly.file, nightly.line))
    if not seen:
        return ""
    rule, value, file, line = seen[0]
    notes.saw(rule, "version", value, file, line, tuple(f"{r}: {v}" for r, v, _, _ in seen[1:]))
    return value


def _pins(source: Source) -> Iterator[Seen]:
    """asdf's and mise's files name the toolchain that is used; the manifest only the least that will do."""
    from jitney.detect.recipes.reading import read_recipes  # where one of them lies there

    for folder in parents(source.workdir):
        for said in read_recipes(source, folder, only=("pins",)):
            if said.kind == "version" and said.language == "rust":
                yield f"rust.version.{said.rule}", said.value, said.file, said.line


def _manifest(source: Source, chosen: Chosen, script: Embedded | None) -> Iterator[Seen]:
    """`rust-version`, then the edition, of the package or, where it says so, of its workspace."""
    data = chosen.crate.data if chosen.crate else script.manifest if script else {}
    package = _table(data, "package")
    for key in ("rust-version", "edition"):
        value, place = package.get(key), chosen.crate.file if chosen.crate else chosen.path
        if isinstance(value, dict) and chosen.workspace:  # `edition.workspace = true`
            shared = _table(chosen.workspace.workspace or {}, "package")
            value, place = shared.get(key), chosen.workspace.file
        least = EDITIONS.get(str(value), "") if key == "edition" else str(value)
        if re.fullmatch(r"\d+\.\d+(\.\d+)?", least):
            yield f"rust.version.{key}", f">={least}", place, line_of(source.read_text(place), key)


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _toolchain(source: Source, folder: str, notes: Notes) -> tuple[str, str, str, int] | None:
    """A toolchain file right there. One that names no known channel is a finding of level error."""
    for file in ("rust-toolchain.toml", "rust-toolchain", ".rust-version"):
        path = f"{folder}/{file}".lstrip("/")
        if not source.has(path):
            continue
        text = source.read_text(path)
        channel = _channel(text) if "[" in text else text.partition("#")[0].strip()
        if CHANNEL.fullmatch(channel):
            line = next((number for number, one in enumerate(text.splitlines(), 1) if channel in one), 1)
            return f"rust.version.{file.lstrip('.')}", channel, path, line
        if channel:
            notes.tell("error", "rust.toolchain", f"{path}: `{channel[:60]}` is no Rust toolchain", file=path, line=1,
                       hint="for example `channel = \"1.85\"`")  # fmt: skip
    return None


def _channel(text: str) -> str:
    try:
        found = tomllib.loads(text).get("toolchain")
    except tomllib.TOMLDecodeError:
        return text.splitlines()[0] if text else ""
    return str(found.get("channel", "")) if isinstance(found, dict) else ""
