"""What the gateway is told at its start, as one JSON text."""

from __future__ import annotations

import msgspec


class About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The served model, for listings. name: under which it is listed; bytes: of its weights; vectors: it is an encoder and
    gives no text."""

    name: str = "model"
    family: str = ""
    parameters: int = 0
    quantisation: str = ""
    bytes: int = 0
    digest: str = ""
    context: int = 8192
    embedding: int = 0
    vectors: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """upstream, embeddings: Unix sockets of the runtime, of the one that gives vectors; health: their path that says 200 ready, 503 loading. embeddings_on_demand: that one is
    asked for by a line on standard output, once. certificate, key: files; where both are there, TLS is spoken too.

    text_tokens, structured_tokens: caps of an answer to a request that sets none; the second for JSON and tools.
    Times in seconds: idle_s, between two signs of life of the runtime; body_s, for a request to arrive whole.
    """

    upstream: str
    health: str = "/health"
    embeddings: str = ""
    embeddings_on_demand: bool = False
    about: About = About()
    port: int = 8000
    tls_port: int = 8443
    certificate: str = "/run/secrets/gateway.crt"
    key: str = "/run/secrets/gateway.key"
    text_tokens: int = 512
    structured_tokens: int = 1024
    body_bytes: int = 32 << 20
    connect_s: float = 5.0
    health_s: float = 1.5
    idle_s: float = 600.0
    body_s: float = 60.0
    load_s: float = 120.0


def read_settings(text: str) -> Settings:
    return msgspec.json.decode(text, type=Settings)


def write_settings(settings: Settings) -> str:
    return msgspec.json.encode(settings).decode()
