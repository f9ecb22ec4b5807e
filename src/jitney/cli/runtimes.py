"""`jitney runtimes [MODEL]`: what can run here and why not; with a model, which take it, and after what conversion."""

from __future__ import annotations

import argparse

import msgspec

from jitney.cli.common import connected, settings
from jitney.cli.models import meant, rows
from jitney.cli.report import human_size
from jitney.facts.collect import collect
from jitney.hosting.standing import Standing, standings

EPILOG = """\
ready          its image is here: jitney run --runtime NAME MODEL starts at once
needs image    the first run makes or pulls it
planned        its command is known from its makers' documents and was never run by Jitney's
no             with the reason"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", nargs="?", help="a model in the Store (jitney ls)")
    parser.add_argument("--gpus", action="store_true", default=None, help="as with the machine's GPUs")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    weights = meant(config, [arguments.model])[1][0].weights if arguments.model else None
    with connected(config) as engine:
        found = standings(collect(engine, config), config, engine, weights)
    if arguments.json:
        print(msgspec.json.encode(found).decode())
        return 0
    head = ("NAME", "STATE", "FORMATS", "KINDS", "SIZE", "FEATURES" if weights is None else "MODEL")
    print(rows([head, *(_row(one, with_model=weights is not None) for one in found)]))
    return 0


def _row(one: Standing, *, with_model: bool) -> tuple[str, ...]:
    """A reason stands where else the features do: it is what counts then."""
    last = one.reason or (one.way if with_model else ", ".join(one.features))
    size = human_size(one.size_bytes) if one.size_bytes else "-"
    return (one.name, one.state, ",".join(one.formats), ",".join(one.kinds), size, last)
