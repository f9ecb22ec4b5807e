"""Libraries, engines and fronts of LLM programs: the rows of data/frameworks/, one JSON file a language.

    data/frameworks/python.json ─► Framework (a name) ─► Way (what one of its modules implies) ─► index ─► match.py

JSON, because a run reads one of these files while a person waits: docs/decisions/0016-frameworks-are-json.md has the figures.
A row that fits no model is refused where it is read, with its place.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from jitney.errors import UsageError

DATA = Path(__file__).with_name("data") / "frameworks"

Mode = Literal["in-process", "local-server", "hosted", "none"]

OTHER_NAMES = {
    "typescript": "javascript", "kotlin": "java", "scala": "java", "groovy": "java", "clojure": "java", "fsharp": "csharp",
    "visual-basic": "csharp", "shell": "commands", "racket": "", "coffeescript": "javascript",
}  # fmt: skip
"""Languages that have another one's libraries. What a shell imports are commands."""

Kind = Literal["agent", "client", "runtime", "engine", "embedding", "front"]
RANKS: dict[str, int] = {"agent": 10, "client": 20, "engine": 30, "runtime": 30, "embedding": 40, "front": 60}
"""What is primary where several occur: what is built on clients stands before the clients; a library that generates before
one that only embeds; a front never decides how a model is reached."""


class Way(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One way of using a framework, and what it implies.

    imports: dotted prefixes, the longest that fits wins. literals: strings of which one has to stand in the code as well.
    packages: what this way needs, beyond the framework's own. starters: packages that configure themselves: to declare one is
    to use it, no import follows. mode `none`: it reaches no model. api: the dialect spoken there. env: variables the library
    itself reads. host: the vendor it calls by default, port: its default address on this machine. gpu: `wants`, `needs`.
    embeds: it makes vectors, no text: it is never primary beside one that generates.
    """

    imports: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    starters: tuple[str, ...] = ()
    mode: Mode
    api: Literal["openai", "anthropic", "ollama", "other"] = "openai"
    env: tuple[str, ...] = ()
    host: str = ""
    port: int = 0
    gpu: Literal["", "wants", "needs"] = ""
    embeds: bool = False

    @property
    def generates(self) -> bool:
        return self.mode != "none" and not self.embeds


class Framework(Way, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A framework of one language; what it implies by itself counts where none of its `ways` was met that generates.

    multi: it serves many vendors, the model's name says which. commands: what starts it, as words of a command line. images:
    of a compose file. base: an official image worth starting from. rank: see RANKS. source: where its names were read.
    """

    name: str
    kind: Kind
    multi: bool = False
    commands: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    base: str = ""
    rank: int = 0
    source: str = ""
    note: str = ""
    ways: tuple[Way, ...] = ()

    @property
    def order(self) -> int:
        return self.rank or RANKS[self.kind]

    @property
    def all_ways(self) -> tuple[Way, ...]:
        return (*self.ways, self)


@cache
def frameworks(language: str) -> tuple[Framework, ...]:
    """The rows of a language, in the order of their rank; none for a language that has no file."""
    name = OTHER_NAMES.get(language, language)
    path = DATA / f"{name}.json"
    if not name or not path.is_file():
        return ()
    return ordered(msgspec.json.decode(path.read_bytes(), type=tuple[Framework, ...]))


def ordered(rows: tuple[Framework, ...]) -> tuple[Framework, ...]:
    return tuple(sorted(rows, key=lambda row: row.order))


def languages() -> tuple[str, ...]:
    """Names of the files, `commands` among them."""
    return tuple(sorted(path.stem for path in DATA.glob("*.json")))


def user_rows(rows: object, where: str) -> tuple[Framework, ...]:
    """Rows that a person adds (`[[frameworks]]` in jitney.toml). UsageError: what is wrong, and the fields there are."""
    try:
        return msgspec.convert(rows, tuple[Framework, ...])
    except msgspec.ValidationError as error:
        fields = ", ".join(Framework.__struct_fields__)
        raise UsageError(f"{where}: frameworks: {error}", f"fields: {fields}") from error


def canonical(name: str) -> str:
    """Import as written in any language → dotted: `@ai-sdk/openai`, `rig::providers`, `Symfony\\AI`, `npm:openai@4`."""
    name = name.strip("\\:")
    for prefix in ("npm:", "package:", "jsr:", "https://esm.sh/", "https://cdn.skypack.dev/"):
        name = name.removeprefix(prefix)
    if "@" in name[1:]:
        name = re.sub(r"(?<=[\w-])@[\^~]?v?\d[\w.^~-]*", "", name)
    return name.replace("::", ".").replace("/", ".").replace("\\", ".")
