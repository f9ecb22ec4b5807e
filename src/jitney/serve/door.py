"""Who may ask: keys, and what keeps web pages out of a server on loopback.

A page of any site can send requests to 127.0.0.1, and, with a name of its own that it lets point there, read the answers.
So where a door is guarded, a request with a foreign Origin or under a foreign name is refused.
"""

from __future__ import annotations

import os
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path

from jitney.serve.errors import ApiError
from jitney.serve.request import Request
from jitney.serve.settings import Settings

OPEN = ("/health", "/ready")
"""Paths that need no key: who watches over the gateway has none."""
MOST_KEYS_BYTES = 64 << 10


class Door:
    def __init__(self, settings: Settings) -> None:
        self.keys = tuple(_keys(settings))
        self._origins = settings.origins
        self._is_guarded = settings.guarded

    def headers(self, request: Request) -> dict[str, str]:
        """What an answer to a web page of an allowed origin says."""
        origin = request.headers.get("origin", "")
        if not origin or not self._allows(origin):
            return {}
        return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}

    def preflight(self, request: Request) -> dict[str, str] | None:
        """The answer to a browser that asks before it asks; None: it does not."""
        asked = request.headers.get("access-control-request-method")
        if (
            request.method != "OPTIONS"
            or asked is None
            or not self._allows(request.headers.get("origin", ""))
        ):
            return None
        wanted = request.headers.get("access-control-request-headers", "*")
        return {
            "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
            "Access-Control-Allow-Headers": wanted,
            "Access-Control-Max-Age": "600",
        }

    def check(self, request: Request, path: str) -> None:
        """ApiError 403: a page or a name that is not let in; 401: no key, or a wrong one."""
        if self._is_guarded:
            self._check_page(request)
        if self.keys and path not in OPEN and not self._has_key(request):
            shown = "the key is wrong" if _shown(request) else "no key was given"
            message = f"{shown}: this server wants one (Authorization: Bearer …, or x-api-key)"
            raise ApiError(401, message, code="invalid_api_key")

    def _allows(self, origin: str) -> bool:
        return "*" in self._origins or origin in self._origins

    def _check_page(self, request: Request) -> None:
        host = request.headers.get("host", "")
        origin = request.headers.get("origin", "")
        if origin and not self._allows(origin) and origin.partition("://")[2] != host:
            message = f"pages of {origin} may not ask this server (its allowed origins: {', '.join(self._origins) or 'none'})"
            raise ApiError(403, message, code="origin_not_allowed")
        if not self.keys and host and not _is_here(host):
            raise ApiError(403, f"this server is not called {host}: ask 127.0.0.1", code="host_not_allowed")

    def _has_key(self, request: Request) -> bool:
        """In a time that says nothing about the keys."""
        from hmac import compare_digest

        shown = _shown(request).encode("latin-1", "replace")
        return any([compare_digest(shown, key) for key in self.keys])


def _keys(settings: Settings) -> list[bytes]:
    text = b""
    if settings.api_key_file:
        text = Path(settings.api_key_file).read_bytes()
    elif settings.api_key_fd >= 0:
        with os.fdopen(settings.api_key_fd, "rb") as handed:
            text = handed.read(MOST_KEYS_BYTES)
    return [line.strip() for line in text.splitlines() if line.strip()]


def _shown(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip()
    return request.headers.get("x-api-key") or request.headers.get("api-key") or ""


@lru_cache(64)
def _is_here(host: str) -> bool:
    """An address, which no foreign name is, or localhost."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
