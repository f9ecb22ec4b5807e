"""Which language a text looks like, by the words, signs and beginnings of lines that it has.

The weights (`words.json`) are made by `tools/snippet_words.py` from public files whose names say what they are; a language is here
as a family where only a parser can tell its members apart (`javascript`: TypeScript too; `c`: C++ too). `text` is what is no
program: prose, data, markup.
"""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

MAX_CHARS = 8_000
"""More of a text says no more."""

_WORDS = re.compile(r"\b[A-Za-z_]\w{0,19}\b")
_SIGNS = re.compile(r"[^\w\s]{2,}")
_JOINED = re.compile(r"[@#$&*!:.]{1,2}\w+|\w+(?:::|!\(|\(\)|\[\]|<)")
_BEGINNING = re.compile(r"([@#$%]?\w+[!?]?|[^\w\s]{1,3})(\s*)(\S?)")
_WORD = re.compile(r"\w")
_LONGEST = 16
_COMMENTS = ("//", "# ", "* ", "/*", ";; ", "-- ", "% ")
"""Lines of these are prose in any language: only how they begin and end counts. A licence says nothing."""
_BLOCKS = re.compile(r"(?ms)^[ \t]*/\*.*?(?:\*/|\Z)")
"""A comment of many lines, where it begins a line: cut out."""


class Weights(msgspec.Struct, frozen=True):
    """features: feature → language's number, weight in tenths, number, weight …"""

    made: str
    languages: tuple[str, ...]
    bias: tuple[int, ...]
    features: dict[str, tuple[int, ...]]


class Likeness(NamedTuple):
    """score: logarithm of its odds, on no absolute scale."""

    language: str
    score: float


@cache
def weights() -> Weights:
    return msgspec.json.decode(Path(__file__).with_name("words.json").read_bytes(), type=Weights)


def features(text: str) -> set[str]:
    """What is looked at. `^x`: a line begins so; `$x`: a line ends so; `w` stands for any word."""
    lines = {line.strip() for line in _BLOCKS.sub("", text[:MAX_CHARS]).splitlines()} - {""}
    text = "\n".join(line for line in lines if not line.startswith(_COMMENTS))
    found = set(_WORDS.findall(text))
    for run in set(_SIGNS.findall(text)):
        found.update(run[n : n + size] for size in (2, 3) for n in range(len(run) - size + 1))
    for match in set(_JOINED.findall(text)):
        if len(match) <= _LONGEST:
            found.add(match)
        found.add(re.sub(r"\w+", "w", match))
    for line in lines:
        found.update(_of_line(line))
    return found


def _of_line(line: str) -> list[str]:
    last = line[-2:]
    found = ["$w" if _WORD.match(last[-1]) else f"${last[-1]}", "$" + _WORD.sub("w", last)]
    if match := _BEGINNING.match(line):
        first = match[1] if len(match[1]) <= _LONGEST else "w"
        after = "w" if _WORD.match(match[3]) else match[3]
        space = " " if match[2] else ""
        found += [f"^{first}", f"^{first}{space}{after}"]
        if first[0].isalpha():
            found.append(f"^w{space}{after}")
    return found


def known(text: str) -> list[str]:
    """The features of a text that the table has."""
    return sorted(features(text) & weights().features.keys())


def ranking(ours: list[str]) -> list[Likeness]:
    """The five likeliest families by what is `known` of a text, best first. Empty: nothing is."""
    if not ours:
        return []
    table = weights()
    scores = [bias / 10 for bias in table.bias]
    share = 1 / math.sqrt(len(ours)) / 10
    for one in ours:
        pairs = table.features[one]
        for n in range(0, len(pairs), 2):
            scores[pairs[n]] += pairs[n + 1] * share
    order = sorted(range(len(scores)), key=lambda n: -scores[n])
    return [Likeness(table.languages[n], scores[n]) for n in order[:5]]


def because(ours: list[str], language: str) -> tuple[str, ...]:
    """The features that say most for a language, most telling first."""
    table = weights()
    if language not in table.languages:
        return ()
    number = table.languages.index(language)
    said = {}
    for one in ours:
        pairs = table.features[one]
        own = dict(zip(pairs[::2], pairs[1::2], strict=True)).get(number, 0)
        if own > 0:
            said[one] = own
    return tuple(sorted(said, key=lambda one: (-said[one], one))[:3])
