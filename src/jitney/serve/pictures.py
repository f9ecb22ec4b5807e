"""Images in a request: taken from where they stand in it, and from nowhere else, since there is no network."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from typing import Any

from jitney.serve import checks
from jitney.serve.errors import Json, bad

_DATA = re.compile(r"data:(image/[a-z0-9.+-]+);base64,", re.IGNORECASE)
_KINDS = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"BM": "image/bmp",
}


def picture(part: Json, where: str) -> Json:
    """A part of a message, of OpenAI's two APIs or Anthropic's, as the runtimes take it. 400: it is no image in base64."""
    if part.get("type") == "image":
        source = checks.table(part.get("source"), f"{where}.source")
        if source.get("type") != "base64":
            raise bad(
                f"{where}.source.type",
                f"base64 is expected, not {source.get('type')!r}: there is no network here",
            )
        return of_base64(source.get("data"), f"{where}.source.data", str(source.get("media_type") or ""))
    given = part.get("image_url")
    url = given.get("url") if isinstance(given, dict) else given
    match = _DATA.match(url) if isinstance(url, str) else None
    if match is None or not isinstance(url, str):
        raise bad(
            f"{where}.image_url", "a data: URL of an image in base64 is expected: there is no network here"
        )
    return of_base64(url[match.end() :], f"{where}.image_url", match[1])


def of_base64(data: Any, where: str, kind: str = "") -> Json:
    """kind: found by looking where it is not told."""
    try:
        begin = b64decode(data, validate=True)[:16]
    except (Error, TypeError, ValueError) as error:
        raise bad(where, "base64 is expected") from error
    found = kind or next((name for magic, name in _KINDS.items() if begin.startswith(magic)), "")
    if not found:
        raise bad(where, "this is no image that is known here (PNG, JPEG, GIF, WebP, BMP)")
    return {"type": "image_url", "image_url": {"url": f"data:{found};base64,{data}"}}
