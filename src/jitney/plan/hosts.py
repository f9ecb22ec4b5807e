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
from jitney.plan.model import Authority, ModelPlan

HTTPS = 443
FORM = "--allow-host NAME[:PORT][=ADDRESS], for example api.example.com or model.test:8000=192.168.1.20"

TRUST_DIR = "/etc/ssl/certs"
"""A tmpfs over the image's own: what has this path compiled in needs no variable (libcurl, GnuTLS, Go, Zig, Nim, Erlang,
PHP's curl, Guile), and neither the image nor the engine's view of this machine's files matters."""
TRUST_FILE = f"{TRUST_DIR}/ca-certificates.crt"
JAVA_STORE = f"{TRUST_DIR}/java/cacerts"
"""Where Debian's JVMs look by themselves; one made by jlink has its own, and is told."""

TRUST_READERS = {
    "SSL_CERT_FILE": "OpenSSL (Python, Ruby, Perl, PHP, Crystal, Lua), Go, httpx, rustls-native-certs, .NET, OCaml, Julia",
    "REQUESTS_CA_BUNDLE": "Python's requests, which brings its own bundle",
    "CURL_CA_BUNDLE": "the curl tool",
    "NODE_EXTRA_CA_CERTS": "Node, Bun, Deno from 2.8; added to the authorities compiled in",
    "DENO_CERT": "Deno",
    "GIT_SSL_CAINFO": "git",
    "CARGO_HTTP_CAINFO": "cargo",
    "AWS_CA_BUNDLE": "Amazon's SDKs",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": "gRPC, which brings its own bundle",
    "PERL_LWP_SSL_CA_FILE": "Perl's LWP, which brings Mozilla::CA",
    "SYSTEM_CERTIFICATE_PATH": "Haskell's x509-system",
    "URLSessionCertificateAuthorityInfoFile": "Swift's FoundationNetworking",
}
"""Variable → who reads it. Not to be helped: what has its authorities compiled in and reads nothing (Rust's webpki-roots)."""

STORE_PASSWORD = "changeit"  # noqa: S105  the one that every JVM knows; it guards nothing
JVM_LANGUAGES = frozenset({"java", "kotlin", "scala", "groovy", "clojure"})


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


def trust(facts: Facts, config: Config, model: ModelPlan | None) -> tuple[Authority, ...]:
    """Whose certificates the program is handed; none: the image's own count."""
    seen: list[Authority] = ["machine"] if trusts_machine(facts, config) else []
    if model is not None and model.redirects:
        seen.append("run")
    return tuple(seen)


def trusting(
    language: str, argv: tuple[str, ...], env: dict[str, str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """argv and variables of a program that is handed certificates, in whatever way its language is told.

    Java reads no variable of the others' and has a store of its own. JAVA_TOOL_OPTIONS makes it print a line, so that is for
    JVMs that something else starts.
    """
    env = env | dict.fromkeys(TRUST_READERS, TRUST_FILE)
    options = (
        f"-Djavax.net.ssl.trustStore={JAVA_STORE}",
        f"-Djavax.net.ssl.trustStorePassword={STORE_PASSWORD}",
    )
    if _is_java(argv):
        return (argv[0], *options, *argv[1:]), env
    if language in JVM_LANGUAGES:
        env["JAVA_TOOL_OPTIONS"] = " ".join((*env.get("JAVA_TOOL_OPTIONS", "").split(), *options))
    return argv, env


def java_store(language: str, argv: tuple[str, ...]) -> str:
    """Where the program's JVM is told to look; empty: it starts none."""
    return JAVA_STORE if language in JVM_LANGUAGES or _is_java(argv) else ""


def _is_java(argv: tuple[str, ...]) -> bool:
    return bool(argv) and argv[0].rpartition("/")[2] == "java"


def trust_evidence(facts: Facts, config: Config) -> list[Evidence]:
    if not trusts_machine(facts, config):
        return []
    why = "--network" if config.network else "--allow-host"
    return [Evidence(rule="tls.machine-trust", decides="trust", value=f"{facts.ca_bundle}, for {why}")]
