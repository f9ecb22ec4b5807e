"""The choice of tokens, for libraries that compute logits: everything a request may ask for, in one place, in numpy.

logits ─ bias, penalties ─ grammar ─┬─ temperature 0: the likeliest
                                    └─ top_k, temperature, top_p, min_p ─ by chance (seed)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .backend import Step, Steps, Wish
from .grammar import Grammar
from .words import Words

Logits = npt.NDArray[np.float32]

OFFERS = frozenset(
    [
        "chat",
        "completions",
        "seed",
        "penalties",
        "logit-bias",
        "logprobs",
        "json-schema",
        "echo",
        "min-p",
        "prompt-logprobs",
    ]
)
"""What `walk` makes possible."""

CHUNK = 256
"""Tokens of a prompt computed at once: between two chunks a request can be stopped."""

NUCLEUS = 1024
"""Candidates looked at first for top_p: all of the vocabulary is sorted only where these do not suffice."""


class Run(Protocol):
    """One answer in the making, with its cache of keys and values."""

    def feed(self, tokens: Sequence[int]) -> Logits:
        """Compute these tokens; returns the logits after the last one, a float32 vector of the vocabulary's size. It may be
        the library's own buffer: it is not written to."""
        ...

    def close(self) -> None:
        """The answer is over, or given up: give the memory back."""
        ...


def walk(run: Run, prompt: Sequence[int], wish: Wish, words: Words) -> Steps:
    """The answer to a prompt, token by token. Nothing is computed that is not asked for: closing it ends the work."""
    try:
        yield from _steps(run, prompt, wish, words)
    finally:
        run.close()


def _steps(run: Run, prompt: Sequence[int], wish: Wish, words: Words) -> Iterator[Step | None]:
    grammar = Grammar(words, wish.schema) if wish.schema is not None else None
    choice = Choice(wish, prompt, grammar)
    logits = yield from (_told_prompt if wish.tells_prompt else _read)(run, prompt, wish)
    for made in range(1, wish.max_tokens + 1):
        step = choice.step(logits)
        yield step
        if made == wish.max_tokens or step.token in words.ends or (grammar is not None and grammar.is_over):
            return
        logits = run.feed([step.token])


def _read(run: Run, prompt: Sequence[int], wish: Wish) -> Generator[Step | None, None, Logits]:
    logits = np.zeros(0, dtype=np.float32)
    for at in range(0, len(prompt), CHUNK):
        yield None
        logits = run.feed(prompt[at : at + CHUNK])
    return logits


def _told_prompt(run: Run, prompt: Sequence[int], wish: Wish) -> Generator[Step | None, None, Logits]:
    """Token by token: a run gives the logits of the last one alone."""
    yield Step(prompt[0], None, of_prompt=True)
    logits = run.feed(prompt[:1])
    for token in prompt[1:]:
        yield replace(_told(token, logits, wish.logprobs or 0), of_prompt=True)
        logits = run.feed([token])
    return logits


class Choice:
    """Chooses one token after another for one answer."""

    def __init__(self, wish: Wish, prompt: Sequence[int], grammar: Grammar | None = None) -> None:
        self._wish = wish
        self._grammar = grammar
        self._made: Counter[int] = Counter()
        self._seen = set(prompt) if wish.repetition != 1.0 else set()
        self._chance = np.random.default_rng(wish.seed)
        self._changes = bool(
            wish.bias or wish.presence or wish.frequency or wish.repetition != 1.0 or grammar
        )

    def step(self, logits: Logits) -> Step:
        changed = self._change(logits) if self._changes else logits
        token = self._pick(changed)
        self._made[token] += 1
        if self._grammar is not None:
            self._grammar.take(token)
        if self._wish.logprobs is None:
            return Step(token)
        return _told(token, logits, self._wish.logprobs)

    def _change(self, logits: Logits) -> Logits:
        """Biases and penalties as OpenAI defines them; repetition_penalty as the transformers library does."""
        wish, out = self._wish, logits.copy()
        if wish.repetition != 1.0:
            seen = np.fromiter(self._seen | self._made.keys(), dtype=np.int64)
            values = out[seen]
            out[seen] = np.where(values > 0, values / wish.repetition, values * wish.repetition)
        for token, count in self._made.items() if wish.presence or wish.frequency else ():
            out[token] -= wish.presence + wish.frequency * count
        for token, value in wish.bias.items():
            out[token] += value
        return self._grammar.masked(out) if self._grammar is not None else out

    def _pick(self, logits: Logits) -> int:
        wish = self._wish
        if wish.temperature == 0:
            return int(logits.argmax())
        tokens, chances = candidates(logits, wish)
        at = int(np.searchsorted(np.cumsum(chances), self._chance.random() * chances.sum(), side="right"))
        at = min(at, len(chances) - 1)
        return int(tokens[at]) if tokens is not None else at


def candidates(logits: Logits, wish: Wish) -> tuple[npt.NDArray[Any] | None, npt.NDArray[Any]]:
    """Tokens that may be chosen and their chances, not summing to one. Tokens None: all, in order."""
    if not wish.top_k and wish.top_p >= 1 and not wish.min_p:
        return None, _chances(logits, wish.temperature)
    size = len(logits)
    few = min(wish.top_k or NUCLEUS, size)
    tokens = _largest(logits, few)
    chances = _chances(logits[tokens], wish.temperature)
    if wish.top_p < 1:
        whole = chances.sum() if wish.top_k else _chances(logits, wish.temperature).sum()
        if not wish.top_k and chances.sum() < wish.top_p * whole and few < size:
            tokens = np.argsort(-logits)
            chances = _chances(logits[tokens], wish.temperature)
        inside = int(np.searchsorted(np.cumsum(chances), wish.top_p * whole)) + 1
        tokens, chances = tokens[:inside], chances[:inside]
    elif not wish.top_k and few < size:  # min_p alone
        tokens = np.arange(size)
        chances = _chances(logits, wish.temperature)
    if wish.min_p:
        kept = chances >= wish.min_p * chances.max()
        tokens, chances = tokens[kept], chances[kept]
    return tokens, chances


def _chances(logits: Logits, temperature: float) -> npt.NDArray[np.float64]:
    """Relative to the likeliest, which has 1."""
    scaled = logits.astype(np.float64)
    scaled -= scaled.max()
    return np.exp(scaled / temperature)


def _largest(logits: Logits, count: int) -> npt.NDArray[np.int64]:
    """The likeliest tokens, in order."""
    if count >= len(logits):
        return np.argsort(-logits)
    found = np.argpartition(-logits, count)[:count]
    return found[np.argsort(-logits[found])]


def _told(token: int, logits: Logits, alternatives: int) -> Step:
    """With log probabilities as the model gives them, before temperature and penalties."""
    wide = logits.astype(np.float64)
    most = wide.max()
    whole = most + np.log(np.exp(wide - most).sum())
    top = _largest(logits, alternatives) if alternatives else ()
    return Step(
        token, float(wide[token] - whole), tuple((int(each), float(wide[each] - whole)) for each in top)
    )
