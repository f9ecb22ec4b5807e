"""`.dockerignore`: Go's filepath.Match with `**`, the last match decides, `!` takes back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

MAX_RULES = 1_000
MAX_RULE = 1_000
"""Lines of a file, and characters of a line, that are looked at: each path is held against each of them."""

MAX_STARS = 12
"""Wildcards of a line: a pattern with more takes a time that grows with their power."""


class Ignore:
    """The rules of one file that lies in `folder`. Without lines nothing is dropped."""

    def __init__(self, lines: Iterable[str] = (), folder: str = "") -> None:
        self._head = f"{folder}/" if folder else ""
        self._rules = [rule for line in islice(lines, MAX_RULES) if (rule := _rule(line)) is not None]
        self._has_exceptions = any(not drop for drop, _ in self._rules)

    def drops(self, path: str) -> bool:
        """Whether the file or folder is left out. A folder is entered anyway where a `!` rule may take
        something back."""
        if not self._rules or not path.startswith(self._head):
            return False
        local = path[len(self._head) :]
        dropped = False
        for drop, pattern in self._rules:
            if pattern.match(local):
                dropped = drop
        return dropped and not (self._has_exceptions and self._may_hold_exception(local))

    def _may_hold_exception(self, local: str) -> bool:
        return any(
            not drop and pattern.pattern.startswith(re.escape(local) + "/") for drop, pattern in self._rules
        )


def _rule(line: str) -> tuple[bool, re.Pattern[str]] | None:
    text = line.strip()
    if not text or text.startswith("#") or len(text) > MAX_RULE or text.count("*") > MAX_STARS:
        return None
    drop = not text.startswith("!")
    text = text.removeprefix("!").strip().strip("/").removeprefix("./")
    if text in ("", "."):
        return None
    try:
        return drop, re.compile(_translate(text) + r"(?:/.*)?\Z", re.DOTALL)
    except re.error:
        return None


def _translate(pattern: str) -> str:
    """A pattern as a regular expression; `**/` matches no folder too."""
    out, rest = "", pattern
    while rest:
        if rest.startswith("**/"):
            out, rest = out + "(?:.*/)?", rest[3:]
        elif rest.startswith("**"):
            out, rest = out + ".*", rest[2:]
        elif rest[0] == "*":
            out, rest = out + "[^/]*", rest[1:]
        elif rest[0] == "?":
            out, rest = out + "[^/]", rest[1:]
        elif rest[0] == "[" and "]" in rest[1:]:
            body, _, rest = rest[1:].partition("]")
            negated, body = body[:1] in ("^", "!") and len(body) > 1, body.lstrip("^!") or body
            out += ("[^" if negated else "[") + re.escape(body).replace(r"\-", "-") + "]"
        else:
            out, rest = out + re.escape(rest[0]), rest[1:]
    return out
