"""Credentials for a registry from the user's docker configuration: read, never written, never shown."""

from __future__ import annotations

import base64
import binascii
import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec

HELPER_S = 20.0


def credentials(host: str, folder: Path | None = None) -> dict[str, str] | None:
    """host: `127.0.0.1:5000`. folder: where config.json lies; $DOCKER_CONFIG or ~/.docker. None: the user has none."""
    where = folder or Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        config: dict[str, Any] = msgspec.json.decode(
            (where / "config.json").read_bytes(), type=dict[str, Any]
        )
    except (OSError, msgspec.DecodeError):
        return None
    helper = (config.get("credHelpers") or {}).get(host) or config.get("credsStore")
    if helper and (found := _ask_helper(str(helper), host)):
        return found
    return _stored((config.get("auths") or {}).get(host), host)


def _stored(entry: Any, host: str) -> dict[str, str] | None:
    if not isinstance(entry, dict):
        return None
    if token := entry.get("identitytoken"):
        return {"identitytoken": token, "serveraddress": host}
    try:
        name, colon, secret = base64.b64decode(entry.get("auth", ""), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return {"username": name, "password": secret, "serveraddress": host} if colon else None


def _ask_helper(helper: str, host: str) -> dict[str, str] | None:
    """`docker-credential-NAME get` reads the host and answers JSON. The name is a word, not a path."""
    if not helper.replace("-", "").replace("_", "").isalnum():
        return None
    argv = [f"docker-credential-{helper}", "get"]
    try:
        done = subprocess.run(argv, input=host, capture_output=True, text=True, timeout=HELPER_S)
        answer = msgspec.json.decode(done.stdout, type=dict[str, str]) if done.returncode == 0 else {}
    except (OSError, subprocess.TimeoutExpired, msgspec.DecodeError):
        return None
    if answer.get("Username") == "<token>":
        return {"identitytoken": answer.get("Secret", ""), "serveraddress": host}
    if not answer.get("Secret"):
        return None
    return {"username": answer.get("Username", ""), "password": answer["Secret"], "serveraddress": host}
