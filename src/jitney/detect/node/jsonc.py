"""JSON as people write it in configuration files: comments, commas at the end."""

from __future__ import annotations

import json
import re

_REMARK = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_TOKEN = re.compile(rf'"(?:[^"\\]|\\.)*+(?:"|\Z)|{_REMARK}|,(?=\s*+(?:(?>{_REMARK})\s*+)*+[}}\]])', re.DOTALL)
"""What never ends reaches to the end of the text, and no step is taken back: each part is looked at once."""

_JSON5 = re.compile(
    rf"'(?:[^'\\]|\\.)*+(?:'|\Z)|(?<![\w$])[A-Za-z_$][\w$]*+(?=\s*+:)|{_TOKEN.pattern}", re.DOTALL
)
"""JSON5 has names and strings beyond that: unquoted, and in single quotes."""


def loads(text: str, *, is_json5: bool = False) -> object:
    """ValueError (json.JSONDecodeError) with the line, which is kept."""

    def clean(match: re.Match[str]) -> str:
        found = match[0]
        if found.startswith('"'):
            return found
        if len(found) > 1 and found[0] == found[-1] == "'":
            return json.dumps(found[1:-1].replace("\\'", "'"))
        if found.startswith("'"):
            return found  # it never ends
        if found[0].isalpha() or found[0] in "_$":
            return f'"{found}"'
        return "\n" * found.count("\n") if found.startswith("/") else ""

    plain = (_JSON5 if is_json5 else _TOKEN).sub(clean, text.lstrip("\ufeff"))
    try:
        return json.loads(plain)
    except RecursionError as error:
        raise json.JSONDecodeError("nested too deeply", plain, 0) from error


def table(value: object) -> dict[str, object]:
    """An object, else an empty one."""
    return value if isinstance(value, dict) else {}


def texts(value: object) -> dict[str, str]:
    """The members of an object that are strings."""
    return {name: text for name, text in table(value).items() if isinstance(text, str)}


def strings(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
