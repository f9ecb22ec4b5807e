"""What was seen, as data: evidence for a decision, and findings about what is wrong or worth knowing."""

from __future__ import annotations

from typing import Literal

import msgspec


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was seen, and what it decided.

    rule: stable id, `python.version.requires-python`; decides: the field it decided (`version`, `entry` …);
    value: what was read there, as text; file and line: where (file relative to the source's root);
    losers: what else would have decided this field and lost, each `rule: value`.
    """

    rule: str
    decides: str
    value: str
    file: str = ""
    line: int = 0
    losers: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """`file:line`, `file`, or an empty string."""
        return f"{self.file}:{self.line}" if self.line else self.file


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to tell: `error` stops the road, `warning` and `note` are shown."""

    level: Literal["error", "warning", "note"]
    code: str
    message: str
    hint: str = ""
    file: str = ""
    line: int = 0
