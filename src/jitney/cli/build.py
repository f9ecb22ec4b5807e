"""`jitney build SOURCE | PLAN.json`: make the image, now. Prints its tag."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from jitney import road
from jitney.cli.common import connected, open_argument, settings
from jitney.cli.parser import (
    add_output_options,
    add_plan_options,
    add_source,
)
from jitney.cli.report import Report, human_size
from jitney.config import Config
from jitney.engine.protocol import Engine
from jitney.errors import UsageError
from jitney.facts.collect import collect
from jitney.plan.model import SCHEMA, Plan
from jitney.render import image_tag


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_plan_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    report = Report(quiet=arguments.quiet, json=arguments.json, timings=arguments.timings)
    with connected(config) as engine:
        if arguments.source.endswith(".json") and Path(arguments.source).is_file():
            tag = _build_saved(Path(arguments.source), config, engine, report)
        else:
            with open_argument(arguments, config) as source:
                prepared = road.prepare(source, config, engine, report, road.Wants(model=bool(config.model)))
                tag = road.ensure_image(prepared, source, config, engine, report).tag
        image = engine.image(tag)
    report.clear()
    size = image.size_bytes if image else 0
    if arguments.json:
        report.event("built", tag=tag, size_bytes=size)
    else:
        print(tag)
        report.say(f"{tag}: {human_size(size)}")
    report.finish()
    return 0


def read_plan(path: Path) -> Plan:
    """A saved plan, checked. UsageError names the place that is wrong."""
    try:
        plan = msgspec.json.decode(path.read_bytes(), type=Plan)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} is not a plan: {error}", "make one: jitney plan SOURCE --json > plan.json"
        ) from error
    if plan.schema != SCHEMA:
        raise UsageError(
            f"{path}: schema {plan.schema}, expected {SCHEMA}", "make it anew: jitney plan SOURCE --json"
        )
    return plan


def _build_saved(path: Path, config: Config, engine: Engine, report: Report) -> str:
    plan = read_plan(path)
    if plan.build.source:
        raise UsageError(
            f"{path}: a plan of a compiled program needs its source beside it",
            "jitney build SOURCE builds both",
        )
    facts = collect(engine, config)
    facts = road.ensure_bases(
        tuple(stage.base.key for stage in plan.build.stages), facts, config, engine, report
    )
    tag = image_tag(plan.build)
    if config.no_cache or engine.image(tag) is None:
        road.build_image(plan.build, facts, tag, None, config, engine, report)
    return tag
