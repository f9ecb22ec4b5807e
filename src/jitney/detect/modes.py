"""Which modes a program offers, and the line that says so. What it is told beats what its libraries do by themselves.

an address on this machine  >  a server that it names  >  what its frameworks do  >  a vendor's address  >  what embeds
what stands in a branch that the program does not take by itself comes last
nothing of these: a variable or a path that only a model's client has; weights it names; a sampler of its own
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import msgspec

from jitney.detect.addresses import Address
from jitney.detect.code import LOOPBACK, At, Code
from jitney.detect.endpoints import Provider
from jitney.detect.match import Use
from jitney.detect.model import Mode
from jitney.detect.names import TAGGED
from jitney.detect.notes import Notes

VENDORS = re.compile(
    r"(?:OPENAI|AZURE_OPENAI|ANTHROPIC|CLAUDE|GEMINI|GOOGLE_GENERATIVE_AI|GROQ|MISTRAL(?:_AI)?|COHERE|CO|TOGETHER(?:_AI)?|FIREWORKS"
    r"|DEEPSEEK|OPENROUTER|XAI|PERPLEXITY|PPLX|CEREBRAS|REPLICATE|DASHSCOPE|ZHIPUAI|ZAI|MOONSHOT|SAMBANOVA|NEBIUS|SILICONFLOW|LLM|VLLM)"
    r"_(?:API_)?(?:KEY|TOKEN|BASE|URL|URI|HOST|ENDPOINT|BASE_URL|BASE_URI|BASE_PATH)"
)
"""Variables that only a client of a model reads: vendors' heads, never any `…_URL`."""
ASKS = re.compile(
    r"(?:^|[\s/}:\d])(?:v1/(?:chat/completions|completions|messages|responses)|chat/completions|api/(?:chat|generate))\b"
)
"""Paths that only a model's API has."""
KNOBS = re.compile(r"(?i)\btemperature\b|\btop[_-]?p\b")
PARTS = re.compile(r"(?i)\btokenizer(?:\b|\.)|\bcheckpoint\b|\bgguf\b|\bweights\b")


class Reached(msgspec.Struct, frozen=True):
    """What was seen of a program: found: its frameworks; plain: its imports of plain HTTP."""

    found: list[Use]
    places: list[Address]
    providers: list[Provider]
    plain: list[At]


class Seen(msgspec.Struct, frozen=True):
    mode: str
    rule: str
    at: At


def modes_of(reached: Reached, code: Code, notes: Notes) -> tuple[Mode, ...]:
    """All that it offers, what decides first; (`none`,) where nothing was seen."""
    seen = [*_reached(reached, code)] or [*told(reached, code)] or [*_alone(reached, code)]
    if not seen:
        notes.saw("mode.nothing", "mode", "none")
        return ("none",)
    idle = [at for at in code.strings if at.role == "option"]
    options = {*((at.file, at.line) for at in idle), *((at.file, at.value) for at in idle)}
    seen.sort(key=lambda one: bool({(one.at.file, one.at.line), (one.at.file, one.at.value)} & options))
    modes = list(dict.fromkeys(one.mode for one in seen))
    first = seen[0]
    notes.saw(first.rule, "mode", first.mode, first.at.file, first.at.line, tuple(modes[1:]))
    return cast("tuple[Mode, ...]", tuple(modes))


def _reached(reached: Reached, code: Code) -> Iterator[Seen]:
    here = [one for one in reached.places if one.host in LOOPBACK]
    yield from (Seen("local-server", "mode.address", one.at) for one in here)
    yield from (Seen("local-server", "mode.provider", one.at) for one in reached.providers)
    yield from (Seen("local-server", "mode.model", at) for at in _tagged(reached.found, code))
    away = [Seen("hosted", "mode.address", one.at) for one in reached.places if one not in here]
    yield from away if any(_is_led(use) for use in reached.found) else []
    yield from (Seen(use.way.mode, "mode.framework", use.at) for use in reached.found if use.way.generates)
    yield from away
    yield from (Seen(use.way.mode, "mode.embedding", use.at) for use in reached.found if use.way.embeds)
    ollama = (at for at in code.env if at.value.startswith("OLLAMA_"))
    yield from (Seen("local-server", "mode.variable", at) for at in ollama)


def _is_led(use: Use) -> bool:
    """A library that speaks OpenAI's API to a server on this machine unless it is told a vendor's address."""
    return use.way.mode == "local-server" and use.way.api == "openai"


def _tagged(found: list[Use], code: Code) -> list[At]:
    """Names of models that only a server on this machine has, given to a library that can be led anywhere."""
    if not any(use.way.api == "openai" and use.way.mode == "hosted" for use in found):
        return []
    named = (use for use in code.models if TAGGED.fullmatch(use.name))
    return [At(use.name, use.why.file, use.why.line) for use in named]


def told(reached: Reached, code: Code) -> list[Seen]:
    """A program without a library for models that speaks HTTP itself, and reads what only a model's client reads or names
    what only a model's API has. Where no HTTP is seen (the language has it built in): both."""
    if any(use.way.mode != "none" for use in reached.found):
        return []
    read = [Seen("hosted", "mode.variable", at) for at in code.env if VENDORS.fullmatch(at.value)]
    paths = asked(code)
    if not reached.plain and not (read and paths):
        return []
    return read or [Seen(_place(at), "mode.path", at) for at in paths[:1]]


def asked(code: Code) -> list[At]:
    """Paths of a model's API that are not merely talked of."""
    return [at for at in code.strings if "/" in at.value and at.role != "said" and ASKS.search(at.value)]


def _place(at: At) -> str:
    """Without TLS nobody leaves the machine."""
    return "local-server" if at.value.startswith(("http://", "POST ", "GET ")) else "hosted"


def _alone(reached: Reached, code: Code) -> Iterator[Seen]:
    """No library and no address. Weights that are only named, or fetched, are loaded here, whatever loads them; a program that
    offers a sampler's knobs and names a tokenizer or weights, and calls nobody, computes itself."""
    tokenizes = any(use.framework.kind == "runtime" for use in reached.found)
    for use in code.models:
        if use.kind == "weights" and not tokenizes:
            yield Seen("in-process", "mode.weights", At(use.why.value, use.why.file, use.why.line))
    knob = next((at for at in code.strings if KNOBS.search(at.value)), None)
    if knob is not None and any(PARTS.search(at.value) for at in code.strings):
        yield Seen("in-process", "mode.sampling", knob)
