"""The prompts: fixed texts, cut until the runtime's own count is what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from itertools import cycle, islice

import msgspec

TRIES = 8
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
    """The text whose length by `count` is nearest to `tokens`, and not more where there is one."""
    size = max(1, round(tokens * WORDS_A_TOKEN))
    best: tuple[float, str] | None = None
    seen: set[int] = set()
    for _ in range(TRIES):
        seen.add(size)
        text = text_of(size, begin)
        found = count(text)
        off = tokens - found if found <= tokens else 2 * (found - tokens)
        if best is None or off < best[0]:
            best = (off, text)
        step = round((tokens - found) * WORDS_A_TOKEN) or (1 if found < tokens else -1)
        size = max(1, size + step)
        if found == tokens or size in seen:
            break
    assert best is not None
    return best[1]
