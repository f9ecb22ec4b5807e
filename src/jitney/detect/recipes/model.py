"""What a recipe says: plain data."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["start", "version", "env", "port", "system", "server", "gpu", "base", "broken"]


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that one line of a recipe says.

    kind: `start` (words: the command), `version` (of `language`), `env` (a variable's name that is set there), `port`,
        `system` (a Debian package), `server` (value: ollama, vllm …; port), `gpu`, `base` (an image), `broken` (it cannot be read).
    rule: id of the evidence, `dockerfile.cmd`. folder: the folder of the source in which a start's paths count.
    """

    kind: Kind
    rule: str
    value: str
    file: str
    line: int = 0
    language: str = ""
    words: tuple[str, ...] = ()
    port: int = 0
    folder: str = ""

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file
