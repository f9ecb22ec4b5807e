"""Regular expressions of schemas in the words that the runtime's grammar has: whole patterns, classes written out, and
repetitions that end."""

from __future__ import annotations

import re

_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": " \\t"}
_UNKNOWN = re.compile(r"\(\?(?!:)|\\[bBDWSpPkuxAZ1-9]")
"""Look-around, references, named groups, negated classes: what the grammar cannot say."""

_TOKEN = re.compile(r"\\(.)|(\[)|(\])|([*+])(\?)?|\{(\d+),\}|(\(\?:)|(.)", re.DOTALL)


def grammatical(pattern: str, most: int) -> str | None:
    """The pattern for the runtime; None where it cannot be said. most: of repetitions without an end.

    What matches the whole is found in it, so a pattern without anchors is held to more than it asks for, never to less.
    """
    body = pattern.removeprefix("^").removesuffix("$")
    if _UNKNOWN.search(body) or "^" in body.replace("[^", "") or "$" in body:
        return None
    made: list[str] = []
    in_class = False
    for escaped, opens, closes, repeats, _, least, group, plain in _TOKEN.findall(body):
        if escaped in _CLASSES:
            made.append(_CLASSES[escaped] if in_class else f"[{_CLASSES[escaped]}]")
        elif repeats and not in_class:
            made.append(f"{{{0 if repeats == '*' else 1},{most}}}")
        elif least:
            made.append(f"{{{least},{max(int(least), most)}}}")
        else:
            in_class = (in_class or bool(opens)) and not closes
            made.append(
                f"\\{escaped}" if escaped else opens or closes or repeats or ("(" if group else plain)
            )
    return f"^{''.join(made)}$"
