"""How a program reaches its model: frameworks, fronts, modes, endpoints; out of imports, packages, commands, addresses and
names in the code.

    imports, packages ─► match ─┐
    strings ─► addresses ───────┼─► modes (what is told beats a habit) ─► endpoints
    argv in strings ─► commands ┘
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from jitney.detect.addresses import Address, addresses
from jitney.detect.code import LOOPBACK, At, Code
from jitney.detect.commands import started
from jitney.detect.data.hosts import HTTP, MODEL_PORTS, PROVIDERS
from jitney.detect.endpoints import Provider, endpoints
from jitney.detect.frameworks import Framework, canonical
from jitney.detect.match import Use, prefixes, uses
from jitney.detect.model import Endpoint, Mode
from jitney.detect.modes import Reached, asked, modes_of, told
from jitney.detect.names import complete
from jitney.detect.notes import Notes

BROAD = ("std.", "sys", "stdlib", "stdio", "cstd", "java.net", "Foundation", "System.Net.Sockets")
"""Modules of plain HTTP that serve other ends as well."""


class Usage(msgspec.Struct, frozen=True):
    """frameworks: those that reach a model, the primary one first."""

    frameworks: tuple[str, ...]
    modes: tuple[Mode, ...]
    endpoints: tuple[Endpoint, ...]
    env: tuple[str, ...]


def usage(
    code: Code,
    language: str,
    notes: Notes,
    *,
    more: tuple[Framework, ...] = (),
    http: tuple[str, ...] = (),
    declared: Iterable[At] = (),
) -> Usage:
    """more: rows beside the tables'. http: modules of plain HTTP, of a language that is a table. declared: its packages."""
    code.strings += notes.settings.strings
    code.models += notes.settings.models
    met = [*uses(code, language, (*notes.known, *more), declared), *started(code, language)]
    for use in met:
        if use.is_front:  # how people reach the program: no word on how it reaches a model
            notes.saw("front.import", "front", use.name, use.at.file, use.at.line)
    reached = _reached([use for use in met if not use.is_front], code, http or HTTP.get(language, ()))
    complete(code, asks=bool(reached.found or reached.places))
    names = list(dict.fromkeys([use.name for use in reached.found] + _http(reached, code, language)))
    modes = modes_of(reached, code, notes)
    for use in reached.found[:1]:
        notes.saw("framework.import", "framework", use.name, use.at.file, use.at.line, tuple(names[1:]))
    for use in [use for use in reached.found if use.way.gpu][:1]:
        notes.saw("framework.gpu", "gpu", f"{use.name} {use.way.gpu} one", use.at.file, use.at.line)
    own = (name for use in reached.found for name in use.way.env)
    variables = dict.fromkeys([*(at.value for at in code.env), *own])
    ends = endpoints(reached.found, reached.places, reached.providers, code, modes)
    return Usage(tuple(names), modes, ends, tuple(variables))


def _reached(found: list[Use], code: Code, http: tuple[str, ...]) -> Reached:
    plain, places = _plain(code, http), _places(code, found)
    if not found and not plain:
        # nothing is there that could ask an address; a model's own port tells all the same
        places = [one for one in places if one.host in LOOPBACK and one.port in MODEL_PORTS]
    found = _without_silent(found)
    return Reached(found, places, _providers(found, code), plain)


def _http(reached: Reached, code: Code, language: str) -> list[str]:
    """Plain HTTP is the framework of a program that has no other and reaches a model all the same."""
    if any(use.way.mode != "none" for use in reached.found) or not reached.plain:
        return []
    return [_module(reached.plain[0].value, language)] if reached.places or told(reached, code) else []


def _without_silent(found: list[Use]) -> list[Use]:
    """A library of which only what reaches no model is used (a tokenizer) is not named beside one that reaches one; of one
    framework a way that says nothing is left out beside another."""
    telling = {use.name for use in found if use.way.mode != "none"}
    return [use for use in found if use.way.mode != "none" or use.name not in telling]


def _plain(code: Code, heads: tuple[str, ...]) -> list[At]:
    """Those that are nothing but clients first: what a language brings along does much besides."""
    known = {canonical(head) for head in heads}
    met = [at for at in code.imports if any(one in known for one in prefixes(canonical(at.value)))]
    return sorted(met, key=lambda at: canonical(at.value).startswith(BROAD))


DEPTHS = {"java": 2, "io": 2, "kong": 2, "org": 3, "com": 3}
"""Parts of a package's name on the JVM that are a library's: domain and name."""


def _module(name: str, language: str) -> str:
    """The library's own name; in Go its path."""
    parts = name.replace("/", ".").split(".")
    depth = DEPTHS.get(parts[0], 1) if language == "java" else 1
    return name if language == "go" else ".".join(parts[:depth])


def _places(code: Code, found: list[Use]) -> list[Address]:
    """Addresses of models in string literals. What only may be a model's counts where a framework says nothing of its own
    place, and in a file that has the path of a model's API and no library for models."""
    modes = {use.way.mode for use in found} - {"none"}
    doubtful = bool(modes) and not modes & {"hosted", "in-process"}
    asking = set() if modes else {at.file for at in asked(code)}

    def counts(one: Address) -> bool:
        return one.sure or doubtful or (one.told and bool(modes)) or one.at.file in asking

    return [one for one in addresses(code.strings) if counts(one)]


def _providers(found: list[Use], code: Code) -> list[Provider]:
    """Servers on this machine that libraries for many vendors are told to use, by the head of a model's name, or
    by name where it is said who is asked: in a list of names it is not."""
    if not any(use.framework.multi for use in found):
        return []
    words = [*code.strings, *(At(use.name, use.why.file, use.why.line) for use in code.models)]
    seen = ((at.value.partition("/")[0].partition(":")[0].lower(), at) for at in words if len(at.value) < 80)
    chosen = ((head, at) for head, at in seen if at.value != head or at.role == "provider")
    return [Provider(head, *PROVIDERS[head], at) for head, at in chosen if head in PROVIDERS]
