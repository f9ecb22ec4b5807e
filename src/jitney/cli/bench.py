"""`jitney bench MODEL`: the field's table, measured on this machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jitney.cli.common import connected, settings
from jitney.cli.parser import size
from jitney.cli.report import Report as Speaker
from jitney.config import Config
from jitney.errors import UsageError

if TYPE_CHECKING:
    from jitney.bench.compare import Other
    from jitney.bench.model import Report

EPILOG = """examples:
  jitney bench smollm2                                        the runtime that `jitney run` would take
  jitney bench smollm2 --runtime llama.cpp,transformers,onnxruntime-genai
  jitney bench smollm2 --runtime all --json > here.json       those that cannot run here are told with their reasons
  jitney bench smollm2 --runtime llama.cpp --compare published.csv --plot here.png

Each round starts every runtime in turn, warms it up and times one answer at temperature 0. Answers to a fixed set of
questions are counted too: a fast runtime that is wrong is marked.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a model, as for `jitney run`")
    parser.add_argument(
        "--runtime", dest="runtimes", metavar="A,B,…", default="", help="names of runtimes, or all"
    )
    group = parser.add_argument_group("what is measured")
    group.add_argument("--n", type=_count, default=5, metavar="N", help="rounds (5)")
    group.add_argument("--prompt-tokens", type=_count, default=128, metavar="N", help="tokens read (128)")
    group.add_argument("--tokens", type=_count, default=64, metavar="N", help="tokens written (64)")
    group.add_argument("--threads", type=_count, default=1, metavar="N", help="of each runtime (1)")
    group.add_argument("--memory", dest="memory_bytes", metavar="SIZE", type=size, help="such as 512m or 4g")
    group.add_argument("--gpus", action="store_true", default=None, help="use the machine's GPUs")
    group = parser.add_argument_group("output")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="everything, as one JSON object")
    form.add_argument("--csv", action="store_true", help="a line a runtime, as --compare reads it")
    group.add_argument("--plot", type=Path, metavar="FILE.png", help="write a picture (needs jitney[bench])")
    group.add_argument(
        "--compare", type=Path, metavar="TABLE.csv", help="show a published table beside this one"
    )
    group.add_argument("-q", "--quiet", action="store_true", help="nothing but the table and errors")


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    from jitney.bench import compare, plot

    other = compare.read(arguments.compare) if arguments.compare else None
    if arguments.plot:
        plot.require_plot(arguments.plot)
    report = _measured(arguments, settings(arguments))
    _print(report, other, arguments)
    if arguments.plot:
        plot.plot(report, arguments.plot, other)
    return 0 if any(not row.reason for row in report.rows) else 1


def _measured(arguments: argparse.Namespace, config: Config) -> Report:
    from jitney.bench.hosts import candidates
    from jitney.bench.measure import measure
    from jitney.bench.model import Settings

    wanted = Settings(
        n=arguments.n,
        prompt_tokens=arguments.prompt_tokens,
        tokens=arguments.tokens,
        threads=arguments.threads,
    )
    room = config.context or 8192
    if wanted.prompt_tokens + wanted.tokens > room:
        raise UsageError(
            f"{wanted.prompt_tokens} tokens in and {wanted.tokens} out are more than a context of {room}",
            "ask for fewer: --prompt-tokens N --tokens N",
        )
    speaker = Speaker(quiet=arguments.quiet)
    names = [name.strip() for name in arguments.runtimes.split(",") if name.strip()]
    with connected(config) as engine:
        able, reasons, name = candidates(arguments.model, names, config, engine, speaker)
        try:
            return measure(able, reasons, name, wanted, speaker)
        finally:
            speaker.clear()


def _print(report: Report, other: Other | None, arguments: argparse.Namespace) -> None:
    from jitney.bench import table

    if arguments.json:
        shown = msgspec.json.format(msgspec.json.encode(report), indent=1).decode()
        print(shown)
    elif arguments.csv:
        sys.stdout.write(table.as_csv(report))
    else:
        sys.stdout.write(table.text(report, other))
