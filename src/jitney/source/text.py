"""From bytes to text: byte order marks, PEP 263 declarations, then UTF-8, then Latin-1, which fits any
bytes."""

from __future__ import annotations

import re

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_DECLARED = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def decode(data: bytes) -> str:
    """Never fails. Line ends are kept as they are."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    encoding = _declared(data)
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError, ValueError):
        return data.decode("latin-1")


def _declared(data: bytes) -> str:
    for line in data.split(b"\n", 2)[:2]:
        if match := _DECLARED.match(line):
            return match[1].decode("ascii", "replace")
    return "utf-8"
