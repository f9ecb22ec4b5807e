"""Figures of the gateway, for Prometheus. Names and buckets: OpenTelemetry's GenAI conventions, semconv 1.41.1
(gen_ai.server.*), as Prometheus writes them; `model` is the served name, never a client's word."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING

from jitney.serve.answer import Begin, End, Events

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

DURATION_S = tuple(0.01 * 2**step for step in range(14))
FIRST_TOKEN_S = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
PER_TOKEN_S = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)


class Histogram:
    """Counts of values up to each bound, and beyond; and their sum."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def take(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus has them: each with all below it."""
        total, found = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


class Meter:
    """Of one model. waiting: asked of the runtime, and nothing of the answer has come yet; running: being answered."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.waiting = self.running = 0
        self.prompt_tokens = self.answer_tokens = 0
        self.first = Histogram(FIRST_TOKEN_S)
        self.per_token = Histogram(PER_TOKEN_S)
        self.durations: dict[tuple[str, int], Histogram] = {}

    def ended(self, operation: str, status: int, seconds: float) -> None:
        key = (operation, status)
        if key not in self.durations:
            self.durations[key] = Histogram(DURATION_S)
        self.durations[key].take(seconds)

    async def reading(self, events: Events) -> Events:
        """The events of an answer, counted."""
        begun, first = time.monotonic(), 0.0
        self.waiting += 1
        try:
            async with aclosing(events):
                async for event in events:
                    if not first and not isinstance(event, Begin):
                        first = time.monotonic()
                        self.waiting -= 1
                        self.running += 1
                        self.first.take(first - begun)
                    if isinstance(event, End):
                        self._end(event, time.monotonic() - first)
                    yield event
        finally:
            if first:
                self.running -= 1
            else:
                self.waiting -= 1

    def _end(self, end: End, seconds: float) -> None:
        self.prompt_tokens += end.usage.prompt
        self.answer_tokens += end.usage.answer
        if end.usage.answer > 1:
            self.per_token.take(seconds / (end.usage.answer - 1))

    @contextmanager
    def asking(self) -> Iterator[None]:
        """A question whose answer comes whole."""
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1


def exposition(meters: list[Meter]) -> bytes:
    """The text that Prometheus scrapes."""
    from prometheus_client import CollectorRegistry  # 60 ms, and only where somebody scrapes
    from prometheus_client.exposition import generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(meters))
    return bytes(generate_latest(registry))


class _Collected:
    """What prometheus_client calls a collector."""

    def __init__(self, meters: list[Meter]) -> None:
        self._meters = meters

    def collect(self) -> Iterator[Metric]:
        yield from self._histograms()
        yield from self._counts()

    def _histograms(self) -> Iterator[Metric]:
        from prometheus_client.core import HistogramMetricFamily

        duration = HistogramMetricFamily(
            "gen_ai_server_request_duration_seconds",
            "Of requests, to the last byte of their answer",
            labels=("model", "gen_ai_operation_name", "http_response_status_code"),
        )
        first = HistogramMetricFamily(
            "gen_ai_server_time_to_first_token_seconds",
            "From the request to its first token",
            labels=("model",),
        )
        per_token = HistogramMetricFamily(
            "gen_ai_server_time_per_output_token_seconds",
            "Between tokens, after the first",
            labels=("model",),
        )
        for meter in self._meters:
            for (operation, status), found in meter.durations.items():
                duration.add_metric((meter.model, operation, str(status)), found.buckets(), found.sum)
            first.add_metric((meter.model,), meter.first.buckets(), meter.first.sum)
            per_token.add_metric((meter.model,), meter.per_token.buckets(), meter.per_token.sum)
        yield from (duration, first, per_token)

    def _counts(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        running = GaugeMetricFamily("jitney_requests_running", "Being answered", labels=("model",))
        waiting = GaugeMetricFamily(
            "jitney_requests_waiting", "Asked, without a token yet", labels=("model",)
        )
        prompt = CounterMetricFamily("jitney_prompt_tokens", "Tokens read", labels=("model",))
        answer = CounterMetricFamily("jitney_answer_tokens", "Tokens written", labels=("model",))
        for meter in self._meters:
            running.add_metric((meter.model,), meter.running)
            waiting.add_metric((meter.model,), meter.waiting)
            prompt.add_metric((meter.model,), meter.prompt_tokens)
            answer.add_metric((meter.model,), meter.answer_tokens)
        yield from (running, waiting, prompt, answer)
