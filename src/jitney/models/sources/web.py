"""Small answers of registries: JSON, in bounded memory, with the errors that a user can act on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from email.message import Message
from typing import Any

import msgspec

from jitney.errors import ModelError
from jitney.models.sources import wire

MAX_ANSWER = 64 << 20
"""Bytes; npm's abbreviated lists of packages with thousands of versions take some megabytes."""
TRIES = 3
PAUSE_S = 0.5


class Missing(ModelError):
    """404."""


def get(url: str, headers: Mapping[str, str]) -> tuple[bytes, Message]:
    """The body and the headers of an answer. Raises Missing, wire.RefusedError, ModelError: unreachable, too large."""
    for attempt in range(TRIES):
        try:
            return _once(url, headers)
        except wire.CutError as error:
            if attempt == TRIES - 1:
                hint = "check the address, the network and the proxy variables (HTTPS_PROXY)"
                raise wire.Unreachable(f"{wire.shown(url)}: {error}", hint) from error
            time.sleep(max(error.wait_s, PAUSE_S))
        except wire.RefusedError as error:
            if error.status == 404:
                raise Missing(error.message) from error
            raise
    raise AssertionError("unreachable")


def _once(url: str, headers: Mapping[str, str]) -> tuple[bytes, Message]:
    pieces, size = [], 0
    buffer = memoryview(bytearray(1 << 16))
    answer = wire.ask(url, 0, headers)
    with contextlib.closing(answer):
        while length := answer.read_into(buffer):
            pieces.append(bytes(buffer[:length]))
            size += length
            if size > MAX_ANSWER:
                raise ModelError(f"{wire.shown(url)}: an answer of more than {MAX_ANSWER >> 20} MiB")
        return b"".join(pieces), answer.headers


def get_json(url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """A JSON object. Raises as `get`, and ModelError where it is none."""
    body, _ = get(url, headers)
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{wire.shown(url)}: not an answer of a registry: {error}") from error
