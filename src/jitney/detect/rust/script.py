"""A manifest inside a source file: `---cargo` front matter (cargo script), or a ```cargo block in its first doc comment
(rust-script)."""

from __future__ import annotations

import re
import tomllib

import msgspec

from jitney.detect.notes import Notes
from jitney.detect.rust.code import FRONT

_BLOCK = re.compile(r"^//![ \t]?```cargo[ \t]*\n((?://![^\n]*\n)*?)//![ \t]?```", re.M)
_SHORT = re.compile(r"^// cargo-deps:(.*)$", re.M)


class Embedded(msgspec.Struct, frozen=True):
    """manifest: what its TOML says; line: where it starts; is_front: the compiler cannot read the file as it is."""

    manifest: dict[str, object]
    line: int
    is_front: bool


def embedded(text: str, file: str, notes: Notes) -> Embedded | None:
    """None where there is none. TOML that cannot be read is a finding of level error."""
    if front := FRONT.search(text):
        return _read(front[2], text.count("\n", 0, front.start(2)) + 1, file, notes, is_front=True)
    if block := _BLOCK.search(text):
        lines = re.sub(r"(?m)^//! ?", "", block[1])
        return _read(lines, text.count("\n", 0, block.start(1)) + 1, file, notes, is_front=False)
    if short := _SHORT.search(text[:4000]):
        words = [word.strip().strip('"') for word in short[1].split(",") if word.strip()]
        pairs = (re.split(r"\s*=\s*", word, maxsplit=1) for word in words)
        crates = {pair[0]: pair[1].strip('"') if len(pair) > 1 else "*" for pair in pairs}
        line = text.count("\n", 0, short.start()) + 1
        return Embedded({"dependencies": crates}, line, is_front=False)
    return None


def _read(toml: str, line: int, file: str, notes: Notes, *, is_front: bool) -> Embedded:
    try:
        return Embedded(tomllib.loads(toml), line, is_front)
    except tomllib.TOMLDecodeError as error:
        notes.tell("error", "rust.front-matter", f"{file}:{line}: the manifest in it is no TOML: {error}", file=file, line=line,
                   hint="for example `[dependencies]` and below it `ureq = \"3\"`")  # fmt: skip
        return Embedded({}, line, is_front)
