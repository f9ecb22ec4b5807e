"""The hosts that a program may reach, and whom its TLS trusts there. Pure.

--allow-host NAME[:PORT][=ADDRESS]: the name as the program asks for it, and where it leads, when not where this machine's
resolver says.
"""

from __future__ import annotations

import re

import msgspec

from jitney.config import Config
from jitney.errors import UsageError
from jitney.facts.model import Facts
from jitney.findings import Evidence

HTTPS = 443
FORM = "--allow-host NAME[:PORT][=ADDRESS], for example api.example.com or model.test:8000=192.168.1.20"

TRUST_FILE = "/run/secrets/ca-certificates.crt"
"""Where the machine's CA bundle lies inside. The name is no variable's name, so no secret can have it."""

TRUST_ENV = ("CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Read by curl, Node, requests, and OpenSSL, Go, httpx, rustls-native-certs. Java reads none of them."""


class Opening(msgspec.Struct, frozen=True):
    """One allowed host. address: empty where this machine's resolver is to say."""

    name: str
    port: int
    address: str = ""

    @property
    def place(self) -> str:
        return f"{self.name}:{self.port}"


def opening(text: str) -> Opening:
    """Raises UsageError for what cannot be opened by name: an address, a wildcard, a URL, `localhost`."""
    host, equals, address = text.strip().partition("=")
    match = re.fullmatch(r"([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?)(?::(\d{1,5}))?", host)
    if match is None or not 0 < int(match[2] or HTTPS) < 65536:
        raise UsageError(f"--allow-host {text}: not a host's name", FORM)
    name = match[1].lower().rstrip(".")
    if re.fullmatch(r"[\d.]+", name):
        hint = f"give it a name that the program uses: --allow-host NAME{':' + match[2] if match[2] else ''}={name}"
        raise UsageError(f"--allow-host {text}: hosts are opened by name, and this is an address", hint)
    if name == "localhost" or name.endswith(".localhost"):
        hint = f"to reach a service of this machine give it a name: --allow-host host.test:{match[2] or HTTPS}=127.0.0.1"
        raise UsageError(f"--allow-host {text}: inside, {name} is the sandbox itself", hint)
    return Opening(name, int(match[2] or HTTPS), _address(text, address) if equals else "")


def _address(text: str, address: str) -> str:
    from ipaddress import ip_address  # only where somebody names one

    try:
        return str(ip_address(address.strip("[]")))
    except ValueError as error:
        raise UsageError(f"--allow-host {text}: {address!r} is not an IP address", FORM) from error


def openings(config: Config) -> tuple[Opening, ...]:
    """All that are allowed, sorted; of two for the same name and port the later one counts."""
    found = {one.place: one for one in map(opening, config.allow_hosts)}
    return tuple(found[place] for place in sorted(found))


def trusts_machine(facts: Facts, config: Config) -> bool:
    """A program that reaches hosts trusts whom this machine trusts: a base knows only the public authorities."""
    return bool(facts.ca_bundle and (config.allow_hosts or config.network))


def trust_env(facts: Facts, config: Config) -> dict[str, str]:
    return dict.fromkeys(TRUST_ENV, TRUST_FILE) if trusts_machine(facts, config) else {}


def trust_evidence(facts: Facts, config: Config) -> list[Evidence]:
    if not trusts_machine(facts, config):
        return []
    why = "--network" if config.network else "--allow-host"
    return [Evidence(rule="tls.machine-trust", decides="trust", value=f"{facts.ca_bundle}, for {why}")]
