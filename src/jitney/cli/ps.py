"""`jitney ps`: the sandboxes that run now."""

from __future__ import annotations

import argparse
import time

import msgspec

from jitney.cli.common import connected, settings
from jitney.engine.protocol import LABEL, LABEL_RUN, ContainerInfo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-q", "--quiet", action="store_true", help="run ids only")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    with connected(settings(arguments)) as engine:
        boxes = [box for box in engine.containers() if LABEL_RUN in box.labels]
    if arguments.json:
        print(msgspec.json.encode([_record(box) for box in boxes]).decode())
    elif arguments.quiet:
        print("\n".join(dict.fromkeys(box.labels[LABEL_RUN] for box in boxes)), end="\n" if boxes else "")
    else:
        print(f"{'RUN':<17} {'KIND':<8} {'STATE':<9} {'AGE':<7} PROGRAM")
        for box in boxes:
            record = _record(box)
            print(
                f"{record['run']:<17} {record['kind']:<8} {box.state:<9} {_age(box.created):<7} {record['program']}"
            )
    return 0


def _record(box: ContainerInfo) -> dict[str, object]:
    return {
        "run": box.labels[LABEL_RUN],
        "kind": box.labels.get(LABEL, ""),
        "state": box.state,
        "created": box.created,
        "program": box.labels.get("jitney.program", ""),
        "container": box.id,
        "image": box.image,
    }


def _age(created: int) -> str:
    seconds = max(0, int(time.time()) - created)
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
