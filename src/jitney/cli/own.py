"""`jitney run --use-dockerfile SOURCE`: the user's own Dockerfile, run as every program is."""

from __future__ import annotations

import argparse

import msgspec

from jitney import execute
from jitney.cli import inputs
from jitney.cli.program import afterwards, show_plan, tell, with_runtime
from jitney.cli.report import Report
from jitney.config import Config
from jitney.dockerfile import locate, prepare_own
from jitney.engine.protocol import Engine
from jitney.errors import BuildError
from jitney.execute import Errand
from jitney.road import Wants
from jitney.source import Source


def run_own(
    arguments: argparse.Namespace,
    errand: Errand,
    source: Source,
    config: Config,
    engine: Engine,
    report: Report,
) -> int:
    """Builds even with --dry-run: what is run stands in the image alone."""
    args = inputs.environment((), arguments.build_args or ())
    asked = {"args": args, "target": arguments.target, "arguments": errand.arguments}
    own = msgspec.structs.replace(locate(source), **asked)
    prepared = prepare_own(own, source, config, engine, report, Wants(model=not arguments.no_model))
    report.clear()
    cached = prepared.tag in prepared.facts.built
    report.event("planned", tag=prepared.tag, cached=cached)
    if arguments.dry_run:
        return show_plan(prepared, report)
    if prepared.supply.pending:
        from jitney.conversion import complete

        prepared = complete(prepared, config, engine, report)
        report.clear()
    prepared = with_runtime(prepared, config, engine, report)
    # whoever the image says: the sockets of the model beside it are this user's
    config = msgspec.structs.replace(config, user=prepared.plan.sandbox.user)
    try:
        outcome = execute.execute(prepared, errand, source, config, engine, report)
    except execute.ImageGone as error:
        raise BuildError(f"the image {prepared.tag} was removed meanwhile", "run it again") from error
    afterwards(prepared.tag, cached, config, engine, report)
    tell(outcome, report)
    return outcome.exit_code
