"""Which addresses in a program's strings are a model's: by what stands before the string, by port and by path.

A loopback address may as well be a database's, the page's or the program's own; a vendor's may stand in a help text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from jitney.detect.code import LOOPBACK, PLACE, At
from jitney.detect.data.hosts import HOSTED, PROVIDERS

_LINK = (
    r"[\"'`\])]{0,3}\s*(?:=>|[=:(,\[{]|\?\?|\|\||\bor\b)?\s*(?:new\s+\w+\(|[\w.]+\()?\s*[\"'`brfu@$&]{0,3}$"
)
"""From a name to the string that it gets: `name = `, `"name": `, `.name(`, `"NAME", ` (a default), `name=new Uri(`."""
_BASE = re.compile(
    r"(?:api[_-]?base|ollama\w*|openai\w*|anthropic\w*|llm\w*|lm[_-]?studio\w*|llama\w*|inference\w*"
    r"|completions?\w*|chat[_-]?(?:ur[li]|api)|model[_-]?(?:ur[li]|host|server)|set_?server_?ur[li]|tgi\w*)"
    r"(?:[ ._-]?(?:(?:api[_-]?)?base[_-]?)?(?:ur[li]|host|server|api|endpoint))?" + _LINK
)
"""Names by which people call the place of a model and hardly anything else."""
_PLACE = re.compile(
    r"(?:(?<!data)base[_-]?ur[li]|(?<!data)base[_-]?path|api[_-]?(?:ur[li]|host|address)|endpoint)" + _LINK
)
"""Names by which libraries call the place of whatever they ask: a model's where they are libraries for models."""
_OWN = re.compile(
    r"(?:(?:listen\w*|serve|bind|start|run|launch)\s*\(\s*(?:[\w.&]+\s*,\s*){0,2}|(?:allow_?)?origins?|referr?er|http-referer|redirect\w*"
    r"|callback\w*|webhook\w*|frontend\w*|cors\w*|(?:site|app|public|home_?page)_?url)" + _LINK
)
"""Where the program itself listens, or what it says of itself to others."""
_SAID = re.compile(
    r"(?:\bprint\w*|\becho|\bputs|\bwarn\w*|\binfo|\bdebug|\berror\w*|\blogf?|\bwrite_?line|\bsay|\bhelp|\bdescription|placeholder"
    r"|\btitle|\blabel|\bpanic|\bcaption|\bmarkdown|exception)\s*[!(=:]{0,2}\s*[\"'`brfu@$(]{0,4}$"
)
_CHOOSES = re.compile(r"(?:provider|backend|vendor|llm|engine|embedder)[^\n]{0,40}$")
"""In front of a word that says which of several servers a library asks."""
_TELLS = re.compile(r"(?i)^\s*(?:[\w.]*\b(?:echo|printf?|puts|say|println|writeln)\b)")
"""A line that prints."""

_MODELS = frozenset({11434, 1234, 12434, 4891, 1337, 23333, 30000, 9997, 2242, 5001})
"""Where model servers listen and hardly anybody else: Ollama, LM Studio, Docker Model Runner, GPT4All, Jan, LMDeploy, SGLang,
Xinference, Aphrodite, KoboldCpp."""
_OTHERS = frozenset(
    {5432, 3306, 1433, 1521, 6379, 27017, 9042, 5672, 9092, 2181, 7687, 7474, 9200, 5601, 6333, 6334, 19530, 8123, 8983, 50051,
    4317, 4318, 9411, 14268, 6006, 9090, 8529, 7700, 8108}
)  # fmt: skip
"""Databases, vector stores, queues, traces: PostgreSQL, MySQL, … Neo4j, Elasticsearch, Qdrant, Milvus, ClickHouse, gRPC, OTLP,
Zipkin, Phoenix, …"""
_API = re.compile(
    r"(?i)/(?:v1(?:beta)?|chat|completions?|generate(?:_stream)?|infill|embeddings?|messages|responses|api/(?:generate|chat|tags|embed\w*|pull|show|ps"
    r"|version|create|push|delete|copy|blobs)|inference|engines|openai|models)(?:[/?:\"'`]|$)"
)
"""Paths of the model servers' APIs: OpenAI's, Ollama's, llama.cpp's, TGI's, Anthropic's."""
_NOT = re.compile(
    r"(?i)/(?:mcp|sse|docs|redoc|health\w*|metrics|traces|auth\w*|oauth\w*|callback|webhooks?|graphql|socket\.io)(?:[/?]|$)"
)
_WHOLE_API = re.compile(
    r"(?i)/(?:v1/|chat/)(?:chat/)?(?:completions|messages|responses|embeddings)\b|/api/(?:generate|chat)\b"
)
"""Paths that say alone that a model is asked."""


class Address(NamedTuple):
    """sure: nothing but a model's; else only if nothing else in the program says what reaches a model. told: what asks it was
    given this place: a model's if that is a library for models."""

    host: str
    port: int
    at: At
    sure: bool

    @property
    def told(self) -> bool:
        return self.at.role in ("place", "option")


MAYBE = re.compile(r"://|localhost|127\.0\.0\.1|0\.0\.0\.0")
"""Asked first: the patterns cost more than the rest of the reading."""


def role_of(value: str, before: str) -> str:
    """What a string is for, by the code in front of it: `base` (a model's place), `place` (of something that is
    asked), `own`, `said`, `provider` (who is asked); `` if nobody knows, or if it
    is no address."""
    tail = before[-90:].lower()
    if value in PROVIDERS:
        return "provider" if _CHOOSES.search(tail) else ""
    if not MAYBE.search(value):
        return ""
    for role, pattern in (("base", _BASE), ("place", _PLACE), ("own", _OWN), ("said", _SAID)):
        if pattern.search(tail):
            return role
    line = tail.rpartition("\n")[2]
    return "said" if _TELLS.match(line) else ""


def addresses(strings: Iterable[At]) -> list[Address]:
    """Those that are or may be a model's, in the order of the code."""
    kept = [at for at in strings if at.role not in ("said", "own")]
    asks = next((at for at in kept if _WHOLE_API.search(at.value) and is_address(at.value)), None)
    found = [one for at in kept for one in _of(at, asks=asks is not None)]
    return found if asks is None or any(one.sure for one in found) else found + _in_parts(kept, asks)


def _in_parts(strings: list[At], asks: At) -> list[Address]:
    """`http://${HOST}:${PORT}/v1/chat/completions`: host and port are strings of their own, or the port is none and the usual
    one is taken."""
    host = next((at.value for at in strings if at.value in LOOPBACK), "")
    ports = (int(at.value) for at in strings if re.fullmatch(r"\d{4,5}", at.value))
    port = next((one for one in ports if one < 65536 and one not in _OTHERS), 8080)
    return [Address(host, port, asks, sure=True)] if host else []


def _of(at: At, *, asks: bool) -> Iterator[Address]:
    if bare := _bare_host(at.value):
        yield Address(bare, 443, at, sure=True)
        return
    if not is_address(at.value):
        return
    for match in PLACE.finditer(at.value):
        host = match[1] or match[3]
        port = int(match[2] or match[4] or (443 if at.value.startswith("https") else 80))
        path = re.match(r"[^\s\"'`?#]*", at.value[match.end() :])
        kind = _kind(host, port, path[0] if path else "", at)
        if kind or (asks and _is_api_base(host, at.value)):
            yield Address(host, port, at, sure=kind != "maybe")


def _kind(host: str, port: int, path: str, at: At) -> str:
    """`sure`, `maybe` or `` of one host, port and path."""
    if host in HOSTED or is_azure(host):
        return "sure"
    if host not in LOOPBACK:
        return "sure" if _WHOLE_API.search(path) and at.value.startswith("https://") else ""
    if not 0 < port < 65536 or port in (80, 443) or port in _OTHERS or _NOT.match(path):
        return ""
    return "sure" if port in _MODELS or at.role == "base" or _API.match(path) else "maybe"


def is_address(text: str) -> bool:
    """Not words with an address among them; a command that fetches it is none of those."""
    stripped = text.strip()
    return (
        not re.search(r"\s", stripped)
        or bool(re.match(r"(?:https?|wss?)://", stripped))
        or "curl " in text
        or "wget " in text
    )


def _is_api_base(host: str, text: str) -> bool:
    """`https://vendor/…/v1` in a program that has the rest of an API's path elsewhere."""
    return host not in LOOPBACK and bool(re.fullmatch(r"https://[\w.-]+(?:/[\w.-]+)*/v\d\w*/?", text))


def _bare_host(text: str) -> str:
    """A vendor's host without a scheme, as it is handed to clients that take host and path apart; they mean TLS."""
    host = text.partition("/")[0].partition(":")[0].lower()
    return host if host in HOSTED or (is_azure(host) and re.fullmatch(r"[\w.-]+", host)) else ""


def is_azure(host: str) -> bool:
    return host.endswith((".openai.azure.com", ".services.ai.azure.com"))
