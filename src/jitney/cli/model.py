"""What the commands of models share: their options, and answers as they come."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import msgspec

from jitney.cli.parser import add_safety_options, size


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """How a model is served: settings of the same names."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--runtime", metavar="NAME", help="what runs it (jitney runtimes; default: the first that fits)"
    )
    group.add_argument("--threads", type=int, metavar="N", help="of an answer (default: as many as help now)")
    group.add_argument(
        "-c",
        "--ctx-size",
        dest="context",
        type=int,
        metavar="TOKENS",
        help="context (default: the model's, up to 8192)",
    )
    group.add_argument("--slots", type=int, metavar="N", help="answers at once (default 4)")
    group.add_argument(
        "--ngl", dest="gpu_layers", type=int, metavar="N", help="layers on the GPU, with --gpus"
    )
    group.add_argument(
        "--adapter",
        dest="adapters",
        metavar="REF",
        action="append",
        help="a LoRA adapter for it, in its format (repeatable)",
    )
    group.add_argument(
        "--runtime-arg",
        dest="runtime_args",
        metavar="WORD",
        action="append",
        help="a word for the runtime's command (repeatable)",
    )
    add_safety_options(parser)


def add_box_options(parser: argparse.ArgumentParser) -> None:
    """The limits of a model's box."""
    group = parser.add_argument_group("sandbox")
    group.add_argument("--memory", dest="memory_bytes", metavar="SIZE", type=size, help="such as 512m or 4g")
    group.add_argument("--cpus", type=float, metavar="N", help="such as 1.5")
    group.add_argument("--gpus", action="store_true", default=None, help="use the machine's GPUs")


def add_sampling_options(parser: argparse.ArgumentParser) -> None:
    """What goes into a request. Absent: the runtime's default."""
    group = parser.add_argument_group("answer")
    group.add_argument("--system", metavar="TEXT", help="what the model is told first")
    group.add_argument(
        "--temp",
        "--temperature",
        dest="temperature",
        type=float,
        metavar="X",
        help="0: always the likeliest word",
    )
    group.add_argument("--top-p", dest="top_p", type=float, metavar="X")
    group.add_argument("--seed", type=int, metavar="N")
    group.add_argument("--max-tokens", dest="max_tokens", type=int, metavar="N", help="at most so many")


def sampling(arguments: argparse.Namespace) -> dict[str, Any]:
    """The request's fields that were given."""
    names = ("temperature", "top_p", "seed", "max_tokens")
    return {name: value for name in names if (value := getattr(arguments, name, None)) is not None}


class Delta(msgspec.Struct):
    content: str | None = None


class Choice(msgspec.Struct):
    delta: Delta = msgspec.field(default_factory=Delta)
    text: str = ""
    finish_reason: str | None = None


class Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Event(msgspec.Struct):
    """A piece of a streamed answer, of chat and of completions."""

    choices: list[Choice] = msgspec.field(default_factory=list)
    usage: Usage | None = None

    @property
    def text(self) -> str:
        return self.choices[0].delta.content or self.choices[0].text if self.choices else ""

    @property
    def reason(self) -> str:
        return (self.choices[0].finish_reason or "") if self.choices else ""


def show(text: str) -> None:
    """A piece of an answer, at once."""
    sys.stdout.write(text)
    sys.stdout.flush()
