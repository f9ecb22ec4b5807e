"""JSON as people write it in configuration files: comments, commas at the end."""

from __future__ import annotations

import json
import re

_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=\s*(?:(?://[^\n]*|/\*.*?\*/)\s*)*[}\]])', re.DOTALL
)


def loads(text: str) -> object:
    """ValueError (json.JSONDecodeError) with the line, which is kept."""

    def clean(match: re.Match[str]) -> str:
        found = match[0]
        if found.startswith('"'):
            return found
        return "\n" * found.count("\n") if found.startswith("/") else ""

    return json.loads(_TOKEN.sub(clean, text.lstrip("\ufeff")))


def table(value: object) -> dict[str, object]:
    """An object, else an empty one."""
    return value if isinstance(value, dict) else {}


def texts(value: object) -> dict[str, str]:
    """The members of an object that are strings."""
    return {name: text for name, text in table(value).items() if isinstance(text, str)}


def strings(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
