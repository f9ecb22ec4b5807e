"""Where a name may lead: to the world, to private networks, and home only by the user's own word."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from jitney.sandbox.egress import resolve

NEAR = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "169.254.169.254",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "fe80::1",
    "fd00:ec2::254",
]
FAR = ["192.0.2.7", "10.1.2.3", "192.168.1.20", "2001:db8::7", "fd12:3456::1"]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """A resolver that knows these names, and every address as itself."""
    table: dict[str, list[str]] = {}

    def getaddrinfo(host: str, port: int, type: int) -> list[Any]:
        found = table.get(host, [host] if host[0].isdigit() or ":" in host else [])
        if not found:
            raise socket.gaierror(-2, "unknown")
        return [
            (socket.AF_INET6, type, 6, "", (one, port, 0, 0))
            if ":" in one
            else (socket.AF_INET, type, 6, "", (one, port))
            for one in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return table


@pytest.mark.parametrize("address", NEAR)
def test_a_name_that_leads_home_is_a_trick(names: dict[str, list[str]], address: str) -> None:
    names["evil.test"] = [address]
    assert resolve("evil.test", 443) == []
    names["evil.test"] = [address, "192.0.2.7"]
    assert [found[1][0] for found in resolve("evil.test", 443)] == ["192.0.2.7"]


@pytest.mark.parametrize("address", FAR)
def test_a_name_may_lead_anywhere_else(names: dict[str, list[str]], address: str) -> None:
    names["api.test"] = [address]
    assert [found[1][:2] for found in resolve("api.test", 443)] == [(address, 443)]


def test_a_pinned_address_is_the_users_word(names: dict[str, list[str]]) -> None:
    pinned = {"model.test:8000": "127.0.0.1"}
    assert resolve("model.test", 8000, pinned) == [(int(socket.AF_INET), ("127.0.0.1", 8000))]
    assert resolve("model.test", 8001, pinned) == []


def test_an_unknown_name_has_no_address(names: dict[str, list[str]]) -> None:
    assert resolve("nobody.test", 443) == []
