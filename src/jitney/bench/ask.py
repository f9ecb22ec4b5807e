"""Who is asked: anything that takes a Question and gives its events. Text by completions where there are such, else by chat."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import msgspec

from jitney.bench.model import Taken
from jitney.hosting.questions import Question, Refused, ask_chat, ask_text

Json = dict[str, Any]


class Asked(Protocol):
    """hosting.running.Running is one."""

    def say(self, question: Question) -> Iterator[msgspec.Raw]: ...


class Writer:
    """A runtime that writes, at temperature 0. clock: seconds."""

    def __init__(
        self,
        asked: Asked,
        model: str,
        features: Iterable[str],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._asked = asked
        self._model = model
        self.features = frozenset(features)
        self._clock = clock

    def write(self, prompt: str, tokens: int) -> Taken:
        """The answer by the clock. Where the runtime gives no usage, its pieces count."""
        begin = self._clock()
        first = last = 0.0
        pieces: list[str] = []
        usage: Json = {}
        for raw in self._asked.say(self._question(prompt, tokens)):
            now = self._clock()
            event: Json = msgspec.json.decode(raw)
            usage = event.get("usage") or usage
            if piece := _piece(event):
                first, last = first or now, now
                pieces.append(piece)
        end = last or self._clock()
        return Taken(
            first_s=(first or end) - begin,
            total_s=end - begin,
            prompt_tokens=usage.get("prompt_tokens", 0),
            tokens=usage.get("completion_tokens", len(pieces)),
            text="".join(pieces),
        )

    def count(self, text: str) -> int:
        """Tokens of a prompt, by the runtime's own usage; a chat's template counts."""
        return self.write(text, 1).prompt_tokens

    def probabilities(self, text: str) -> list[float]:
        """Logarithms of each token of `text` but the first; empty where the runtime does not tell them."""
        if not {"echo", "logprobs", "completions"} <= self.features:
            return []
        body = {
            "model": self._model,
            "prompt": text,
            "max_tokens": 1,
            "temperature": 0,
            "echo": True,
            "logprobs": 1,
        }
        try:
            [raw] = self._asked.say(Question(path="/v1/completions", body=msgspec.json.encode(body)))
        except Refused:  # it echoes, and computes nothing of what it echoes
            return []
        reply: Json = msgspec.json.decode(raw)
        found = (reply["choices"][0].get("logprobs") or {}).get("token_logprobs") or []
        known = [value for value in found[: reply["usage"]["prompt_tokens"]] if value is not None]
        return known if len(known) == reply["usage"]["prompt_tokens"] - 1 else []

    def _question(self, prompt: str, tokens: int) -> Question:
        options = {"max_tokens": tokens, "temperature": 0}
        if "completions" in self.features:
            return ask_text(self._model, prompt, options)
        return ask_chat(self._model, [{"role": "user", "content": prompt}], options)


def _piece(event: Json) -> str:
    for choice in event.get("choices") or ():
        found = (choice.get("delta") or {}).get("content") or choice.get("text") or ""
        if found:
            return str(found)
    return ""
