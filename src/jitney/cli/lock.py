"""`jitney lock SOURCE`: resolve anew and write `jitney.lock` beside the program. The one command that writes there."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from jitney import road
from jitney.cli.common import connected, open_argument, settings
from jitney.cli.parser import add_build_options, add_detection_options, add_output_options, add_source
from jitney.cli.report import Report
from jitney.config import Config
from jitney.errors import UsageError
from jitney.resolve import write_lock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_detection_options(parser)
    add_build_options(parser)
    parser.add_argument(
        "--model", metavar="REF", help="lock this model's bytes too (default: the configured one)"
    )
    parser.add_argument("--output", metavar="FILE", help="where to write it (default: beside the program)")
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    report = Report(quiet=arguments.quiet, json=arguments.json, timings=arguments.timings)
    path = _target(arguments)
    with open_argument(arguments, config) as source, connected(config) as engine:
        prepared = road.prepare(source, config, engine, report, road.Wants(model=False, fresh=True))
    write_lock(path, prepared.plan.lock)  # the plan's knows the bases' digests
    if config.model:
        _lock_model(path, config, report)
    report.say(f"wrote {path}")
    report.event("locked", path=str(path))
    report.finish()
    return 0


def _lock_model(path: Path, config: Config, report: Report) -> None:
    from jitney import supply
    from jitney.models.storage import lockfile

    anew = msgspec.structs.replace(config, lock_file="")
    lockfile.write(path, config.model, supply.fetch_model(config.model, anew, report, renew=True))


def _target(arguments: argparse.Namespace) -> Path:
    if arguments.output:
        return Path(arguments.output)
    path = Path(arguments.source)
    if arguments.source == "-" or not path.exists():
        raise UsageError(
            f"{arguments.source} has no folder to write a lock into", "say where: --output jitney.lock"
        )
    return (path if path.is_dir() else path.parent) / "jitney.lock"
