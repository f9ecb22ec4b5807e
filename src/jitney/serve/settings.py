"""What the gateway is told at its start, as one JSON text."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

TEXT = ("chat", "completions")


class About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A served model, for listings and refusals. name: under which it is listed; bytes: of its weights; runtime: what serves it; features: what that offers with these weights, in the words of
    runtimes/protocol.py."""

    name: str = "model"
    family: str = ""
    parameters: int = 0
    quantisation: str = ""
    format: str = "gguf"
    bytes: int = 0
    digest: str = ""
    context: int = 8192
    embedding: int = 0
    runtime: str = "llama.cpp"
    features: tuple[str, ...] = TEXT


class Served(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model and where its runtime listens. aliases: other names it is asked for by. upstream, embeddings: Unix sockets
    of the runtime, of the one that gives vectors (empty: the same); health: their path that says 200 ready, 503 loading.
    embeddings_on_demand: that one is asked for by a line on standard output, once."""

    upstream: str
    about: About = About()
    aliases: tuple[str, ...] = ()
    health: str = "/health"
    embeddings: str = ""
    embeddings_on_demand: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """models: at least one. offers: feature → names of the runtimes that have it, told where one is refused.

    any_name: one model alone answers to every name. strict: a field that no API has is refused; else it is dropped and said.

    host, port: 0 is any port, and the one that it became is said: `listening: HOST:PORT`. fd: a socket that already listens,
    inherited, instead of both. certificate, key: files; where both are there, TLS is spoken too, at tls_port.

    api_key_file, api_key_fd: one key a line; without any, everybody is answered. origins: of web pages that may ask
    (CORS). guarded: web pages of other origins and names that are not this machine's are refused.
    has_parent: standard input is the parent's: its lines are news of the runtimes (news.py), its end is the end.

    text_tokens, structured_tokens: caps of an answer to a request that sets none; the second for JSON and tools.
    Times in seconds: idle_s, between two signs of life of the runtime; body_s, for a request to arrive whole; load_s, that a
    request waits for a runtime that loads, or comes back; stall_s, for a client that does not read; drain_s, at the end.
    """

    models: tuple[Served, ...]
    offers: Mapping[str, tuple[str, ...]] = {}
    any_name: bool = True
    strict: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    fd: int = -1
    tls_port: int = 8443
    certificate: str = ""
    key: str = ""
    api_key_file: str = ""
    api_key_fd: int = -1
    origins: tuple[str, ...] = ()
    guarded: bool = False
    has_parent: bool = False
    text_tokens: int = 512
    structured_tokens: int = 1024
    body_bytes: int = 32 << 20
    connect_s: float = 5.0
    health_s: float = 1.5
    idle_s: float = 600.0
    body_s: float = 60.0
    load_s: float = 0.0
    vectors_s: float = 120.0
    stall_s: float = 60.0
    drain_s: float = 30.0


def read_settings(text: str) -> Settings:
    return msgspec.json.decode(text, type=Settings)


def write_settings(settings: Settings) -> str:
    return msgspec.json.encode(settings).decode()
