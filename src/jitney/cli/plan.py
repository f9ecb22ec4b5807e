"""`jitney plan SOURCE`: what would be built and run. `--json` is what `jitney build` takes."""

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
from jitney.cli.report import Report, human_size
from jitney.plan.model import Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_plan_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    report = Report(quiet=arguments.quiet, timings=arguments.timings)
    with open_argument(arguments, config) as source, connected(config) as engine:
        prepared = road.prepare(
            source, config, engine, report, road.Wants(bases=False, model=bool(config.model))
        )
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(prepared.plan)).decode())
    else:
        print(describe(prepared.plan, prepared.tag))
    report.finish()
    return 0


def describe(plan: Plan, tag: str) -> str:
    """The Plan for a person."""
    box = plan.sandbox
    limits = [
        human_size(box.memory_bytes),
        f"{box.pids} processes",
        f"{box.cpus:g} CPUs" if box.cpus else "all CPUs",
    ]
    if box.timeout_s:
        limits.append(f"{box.timeout_s:g} s")
    network = "whole network" if box.network else ", ".join(box.allow_hosts) or "none"
    lines = [f"image    {tag}"]
    lines += [
        f"  stage  {stage.name} from {stage.base.ref} ({stage.base.key})" for stage in plan.build.stages
    ]
    lines += [
        f"run      {' '.join(plan.run.argv)}",
        f"in       {plan.run.workdir}, {len(plan.run.source)} files, {human_size(plan.run.source_bytes)} ({plan.run.delivery})",
        f"limits   {', '.join(limits)}",
        f"network  {network}",
    ]
    if plan.model is not None:
        relays = ", ".join(f"127.0.0.1:{relay.port}" for relay in plan.model.relays)
        lines.append(
            f"model    {plan.model.ref}" + (f" beside it at {relays}" if plan.model.serve else " in /models")
        )
        lines += [
            f"redirect {one.url} leads to it, for {one.place or one.rule}" for one in plan.model.redirects
        ]
    locked = len([line for line in plan.lock.packages.splitlines() if "==" in line])
    if locked:
        lines.append(f"locked   {locked} packages with hashes")
    return "\n".join(lines)
