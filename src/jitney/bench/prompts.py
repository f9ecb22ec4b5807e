"""The prompts: fixed texts, cut until the runtime's own count is what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from itertools import cycle, islice

import msgspec

TRIES = 10
WORDS_A_TOKEN = 0.75


class Question(msgspec.Struct, frozen=True, array_like=True):
    """A text whose next word is known. right: words that count, lower case."""

    text: str
    right: tuple[str, ...]


def words() -> list[str]:
    """Of the fixed prose."""
    return files("jitney.bench").joinpath("prose.txt").read_text(encoding="utf-8").split()


def questions() -> tuple[Question, ...]:
    data = files("jitney.bench").joinpath("questions.json").read_bytes()
    return msgspec.json.decode(data, type=tuple[Question, ...])


def text_of(count: int, begin: int = 0) -> str:
    """So many words of the prose, from another one on: what a runtime has cached of one prompt is no beginning of another."""
    prose = words()
    return " ".join(islice(cycle(prose[begin % len(prose) :] + prose[: begin % len(prose)]), count))


def prompt_of(tokens: int, count: Callable[[str], int], begin: int = 0) -> str:
    """The longest text of at most `tokens`, by `count`; one word where that is longer already.

    count grows with the text: where it lies between two lengths is guessed by a straight line.
    """
    low, high = 0, 0  # words: fits, does not (0: not known)
    least = 0
    size = max(1, round(tokens * WORDS_A_TOKEN))
    for _ in range(TRIES):
        found = count(text_of(size, begin))
        if found <= tokens:
            low, least = size, found
        else:
            high = size
        if found == tokens or high == low + 1:
            break
        guess = low + (tokens - least) * WORDS_A_TOKEN if low and high else size * tokens / max(found, 1)
        size = max(round(guess), low + 1)
        size = min(size, high - 1) if high else size
    return text_of(max(low, 1), begin)
