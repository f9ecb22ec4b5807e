"""How a program reaches its model: frameworks, modes, endpoints; out of imports, addresses and names in the
code."""

from __future__ import annotations

from typing import cast

import msgspec

from jitney.detect.addresses import addresses as model_addresses
from jitney.detect.code import LOOPBACK, At, Code
from jitney.detect.data.frameworks import FRAMEWORKS, HOSTED, HTTP, LOCAL_PORTS, PROVIDERS, Framework
from jitney.detect.model import Endpoint, Mode
from jitney.detect.notes import Notes
from jitney.findings import Evidence

MODEL_PORTS = (11434, 1234)
"""Where nothing listens but a model server (Ollama, LM Studio): an address there counts whatever library it is given to."""


class Usage(msgspec.Struct, frozen=True):
    frameworks: tuple[str, ...]
    modes: tuple[Mode, ...]
    endpoints: tuple[Endpoint, ...]
    env: tuple[str, ...]


def usage(
    code: Code,
    language: str,
    notes: Notes,
    rows: tuple[Framework, ...] = FRAMEWORKS,
    http: tuple[str, ...] = (),
) -> Usage:
    """Mode: an address on this machine written in the code beats the framework's habit, that beats a
    vendor's address. rows, http: of a language that is a table."""
    found = _frameworks(code.imports, language, rows)
    addresses = _addresses(code.strings, found)
    https = [at for at in code.imports if _starts(at.value, http or HTTP.get(language, ()))]
    names = list(dict.fromkeys(row.name for row, _ in found))
    if not any(row.mode != "none" for row, _ in found) and addresses and https:
        names.append(https[0].value if language == "go" else https[0].value.partition(".")[0])
    elif (
        not found and rows is FRAMEWORKS
    ):  # a table's language may open a socket by itself: its addresses count
        addresses = [one for one in addresses if one[0] in LOOPBACK and one[1] in MODEL_PORTS]
    modes = _modes(found, addresses, code, notes)
    for row, at in found[:1]:
        notes.saw("framework.import", "framework", row.name, at.file, at.line, tuple(names[1:]))
    endpoints = _endpoints(found, addresses, code, modes)
    implicit = [name for row, _ in found for name in row.env.split()]
    return Usage(
        tuple(names), modes, endpoints, tuple(dict.fromkeys([*(at.value for at in code.env), *implicit]))
    )


def _starts(module: str, heads: tuple[str, ...]) -> bool:
    return any(module == head or module.startswith((head + ".", head + "/", head + "::")) for head in heads)


def _frameworks(imports: list[At], language: str, rows: tuple[Framework, ...]) -> list[tuple[Framework, At]]:
    """Rows whose imports occur, in the table's order; each import counts for the most telling row of a name
    only."""
    found: list[tuple[Framework, At]] = []
    taken: set[tuple[str, int, str]] = set()
    for row in rows:
        if row.language != language:
            continue
        heads = tuple(row.imports.split("|"))
        hits = [
            at for at in imports if _starts(at.value, heads) and (at.file, at.line, row.name) not in taken
        ]
        if hits and not (row.mode == "none" and any(known.name == row.name for known, _ in found)):
            found.append((row, hits[0]))
            taken |= {(at.file, at.line, row.name) for at in hits}
    return found


def _addresses(strings: list[At], found: list[tuple[Framework, At]]) -> list[tuple[str, int, At]]:
    """Hosts and ports of models in string literals: on this machine, or a vendor's. What only may be a model's counts where a
    framework says nothing of its own place."""
    rows = [row for row, _ in found]
    doubtful = bool(rows) and not any(row.mode in ("hosted", "in-process") for row in rows)
    return [(one.host, one.port, one.at) for one in model_addresses(strings) if one.sure or doubtful]


def _providers(found: list[tuple[Framework, At]], code: Code) -> list[tuple[str, At]]:
    """Servers on this machine that libraries for many vendors are told to use, by the head of a model's
    name."""
    if not any(row.multi for row, _ in found):
        return []
    words = [*code.strings, *(At(use.name, use.why.file, use.why.line) for use in code.models)]
    seen = ((at.value.partition("/")[0].partition(":")[0].lower(), at) for at in words if len(at.value) < 80)
    return [(head, at) for head, at in seen if head in PROVIDERS]


def _modes(
    found: list[tuple[Framework, At]], addresses: list[tuple[str, int, At]], code: Code, notes: Notes
) -> tuple[Mode, ...]:
    local = [at for host, _, at in addresses if host in LOOPBACK]
    seen: list[tuple[str, str, At]] = []
    seen += [("local-server", "mode.address", at) for at in local]
    seen += [("local-server", "mode.provider", at) for _, at in _providers(found, code)]
    seen += [(row.mode, "mode.framework", at) for row, at in found if row.mode != "none"]
    seen += [("hosted", "mode.address", at) for host, _, at in addresses if host not in LOOPBACK]
    seen += [("local-server", "mode.variable", at) for at in code.env if at.value.startswith("OLLAMA_")]
    if not seen:  # weights that are only named, or fetched: they are loaded here, whatever loads them
        loaded = (use.why for use in code.models if use.kind == "weights")
        seen += [("in-process", "mode.weights", At(why.value, why.file, why.line)) for why in loaded]
    modes = list(dict.fromkeys(mode for mode, _, _ in seen))
    if seen:
        mode, rule, at = seen[0]
        notes.saw(rule, "mode", mode, at.file, at.line, tuple(modes[1:]))
    else:
        notes.saw("mode.nothing", "mode", "none")
    return cast("tuple[Mode, ...]", tuple(modes or ["none"]))


def _why(rule: str, value: str, at: At) -> Evidence:
    return Evidence(rule=rule, decides="endpoint", value=value, file=at.file, line=at.line)


def _endpoints(
    found: list[tuple[Framework, At]],
    addresses: list[tuple[str, int, At]],
    code: Code,
    modes: tuple[Mode, ...],
) -> tuple[Endpoint, ...]:
    """Written addresses first, then the frameworks' own; one of each kind and place."""
    ends: list[Endpoint] = []
    for host, port, at in addresses:
        local = host in LOOPBACK
        api = LOCAL_PORTS.get(port, "openai") if local else HOSTED.get(host, "openai")
        if (local and port == 11434 and "/v1" in at.value) or (not local and "/openai" in at.value):
            api = "openai"
        why = _why("endpoint.address", at.value[:120], at)
        ends.append(_end("local" if local else "hosted", api, host="" if local else host, port=port, why=why))
    for head, at in _providers(found, code):
        port, api = PROVIDERS[head]
        ends.append(_end("local", api, port=port, why=_why("endpoint.provider", head, at)))
    for row, at in found:
        ends += [
            _end("env", row.api, name=name, why=_why("endpoint.framework", row.name, at))
            for name in row.env.split()
            if name.endswith(("_BASE_URL", "_API_BASE", "_HOST", "_API_URL", "_ENDPOINT"))
        ]
        if row.port:
            ends.append(_end("local", row.api, port=row.port, why=_why("endpoint.default", row.name, at)))
        if row.host:
            ends.append(
                _end("hosted", row.api, host=row.host, port=443, why=_why("endpoint.default", row.name, at))
            )
    for at in code.env:
        if at.value.endswith(("BASE_URL", "API_BASE", "_HOST", "_ENDPOINT", "API_URL")) and modes != (
            "none",
        ):
            ends.append(
                _end("env", _dialect(at.value), name=at.value, why=_why("endpoint.variable", at.value, at))
            )
    return tuple({(end.kind, end.name, end.host, end.port): end for end in reversed(ends)}.values())[::-1]


def _dialect(variable: str) -> str:
    return next((api for api in ("anthropic", "ollama") if variable.lower().startswith(api)), "openai")


def _end(kind: str, api: str, *, why: Evidence, name: str = "", host: str = "", port: int = 0) -> Endpoint:
    fields = {"kind": kind, "api": api, "name": name, "host": host, "port": port}
    return msgspec.structs.replace(
        msgspec.convert(fields | {"why": {"rule": "", "decides": "", "value": ""}}, Endpoint), why=why
    )
