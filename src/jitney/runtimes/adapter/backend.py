"""What a library has to give: one function `load(settings) -> Loaded`, a record of what it can do.

Everything in `Loaded` is called from worker threads, at most `at_once` calls at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .words import Words


@dataclass(frozen=True)
class Settings:
    """The command line. model: the main file or its folder; context: tokens of prompt and answer together; slots: answers
    at once, where the library can; most_tokens: of any answer; vectors: embeddings are wanted, and no text."""

    model: str
    alias: str = "model"
    host: str = "127.0.0.1"
    port: int = 8080
    context: int = 8192
    threads: int = 1
    slots: int = 4
    most_tokens: int = 8192
    projector: str = ""
    adapters: tuple[str, ...] = ()
    vectors: bool = False


@dataclass(frozen=True)
class Wish:
    """How an answer shall be made. temperature 0: the likeliest token, always. top_k 0, top_p 1, min_p 0, the penalties'
    neutral values: off. seed None: by chance. logprobs: alternatives told per token, None: not asked for; tells_prompt: those of the
    prompt's tokens too. schema: a JSON schema
    that the answer has to fit; bias: token → added to its logit."""

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int | None = None
    presence: float = 0.0
    frequency: float = 0.0
    repetition: float = 1.0
    logprobs: int | None = None
    tells_prompt: bool = False
    schema: Mapping[str, Any] | None = None
    bias: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One token of an answer. logprob: its natural logarithm; top: the likeliest tokens with theirs; both where asked for.
    of_prompt: a token of the prompt, told of before the answer; the first has no logprob. text: where a library tells no
    tokens (token -1), whole characters."""

    token: int
    logprob: float | None = 0.0
    top: tuple[tuple[int, float], ...] = ()
    of_prompt: bool = False
    text: str | None = None


ANY_OBJECT: Mapping[str, Any] = {"type": "object"}
"""A schema that says nothing. An answer held to it would not end: backends take a grammar of small objects instead."""

Steps = Iterator[Step | None]
"""An answer as it is made, without its prompt. None: still reading the prompt, the moment to stop. Ends by itself at an end
token (given or not), or after wish.max_tokens. Closing it ends the work: nothing more is computed."""


@dataclass(frozen=True)
class Segment:
    """A piece of a transcription, times in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Transcript:
    """language: ISO 639-1; duration: of the audio, in seconds."""

    language: str
    duration: float
    segments: Iterator[Segment]


@dataclass(frozen=True)
class Speech:
    """What is asked of a transcription. language empty: heard out; prompt: words that may occur."""

    language: str = ""
    prompt: str = ""
    temperature: float = 0.0
    translate: bool = False


@dataclass(frozen=True)
class Loaded:
    """A model, ready. offers: names as in jitney.runtimes.protocol.Feature, of what requests may ask for (chat, completions,
    seed, logprobs, json-schema, …); the app refuses everything else. words: None where it makes no text.

    embed: token lists → unit vectors. rerank: the query's and the documents' text → scores, larger is better. transcribe: the
    bytes of a sound file. defaults: of the sampling, by the model's makers (temperature, top_p, top_k, repetition_penalty).
    """

    context: int
    offers: frozenset[str]
    words: Words | None = None
    generate: Callable[[Sequence[int], Wish], Steps] | None = None
    embed: Callable[[Sequence[Sequence[int]]], list[list[float]]] | None = None
    rerank: Callable[[str, Sequence[str]], tuple[list[float], int]] | None = None
    transcribe: Callable[[bytes, Speech], Transcript] | None = None
    at_once: int = 1
    defaults: Mapping[str, float] = field(default_factory=dict)


Load = Callable[[Settings], Loaded]


class CannotLoadError(Exception):
    """The model cannot be loaded; its text says why, to the user."""


class RefusedError(Exception):
    """A request that is not answered: status, the field that is wrong (or empty), a word for programs (or empty)."""

    def __init__(self, param: str, message: str, *, status: int = 400, code: str = "") -> None:
        super().__init__(f"{param}: {message}" if param else message)
        self.param = param
        self.status = status
        self.code = code

    @property
    def body(self) -> dict[str, Any]:
        """OpenAI's form."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        told = {"message": str(self), "type": kind, "param": self.param or None, "code": self.code or None}
        return {"error": told}
