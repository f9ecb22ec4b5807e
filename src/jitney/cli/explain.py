"""`jitney explain SOURCE`: what was decided, each decision with its evidence; `--dockerfile`: each line with its cause."""

from __future__ import annotations

import argparse

import msgspec

from jitney import road
from jitney.cli.common import connected, open_argument, settings
from jitney.cli.parser import add_output_options, add_plan_options, add_source
from jitney.cli.report import Report
from jitney.cli.shown import everything, sentence, show
from jitney.render import trace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_plan_options(parser)
    parser.add_argument("--dockerfile", action="store_true", help="the Dockerfile, each line with its cause")
    parser.add_argument("--all", action="store_true", help="every piece of evidence on a line of its own")
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    report = Report(quiet=arguments.quiet, timings=arguments.timings)
    with open_argument(arguments, config) as source, connected(config) as engine:
        prepared = road.prepare(
            source, config, engine, report, road.Wants(bases=False, model=bool(config.model))
        )
    lines = trace(prepared.plan.build, prepared.facts.engine)
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(_record(prepared, lines))).decode())
    elif arguments.dockerfile:
        print("\n".join(_with_causes(lines)))
    else:
        print(show(prepared.detection, prepared.label, prepared.plan, whole=arguments.all))
    report.finish()
    return 0


def _record(prepared: road.Prepared, lines: list[tuple[str, tuple[str, ...]]]) -> dict[str, object]:
    """All that the screen shows, nothing shortened, and the data behind it."""
    return {
        "summary": sentence(prepared.detection, prepared.label, prepared.plan),
        "decisions": everything(prepared.detection, prepared.plan),
        "detection": prepared.detection,
        "plan": prepared.plan,
        "tag": prepared.tag,
        "dockerfile": [{"line": line, "why": list(why)} for line, why in lines],
    }


def _with_causes(lines: list[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Causes as comments above their line: what is printed is still a Dockerfile."""
    printed: list[str] = []
    last: tuple[str, ...] = ()
    for line, why in lines:
        if why and why != last:
            printed += [f"# because: {' '.join(cause.split())}" for cause in why]
        last = why
        printed.append(line)
    return printed
