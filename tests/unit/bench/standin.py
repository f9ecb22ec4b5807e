"""A runtime that answers by rule, on a clock of its own: what bench measures of it is known beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from jitney.bench.ask import Writer
from jitney.bench.measure import Life
from jitney.bench.model import Row
from jitney.bench.prompts import questions
from jitney.errors import ModelError
from jitney.hosting.questions import Question, Refused


class Clock:
    """Seconds that pass when somebody works."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class StandIn:
    """Asked as a Running is. A word is a token. knows: of the questions, so many right; each_s: a token of an answer,
    read_s: a token of the prompt, where the last prompt was another one."""

    def __init__(self, clock: Clock, *, knows: int = 24, each_s: float = 0.01, read_s: float = 0.001) -> None:
        self.clock = clock
        self.each_s = each_s
        self.read_s = read_s
        self.prompts: list[str] = []
        self.right = {one.text: one.right[0] for one in questions()[:knows]}
        self.most = 10_000

    def say(self, question: Question) -> Iterator[msgspec.Raw]:
        body: dict[str, Any] = msgspec.json.decode(question.body)
        prompt = body.get("prompt") or body["messages"][0]["content"]
        self.prompts.append(prompt)
        size = len(prompt.split())
        self.clock.now += self.read_s * size
        if body.get("echo"):
            probabilities = [None, *[-2.0] * (size - 1), -9.0]
            yield _raw(
                {"choices": [{"text": "", "logprobs": {"token_logprobs": probabilities}}], **_usage(size, 1)}
            )
            return
        count = min(body["max_tokens"], self.most)
        first = self.right.get(prompt.removeprefix("Complete with one word: "), "nonsense")
        for at in range(count):
            self.clock.now += self.each_s
            yield _raw({"choices": [{"text": f" {first if at == 0 else at}"}]})
        yield _raw({"choices": [], **_usage(size, count)})


def _raw(event: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(event))


def _usage(prompt: int, answer: int) -> dict[str, Any]:
    return {"usage": {"prompt_tokens": prompt, "completion_tokens": answer}}


class Candidate:
    """One that bench can be given. dies: the number of the life that does not begin."""

    def __init__(
        self,
        name: str,
        asked: StandIn,
        *,
        features: tuple[str, ...] = ("completions",),
        start_s: float = 2.0,
        dies: int = 0,
    ) -> None:
        self.row = Row(runtime=name, format="gguf", image_bytes=70_000_000, weights_bytes=30_000_000)
        self.asked = asked
        self.features = features
        self.start_s = start_s
        self.dies = dies
        self.lives = 0
        self.ended = 0

    @contextmanager
    def live(self) -> Iterator[Life]:
        self.lives += 1
        if self.lives == self.dies:
            raise ModelError(f"{self.row.runtime} died")
        begin = self.asked.clock.now
        try:
            yield Life(
                writer=Writer(self.asked, "m", self.features, self.asked.clock),
                start_s=self.start_s,
                peak_bytes=lambda: 500_000_000,
                cpu_s=lambda: self.asked.clock.now - begin,
            )
        finally:
            self.ended += 1


class Mute(StandIn):
    """Echoes, and says no probabilities of what it echoes."""

    def say(self, question: Question) -> Iterator[msgspec.Raw]:
        if b'"echo"' in question.body:
            raise Refused("echo: without logprobs, please")
        return super().say(question)
