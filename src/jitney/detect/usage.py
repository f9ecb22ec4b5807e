"""How a program reaches its model: frameworks, fronts, modes, endpoints; out of imports, packages, commands, addresses and
names in the code.

    imports, packages ─► match ─┐
    strings ─► addresses ───────┼─► modes (what is told beats a habit) ─► endpoints
    argv in strings ─► commands ┘
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import cast

import msgspec

from jitney.detect.addresses import Address, addresses
from jitney.detect.code import LOOPBACK, At, Code
from jitney.detect.commands import started
from jitney.detect.data.hosts import HTTP, MODEL_PORTS, PROVIDERS
from jitney.detect.endpoints import Provider, endpoints
from jitney.detect.frameworks import Framework, canonical
from jitney.detect.match import Use, prefixes, uses
from jitney.detect.model import Endpoint, Mode
from jitney.detect.names import TAGGED, complete
from jitney.detect.notes import Notes


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
    """Mode: an address on this machine written in the code beats the framework's habit, that beats a vendor's address.
    more: rows beside the tables'. http: modules of plain HTTP, of a language that is a table. declared: its packages."""
    code.strings += notes.settings.strings
    code.models += notes.settings.models
    met = [*uses(code, language, (*notes.known, *more), declared), *started(code, language)]
    found = [use for use in met if not use.is_front]
    for use in met:
        if use.is_front:  # how people reach the program: no word on how it reaches a model
            notes.saw("front.import", "front", use.name, use.at.file, use.at.line)
    places = _places(code, found)
    complete(code, asks=bool(found or places))
    found, plain = _without_silent(found), _plain(code, http or HTTP.get(language, ()))
    if not any(use.way.mode != "none" for use in found) and places and plain:
        names = [*(use.name for use in found), _module(plain[0].value, language)]
    else:
        names = [use.name for use in found]
        if not found and not http:
            # nothing is there that could ask an address; a model's own port tells all the same
            places = [one for one in places if one.host in LOOPBACK and one.port in MODEL_PORTS]
    names = list(dict.fromkeys(names))
    providers = _providers(found, code)
    modes = _modes(found, places, providers, code, notes)
    for use in found[:1]:
        notes.saw("framework.import", "framework", use.name, use.at.file, use.at.line, tuple(names[1:]))
    variables = dict.fromkeys(
        [*(at.value for at in code.env), *(name for use in found for name in use.way.env)]
    )
    ends = endpoints(found, places, providers, code, modes)
    return Usage(tuple(names), modes, ends, tuple(variables))


def _without_silent(found: list[Use]) -> list[Use]:
    """A library of which only what reaches no model is used (a tokenizer) is not named beside one that reaches one; of one
    framework a way that says nothing is left out beside another."""
    telling = {use.name for use in found if use.way.mode != "none"}
    return [use for use in found if use.way.mode != "none" or use.name not in telling]


def _plain(code: Code, heads: tuple[str, ...]) -> list[At]:
    known = {canonical(head) for head in heads}
    return [at for at in code.imports if any(one in known for one in prefixes(canonical(at.value)))]


def _module(name: str, language: str) -> str:
    return name if language == "go" else name.replace("/", ".").partition(".")[0]


def _places(code: Code, found: list[Use]) -> list[Address]:
    """Addresses of models in string literals. What only may be a model's counts where a framework says nothing of its own
    place."""
    modes = {use.way.mode for use in found} - {"none"}
    doubtful = bool(modes) and not modes & {"hosted", "in-process"}
    return [one for one in addresses(code.strings) if one.sure or doubtful or (one.told and modes)]


def _providers(found: list[Use], code: Code) -> list[Provider]:
    """Servers on this machine that libraries for many vendors are told to use, by the head of a model's name."""
    if not any(use.framework.multi for use in found):
        return []
    words = [*code.strings, *(At(use.name, use.why.file, use.why.line) for use in code.models)]
    seen = ((at.value.partition("/")[0].partition(":")[0].lower(), at) for at in words if len(at.value) < 80)
    return [Provider(head, *PROVIDERS[head], at) for head, at in seen if head in PROVIDERS]


Seen = tuple[str, str, At]


def _modes(
    found: list[Use], places: list[Address], providers: list[Provider], code: Code, notes: Notes
) -> tuple[Mode, ...]:
    """All that it offers, what decides first: where it was told to go, what its frameworks do, what embeds last."""
    seen: list[Seen] = [("local-server", "mode.address", one.at) for one in places if one.host in LOOPBACK]
    seen += [("local-server", "mode.provider", one.at) for one in providers]
    seen += [("local-server", "mode.model", at) for at in _tagged(found, code)]
    seen += [(use.way.mode, "mode.framework", use.at) for use in found if use.way.generates]
    seen += [("hosted", "mode.address", one.at) for one in places if one.host not in LOOPBACK]
    seen += [(use.way.mode, "mode.embedding", use.at) for use in found if use.way.embeds]
    seen += [("local-server", "mode.variable", at) for at in code.env if at.value.startswith("OLLAMA_")]
    if not seen:
        seen = [("in-process", rule, at) for rule, at in _alone(code)]
    if not seen:
        notes.saw("mode.nothing", "mode", "none")
        return ("none",)
    modes = list(dict.fromkeys(mode for mode, _, _ in seen))
    mode, rule, at = seen[0]
    notes.saw(rule, "mode", mode, at.file, at.line, tuple(modes[1:]))
    return cast("tuple[Mode, ...]", tuple(modes))


def _tagged(found: list[Use], code: Code) -> list[At]:
    """Names of models that only a server on this machine has, given to a library that can be led anywhere."""
    if not any(use.way.api == "openai" and use.way.mode == "hosted" for use in found):
        return []
    named = (use for use in code.models if TAGGED.fullmatch(use.name))
    return [At(use.name, use.why.file, use.why.line) for use in named]


KNOBS = re.compile(r"(?i)\btemperature\b|\btop[_-]?p\b")
PARTS = re.compile(r"(?i)\btokenizer(?:\b|\.)|\bcheckpoint\b|\bgguf\b|\bweights\b")


def _alone(code: Code) -> Iterator[tuple[str, At]]:
    """No library and no address. Weights that are only named, or fetched, are loaded here, whatever loads them; a program that
    offers a sampler's knobs and names a tokenizer or weights, and calls nobody, computes itself."""
    for use in code.models:
        if use.kind == "weights":
            yield "mode.weights", At(use.why.value, use.why.file, use.why.line)
    knob = next((at for at in code.strings if KNOBS.search(at.value)), None)
    if knob is not None and any(PARTS.search(at.value) for at in code.strings):
        yield "mode.sampling", knob
