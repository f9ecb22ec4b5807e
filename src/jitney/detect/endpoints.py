"""The places at which a program reaches its models: addresses written down, its libraries' own, variables that say one."""

from __future__ import annotations

import msgspec

from jitney.detect.addresses import Address
from jitney.detect.code import LOOPBACK, At, Code
from jitney.detect.data.hosts import HOSTED, LOCAL_PORTS
from jitney.detect.match import Use
from jitney.detect.model import Endpoint, Mode
from jitney.findings import Evidence

ADDRESSES = ("_BASE_URL", "_API_BASE", "_HOST", "_API_URL", "_ENDPOINT")
"""How variables end that hold an address."""


class Provider(msgspec.Struct, frozen=True):
    """A server on this machine that a library for many vendors is told to use. head: what stands before the model's name."""

    head: str
    port: int
    api: str
    at: At


def endpoints(
    found: list[Use],
    places: list[Address],
    providers: list[Provider],
    code: Code,
    modes: tuple[Mode, ...],
) -> tuple[Endpoint, ...]:
    """Written addresses first, then the frameworks' own; one of each kind and place."""
    ends = [_written(place) for place in places]
    ends += [
        _end("local", one.api, port=one.port, why=_why("endpoint.provider", one.head, one.at))
        for one in providers
    ]
    for use in found:
        ends += _own(use)
    ends += _variables(code) if modes != ("none",) else []
    return tuple({(end.kind, end.name, end.host, end.port): end for end in reversed(ends)}.values())[::-1]


def _written(place: Address) -> Endpoint:
    host, port, text = place.host, place.port, place.at.value
    local = host in LOOPBACK
    api = LOCAL_PORTS.get(port, "openai") if local else HOSTED.get(host, "openai")
    if (local and port == 11434 and "/v1" in text) or (not local and "/openai" in text):
        api = "openai"
    why = _why("endpoint.address", text[:120], place.at)
    return _end("local" if local else "hosted", api, host="" if local else host, port=port, why=why)


def _own(use: Use) -> list[Endpoint]:
    """What the library reads, and where it goes by default."""
    way, at = use.way, use.at
    if way.mode == "none":
        return []
    ends = [
        _end("env", way.api, name=name, why=_why("endpoint.framework", use.name, at))
        for name in way.env
        if name.endswith(ADDRESSES)
    ]
    why = _why("endpoint.default", use.name, at)
    if way.port and way.mode == "local-server":
        ends.append(_end("local", way.api, port=way.port, why=why))
    if way.host:
        ends.append(_end("hosted", way.api, host=way.host, port=443, why=why))
    return ends


def _variables(code: Code) -> list[Endpoint]:
    ends = (*ADDRESSES, "BASE_URL", "API_BASE", "API_URL")
    return [
        _end("env", _dialect(at.value), name=at.value, why=_why("endpoint.variable", at.value, at))
        for at in code.env
        if at.value.endswith(ends)
    ]


def _dialect(variable: str) -> str:
    return next((api for api in ("anthropic", "ollama") if variable.lower().startswith(api)), "openai")


def _why(rule: str, value: str, at: At) -> Evidence:
    return Evidence(rule=rule, decides="endpoint", value=value, file=at.file, line=at.line)


def _end(kind: str, api: str, *, why: Evidence, name: str = "", host: str = "", port: int = 0) -> Endpoint:
    fields = {"kind": kind, "api": api, "name": name, "host": host, "port": port}
    return msgspec.structs.replace(
        msgspec.convert(fields | {"why": {"rule": "", "decides": "", "value": ""}}, Endpoint), why=why
    )
