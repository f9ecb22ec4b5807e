"""`jitney explain SOURCE`: every decision with its evidence; `--dockerfile`: each line with its cause."""

from __future__ import annotations

import argparse

import msgspec

from jitney import road
from jitney.cli.common import connected, open_argument, settings
from jitney.cli.parser import (
    add_output_options,
    add_plan_options,
    add_source,
)
from jitney.cli.report import Report
from jitney.detect.model import Endpoint
from jitney.findings import Evidence
from jitney.render import trace

ORDER = (
    "language",
    "version",
    "framework",
    "mode",
    "entry",
    "start",
    "manager",
    "package",
    "model",
    "endpoint",
    "base",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_plan_options(parser)
    parser.add_argument("--dockerfile", action="store_true", help="the Dockerfile, each line with its cause")
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
        record = {
            "detection": prepared.detection,
            "plan": prepared.plan,
            "tag": prepared.tag,
            "dockerfile": [{"line": line, "why": list(why)} for line, why in lines],
        }
        print(msgspec.json.format(msgspec.json.encode(record)).decode())
    elif arguments.dockerfile:
        print("\n".join(_with_causes(lines)))
    else:
        print("\n".join(decisions(everything(prepared))))
    report.finish()
    return 0


def everything(prepared: road.Prepared) -> tuple[Evidence, ...]:
    """The evidence of the Detection, of each package, model and address in it, and of the Plan."""
    seen = prepared.detection
    things = (
        *(
            msgspec.structs.replace(p.why, decides="package", value=f"{p.name}{p.spec}")
            for p in seen.packages
        ),
        *(msgspec.structs.replace(m.why, decides="model", value=f"{m.name} ({m.kind})") for m in seen.models),
        *(msgspec.structs.replace(e.why, decides="endpoint", value=_address(e)) for e in seen.endpoints),
    )
    return (*seen.evidence, *things, *prepared.plan.evidence)


def _address(endpoint: Endpoint) -> str:
    where = f"{endpoint.host or '127.0.0.1'}:{endpoint.port}" if endpoint.port else endpoint.host
    return f"{endpoint.kind} {endpoint.name or where} ({endpoint.api})"


def _with_causes(lines: list[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Causes as comments above their line: what is printed is still a Dockerfile."""
    printed: list[str] = []
    last: tuple[str, ...] = ()
    for line, why in lines:
        if why and why != last:
            printed += [f"# because: {cause}" for cause in why]
        last = why
        printed.append(line)
    return printed


def decisions(evidence: tuple[Evidence, ...]) -> list[str]:
    """One decision a line: what was decided, what it became, by which rule, seen where."""
    rows = sorted(enumerate(evidence), key=lambda item: (_rank(item[1].decides), item[0]))
    printed = []
    for _, seen in rows:
        place = f"  {seen.place}" if seen.place else ""
        printed.append(f"{seen.decides:<10} {seen.value:<34} [{seen.rule}]{place}")
        printed += [f"{'':<10}   not {loser}" for loser in seen.losers]
    return list(dict.fromkeys(printed))


def _rank(decides: str) -> int:
    stem = decides.rstrip("s")
    return ORDER.index(stem) if stem in ORDER else len(ORDER)
