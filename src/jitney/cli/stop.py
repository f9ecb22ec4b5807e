"""`jitney stop RUN…`: end sandboxes: SIGTERM to the program, then gone."""

from __future__ import annotations

import argparse
import time

from jitney.cli.common import connected, settings
from jitney.cli.parser import duration
from jitney.engine.protocol import LABEL_RUN, ContainerInfo, Engine
from jitney.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", metavar="RUN", nargs="*", help="a run id, or its beginning")
    parser.add_argument("--all", action="store_true", help="every sandbox of Jitney's")
    parser.add_argument(
        "--grace", type=duration, default=3.0, metavar="TIME", help="between SIGTERM and the end (3s)"
    )


def run(arguments: argparse.Namespace) -> int:
    if not arguments.runs and not arguments.all:
        raise UsageError("which run?", "jitney ps lists them; jitney stop --all ends them all")
    with connected(settings(arguments)) as engine:
        boxes = [box for box in engine.containers() if LABEL_RUN in box.labels]
        chosen = boxes if arguments.all else _choose(boxes, arguments.runs)
        _end(engine, chosen, arguments.grace)
    print("\n".join(dict.fromkeys(box.labels[LABEL_RUN] for box in chosen)), end="\n" if chosen else "")
    return 0


def _choose(boxes: list[ContainerInfo], wanted: list[str]) -> list[ContainerInfo]:
    chosen: list[ContainerInfo] = []
    for prefix in wanted:
        matching = [box for box in boxes if box.labels[LABEL_RUN].startswith(prefix)]
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
