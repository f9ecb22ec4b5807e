"""What a registry wants before it gives anything (`WWW-Authenticate`), answered with what `docker login` keeps for it.

Basic ─► name and password        Bearer realm="…",service="…",scope="…" ─► GET realm?… (with them, or as nobody) ─► a token
                                                            identity token ─► POST realm, grant_type=refresh_token ─┘
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from jitney.errors import ModelError
from jitney.models.schemes import is_local
from jitney.models.sources import wire
from jitney.models.sources.web import Missing, get_json

CLIENT = "jitney"
TIMEOUT_S = 30.0
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


def answered(challenge: str, host: str, repository: str, text: str) -> Mapping[str, str]:
    """Headers for the same request again. text: the reference, for messages. Raises ModelError: nothing answers it."""
    from jitney.bases.credentials import credentials

    kind, _, rest = challenge.partition(" ")
    said, known = dict(_PARAMETER.findall(rest)), credentials(host) or {}
    if kind.lower() == "basic":
        if "username" not in known:
            raise ModelError(f"{text}: {host} wants credentials", f"docker login {host}")
        return _basic(known)
    realm = said.get("realm", "")
    is_safe = realm.startswith("https://") or is_local(realm.partition("://")[2].partition("/")[0])
    if kind.lower() != "bearer" or not is_safe:
        raise ModelError(
            f"{text}: {host} wants credentials of a kind that is not known ({kind or 'none named'})"
        )
    scope = said.get("scope") or f"repository:{repository}:pull"
    asked = {"service": said.get("service", ""), "scope": scope}
    try:
        token = (
            _refreshed(realm, asked, known["identitytoken"])
            if "identitytoken" in known
            else _given(realm, asked, known)
        )
    except (wire.RefusedError, Missing) as error:
        message = f"{text}: {host} gives no token: {error.message}"
        raise ModelError(message, f"docker login {host}") from error
    return {"Authorization": f"Bearer {token}"} if token else {}


def _basic(known: Mapping[str, str]) -> Mapping[str, str]:
    pair = base64.b64encode(f"{known['username']}:{known['password']}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def _given(realm: str, asked: Mapping[str, str], known: Mapping[str, str]) -> str:
    answer = get_json(f"{realm}?{urlencode(asked)}", _basic(known) if "username" in known else {})
    return _token(answer)


def _refreshed(realm: str, asked: Mapping[str, str], identity: str) -> str:
    """The one question that is a POST: an identity token is no password."""
    import httpx

    form = {"grant_type": "refresh_token", "refresh_token": identity, "client_id": CLIENT, **asked}
    try:
        answer = httpx.post(realm, data=form, timeout=TIMEOUT_S)
    except httpx.TransportError as error:
        raise wire.Unreachable(
            f"{realm}: {error}", "check the network and the proxy variables (HTTPS_PROXY)"
        ) from error
    if answer.status_code != 200:
        raise Missing(f"{realm}: the server answered {answer.status_code}")
    try:
        return _token(msgspec.json.decode(answer.content, type=dict[str, Any]))
    except msgspec.DecodeError:
        return ""


def _token(answer: Mapping[str, Any]) -> str:
    token = answer.get("token") or answer.get("access_token")
    return token if isinstance(token, str) else ""
