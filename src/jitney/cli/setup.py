"""`jitney setup`: make the bases that most programs need and fetch the default model, so that the first run is quick."""

from __future__ import annotations

import argparse

import msgspec

from jitney import road
from jitney.bases import current
from jitney.cli.common import connected, settings
from jitney.cli.parser import add_build_options, add_output_options
from jitney.cli.report import Report, human_size
from jitney.facts import indexes, kept
from jitney.facts.collect import collect
from jitney.plan import default_bases
from jitney.runtimes.gateway import gateway_base
from jitney.supply import DEFAULT_MODEL, fetch_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lang", dest="languages", action="append", metavar="LANGUAGE", help="only these languages"
    )
    parser.add_argument("--without-model", action="store_true", help="do not fetch the default model")
    add_build_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    report = Report(quiet=arguments.quiet, json=arguments.json, timings=arguments.timings)
    with connected(config) as engine:
        facts = collect(engine, config)
        facts = msgspec.structs.replace(facts, bases=current(facts.bases))
        keys = default_bases(tuple(arguments.languages or ()), facts, config)
        facts = road.ensure_bases(keys, facts, config, engine, report)
        if not arguments.without_model:
            facts = road.ensure_bases((gateway_base(facts, config),), facts, config, engine, report)
            road.ensure_gateway(facts, config, engine, report)
        if config.base_provider == "registry" and not config.registry:
            kept.store(config, indexes.KEPT, True)  # `auto` may take bases from there from now on
        if not arguments.without_model:
            with report.phase("model"):
                weights = fetch_model(DEFAULT_MODEL, config, report)
            report.say(
                f"model {DEFAULT_MODEL}: {weights.info.name or weights.main}, {human_size(weights.bytes)}"
            )
    report.say("ready: jitney run PROGRAM")
    report.finish()
    return 0
