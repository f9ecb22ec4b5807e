"""`jitney run PROGRAM`: the whole road. The program's bytes and its exit code are ours."""

from __future__ import annotations

import argparse
import os
import sys

import msgspec

from jitney import execute, road
from jitney.cli import inputs
from jitney.cli.common import connected, open_argument
from jitney.cli.parser import stdin_is_free
from jitney.cli.report import Report
from jitney.config import Config
from jitney.engine.protocol import Engine
from jitney.errors import BuildError
from jitney.execute import Errand
from jitney.sandbox.outcome import Outcome
from jitney.sandbox.stdio import Stdio
from jitney.source import Source


def run_program(arguments: argparse.Namespace, config: Config, report: Report) -> int:
    """From source to outcome. Returns the exit code."""
    errand = _errand(arguments, config, report)
    with open_argument(arguments, config) as source, connected(config) as engine:
        wants = road.Wants(bases=not arguments.dry_run, model=not arguments.no_model)
        if arguments.use_dockerfile:
            from jitney.cli.own import run_own

            return run_own(arguments, errand, source, config, engine, report)
        prepared = road.prepare(source, config, engine, report, wants)
        cached = not config.no_cache and prepared.tag in prepared.facts.built
        report.event("planned", tag=prepared.tag, cached=cached)
        if arguments.dry_run:
            return show_plan(prepared, report)
        if not cached:
            prepared = road.ensure_image(prepared, source, config, engine, report)
            report.clear()
        if prepared.supply.pending:
            from jitney.conversion import complete

            prepared = complete(prepared, config, engine, report)
            report.clear()
        prepared = with_runtime(prepared, config, engine, report)
        outcome = _go(prepared, errand, source, config, engine, report)
        afterwards(prepared.tag, cached, config, engine, report)
    tell(outcome, report)
    return outcome.exit_code


def _errand(arguments: argparse.Namespace, config: Config, report: Report) -> Errand:
    """What this one run adds to a plan; checked before anything is built."""

    def emit(stream: str) -> execute.Sink:
        return lambda data: report.event("output", stream=stream, **_text_or_base64(data))

    free = stdin_is_free(arguments)
    return Errand(
        arguments=tuple(arguments.arguments),
        env=inputs.environment(arguments.env_files or (), (*config.env, *(arguments.env or ()))),
        secrets=inputs.secrets(config.secrets),
        terminal=_terminal(arguments),
        stdio=Stdio(
            stdin=0 if free else None,
            stdout=emit("stdout") if report.json else 1,
            stderr=emit("stderr") if report.json else 2,
        ),
    )


def _terminal(arguments: argparse.Namespace) -> tuple[int, int] | None:
    """Rows and columns for a pty: with -t. Without it the program gets pipes, as in a shell's pipeline."""
    if not arguments.tty:
        return None
    for fd in (0, 1, 2):
        if os.isatty(fd):
            size = os.get_terminal_size(fd)
            return (size.lines, size.columns)
    return (24, 80)


def _text_or_base64(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        from base64 import b64encode

        return {"base64": b64encode(data).decode("ascii")}


def show_plan(prepared: road.Prepared, report: Report) -> int:
    from jitney.cli.plan import describe

    if not report.json:
        print(describe(prepared.plan, prepared.tag))
    return 0


def with_runtime(prepared: road.Prepared, config: Config, engine: Engine, report: Report) -> road.Prepared:
    """The model beside the program with a runtime that has to be built, or weights that have to be converted for it."""
    weights = prepared.supply.weights
    if weights is None:
        return prepared
    from jitney.runtimes.registry import plain_runtime

    if plain_runtime(weights, prepared.facts, config.runtime) is not None:
        return prepared
    from jitney.hosting.prepare import host_weights

    hosting = host_weights(weights, prepared.facts, config, engine, report)
    report.clear()
    supply = msgspec.structs.replace(prepared.supply, hosted=hosting.hosted)
    return msgspec.structs.replace(prepared, supply=supply)


def _go(
    prepared: road.Prepared, errand: Errand, source: Source, config: Config, engine: Engine, report: Report
) -> Outcome:
    """Run; an image that went away since it was seen is built once more."""
    try:
        return execute.execute(prepared, errand, source, config, engine, report)
    except execute.ImageGone as error:
        prepared = road.ensure_image(prepared, source, config, engine, report)
        if prepared.supply.weights is not None:
            road.ensure_gateway(prepared.facts, config, engine, report, seen=False)
        try:
            return execute.execute(prepared, errand, source, config, engine, report)
        except execute.ImageGone:
            raise BuildError(
                f"the image {prepared.tag} is removed as soon as it is built", error.hint
            ) from error


def afterwards(tag: str, cached: bool, config: Config, engine: Engine, report: Report) -> None:
    """Disk stays bounded; only a run that built something has to look."""
    from jitney import disk

    if config.ephemeral:
        if not disk.remove_used_image(engine, config, tag):
            report.warn(f"the image {tag} is in use and stays: jitney clean images")
        return
    disk.mark_used(config, tag)
    if not cached:
        gone = disk.shrink(engine, config, keep=(tag,))
        if gone:
            report.say(
                f"removed {len(gone)} images that were not used for longest: the disk budget is reached"
            )


def tell(outcome: Outcome, report: Report) -> None:
    """The Outcome: an event, or the words for what a bare exit code does not say."""
    report.finish()
    if report.json:
        fields = {name: getattr(outcome, name) for name in outcome.__struct_fields__ if name != "exit_code"}
        report.event("exited", code=outcome.exit_code, **fields)
        return
    for note in outcome.notes:
        report.say(note)
    if outcome.message:
        sys.stderr.write(
            f"error: {outcome.message}\n" + (f"\nhint: {outcome.hint}\n" if outcome.hint else "")
        )
        sys.stderr.flush()
