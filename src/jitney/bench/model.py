"""What is measured, as data: a Taken an answer, a Round a start of a runtime, a Row a runtime, a Report the whole."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

MB = 1e6


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The same for every runtime. n: rounds; tokens are counted by the runtime's own usage."""

    n: int = 5
    prompt_tokens: int = 128
    tokens: int = 64
    threads: int = 1


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """One streamed answer by the clock. first_s: from the request to the first text; total_s: to the last."""

    first_s: float
    total_s: float
    prompt_tokens: int
    tokens: int
    text: str = ""

    @property
    def ms_per_token(self) -> float:
        """Of those behind the first; 0 where there are none."""
        return 1000 * (self.total_s - self.first_s) / (self.tokens - 1) if self.tokens > 1 else 0.0

    @property
    def prefill(self) -> float:
        """Prompt tokens a second until the first token is there, its own step included."""
        return self.prompt_tokens / self.first_s if self.first_s else 0.0

    @property
    def decode(self) -> float:
        """Tokens a second behind the first."""
        return 1000 / self.ms_per_token if self.ms_per_token else 0.0


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One life of a runtime's box. start_s: from the command to ready; warm: its first answer, which counts for nothing else;
    cpu_s: that its box computed for the timed one; joules: the machine's, while it answered, None where it is not told."""

    start_s: float
    warm: Taken
    timed: Taken
    peak_bytes: int = 0
    cpu_s: float = 0.0
    joules: float | None = None


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """low, high: the least and the most of n."""

    median: float
    low: float
    high: float
    n: int


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """right: questions of the fixed set whose answer is the known word; same: those answered as most runtimes did, -1:
    there is nothing to compare with. perplexity: of a fixed text, None where the runtime tells no probabilities of a prompt."""

    right: int
    of: int
    answers: tuple[str, ...] = ()
    same: int = -1
    perplexity: float | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A runtime. reason: why there are no numbers, else empty. values: by the names of METRICS. marks: what is to be known
    before the numbers are believed."""

    runtime: str
    reason: str = ""
    format: str = ""
    quantisation: str = ""
    image_bytes: int = 0
    weights_bytes: int = 0
    values: dict[str, Spread] = {}
    warm_first_token_ms: float = 0.0
    quality: Quality | None = None
    marks: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    model: str
    settings: Settings
    machine: dict[str, str]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A column. of: a round's value, None where it is not known. better: which way is."""

    name: str
    title: str
    unit: str
    of: Callable[[Round], float | None]
    better: Literal["less", "more"] = "less"
    about: str = ""


METRICS = (
    Metric(
        name="peak_memory_mb",
        title="peak memory",
        unit="MB",
        of=lambda one: one.peak_bytes / MB or None,
        about="the most that its processes had resident, mapped weights included",
    ),
    Metric(
        name="ms_per_token",
        title="per token",
        unit="ms",
        of=lambda one: one.timed.ms_per_token or None,
        about="between the first token and the last",
    ),
    Metric(
        name="first_token_ms",
        title="first token",
        unit="ms",
        of=lambda one: 1000 * one.timed.first_s,
        about="from the request, its prompt included",
    ),
    Metric(
        name="start_s",
        title="start-up",
        unit="s",
        of=lambda one: one.start_s,
        about="from the command to ready, image and weights on hand",
    ),
    Metric(
        name="prefill_tok_s",
        title="prefill",
        unit="tok/s",
        of=lambda one: one.timed.prefill or None,
        better="more",
        about="prompt tokens until the first token is there",
    ),
    Metric(
        name="decode_tok_s",
        title="decode",
        unit="tok/s",
        of=lambda one: one.timed.decode or None,
        better="more",
        about="tokens behind the first",
    ),
    Metric(
        name="cpu_ms_per_token",
        title="CPU time",
        unit="ms/token",
        of=lambda one: 1000 * one.cpu_s / one.timed.tokens if one.cpu_s and one.timed.tokens else None,
        about="of the whole answer, prompt included: what other work on the machine changes least",
    ),
    Metric(
        name="energy_j_per_token",
        title="energy",
        unit="J/token",
        of=lambda one: one.joules / one.timed.tokens if one.joules and one.timed.tokens else None,
        about="of the whole machine while it answered",
    ),
)
"""What a round tells. Deployment size (`size_mb`: image and weights) is no matter of rounds."""

SIZE = Metric(
    name="size_mb",
    title="size",
    unit="MB",
    of=lambda one: None,
    about="of image and weights: what is deployed",
)
COLUMNS = (*METRICS[:4], SIZE, *METRICS[4:])


def spread(values: Iterable[float]) -> Spread:
    """Of at least one value."""
    found = sorted(values)
    return Spread(median=statistics.median(found), low=found[0], high=found[-1], n=len(found))


def values_of(rounds: Iterable[Round]) -> dict[str, Spread]:
    """Metrics that at least one round tells."""
    made = {}
    for metric in METRICS:
        found = [value for one in rounds if (value := metric.of(one)) is not None]
        if found:
            made[metric.name] = spread(found)
    return made


def value(row: Row, metric: Metric) -> Spread | None:
    """What a row has in a column."""
    if metric is SIZE:
        size = (row.image_bytes + row.weights_bytes) / MB
        return Spread(median=size, low=size, high=size, n=1) if size and not row.reason else None
    return row.values.get(metric.name)
