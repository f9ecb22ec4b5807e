"""An answer on its way out: tokens become text, stop strings end it, log probabilities go with their words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .backend import Step
from .words import Stream, Words

Reason = Literal["stop", "length"]


@dataclass(frozen=True)
class Piece:
    """Of an answer. logprobs: of its tokens, in OpenAI's form for chats."""

    text: str
    logprobs: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class End:
    """tokens: of the answer, as computed. Times in milliseconds; cached: tokens of the prompt that were not computed again."""

    reason: Reason
    prompt: int
    tokens: int
    prompt_ms: float = 0.0
    answer_ms: float = 0.0


class Stops:
    """Stop strings, found over the borders of pieces: what may be the beginning of one is kept back."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word for word in words if word]
        self._held = ""
        self.hit = False

    def take(self, text: str) -> str:
        """What may go out now. After `hit` nothing does."""
        self._held += text
        found = [at for word in self._words if (at := self._held.find(word)) >= 0]
        if found:
            self.hit = True
            out, self._held = self._held[: min(found)], ""
            return out
        keep = max((_overlap(self._held, word) for word in self._words), default=0)
        out, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return out

    def rest(self) -> str:
        out, self._held = self._held, ""
        return out


def _overlap(text: str, word: str) -> int:
    """How many signs at the end of the text begin the word."""
    for length in range(min(len(word) - 1, len(text)), 0, -1):
        if text.endswith(word[:length]):
            return length
    return 0


class Flow:
    """One answer. tokens: taken so far; ended: by an end token or a stop string."""

    def __init__(self, words: Words, prompt: Sequence[int], stop: Sequence[str], *, tells: bool) -> None:
        self._words = words
        self._stream = Stream(words, prompt)
        self._stops = Stops(stop)
        self._tells = tells
        self._told: list[tuple[int, dict[str, Any]]] = []
        self._seen = self._sent = 0
        self.tokens = 0
        self.ended = False

    def take(self, step: Step) -> Piece | None:
        """None: nothing to send yet."""
        if step.of_prompt:
            return Piece("", [self._entry(step)])
        self.tokens += 1
        if step.token in self._words.ends:
            self.ended = True
            return None
        if self._tells and step.text is None:
            self._told.append((self._seen, self._entry(step)))
        return self._out(self._stream.take(step.token) if step.text is None else step.text)

    def rest(self) -> Piece | None:
        """At the end, what was kept back."""
        if self._stops.hit:
            return None
        piece = self._out(self._stream.rest())
        text = (piece.text if piece else "") + ("" if self._stops.hit else self._stops.rest())
        self._sent += len(text) - (len(piece.text) if piece else 0)
        told = (piece.logprobs if piece else []) + [entry for _, entry in self._told]
        self._told = []
        return Piece(text, told) if text or told else None

    def _out(self, new: str) -> Piece | None:
        self._seen += len(new)
        text = self._stops.take(new) if new else ""
        self.ended = self.ended or self._stops.hit
        self._sent += len(text)
        told = [entry for at, entry in self._told if at < self._sent]
        self._told = [] if self._stops.hit else [one for one in self._told if one[0] >= self._sent]
        return Piece(text, told) if text or told else None

    def _entry(self, step: Step) -> dict[str, Any]:
        def one(token: int, value: float | None) -> dict[str, Any]:
            text, raw = self._words.name(token)
            return {"token": text, "logprob": value, "bytes": raw}

        return {**one(step.token, step.logprob), "top_logprobs": [one(*each) for each in step.top]}
