"""`jitney stop RUN…`: end sandboxes (SIGTERM to the program, then gone) and services (answers under way may finish)."""

from __future__ import annotations

import argparse
import os
import signal
import time

from jitney.cli.common import connected, settings
from jitney.cli.parser import duration
from jitney.config import Config
from jitney.engine.protocol import LABEL_RUN, ContainerInfo, Engine
from jitney.errors import UsageError
from jitney.hosting import served


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", metavar="RUN", nargs="*", help="a run id, or its beginning, or a served model's name"
    )
    parser.add_argument("--all", action="store_true", help="every sandbox of Jitney's")
    parser.add_argument(
        "--grace", type=duration, default=3.0, metavar="TIME", help="between SIGTERM and the end (3s)"
    )


def run(arguments: argparse.Namespace) -> int:
    if not arguments.runs and not arguments.all:
        raise UsageError("which run?", "jitney ps lists them; jitney stop --all ends them all")
    config = settings(arguments)
    services = served.services(config)
    with connected(config) as engine:
        boxes = [box for box in engine.containers() if LABEL_RUN in box.labels]
        chosen = boxes if arguments.all else _choose(boxes, arguments.runs, services)
        runs = {box.labels[LABEL_RUN] for box in chosen}
        _drain([one for one in services if one.run in runs], config, arguments.grace)
        left = {box.id for box in engine.containers()}
        _end(engine, [box for box in chosen if box.id in left], arguments.grace)
    print("\n".join(dict.fromkeys(box.labels[LABEL_RUN] for box in chosen)), end="\n" if chosen else "")
    return 0


def _drain(services: list[served.Record], config: Config, grace_s: float) -> None:
    """Who serves is told, else it would start its boxes again; a second time after the grace, and then it is at once."""
    for pause in (grace_s, grace_s):
        for one in services:
            os.kill(one.pid, signal.SIGTERM)
        end = time.monotonic() + pause
        while services and time.monotonic() < end:
            runs = {record.run for record in served.services(config)}
            services = [one for one in services if one.run in runs]
            time.sleep(0.02 if services else 0)
        if not services:
            return


def _choose(
    boxes: list[ContainerInfo], wanted: list[str], services: list[served.Record]
) -> list[ContainerInfo]:
    chosen: list[ContainerInfo] = []
    for prefix in wanted:
        named = {one.run for one in services if prefix in one.models}
        matching = [
            box for box in boxes if box.labels[LABEL_RUN] in named or box.labels[LABEL_RUN].startswith(prefix)
        ]
        if not matching:
            raise UsageError(f"no run {prefix}", "jitney ps lists them")
        if len({box.labels[LABEL_RUN] for box in matching}) > 1:
            raise UsageError(f"{prefix} is the beginning of several runs", "give more of its id")
        chosen += matching
    return chosen


def _end(engine: Engine, boxes: list[ContainerInfo], grace_s: float) -> None:
    """init passes SIGTERM on; what still stands after the grace is removed by force."""
    for box in boxes:
        if box.state == "running":
            engine.kill(box.id, "SIGTERM")
    left = {box.id for box in boxes}
    deadline = time.monotonic() + grace_s
    while left and time.monotonic() < deadline:
        left &= {box.id for box in engine.containers()}
        time.sleep(0.05 if left else 0)
    for box in boxes:
        if box.id in left:
            engine.remove(box.id)
