"""`jitney ps`: the sandboxes that run now, and what is served where."""

from __future__ import annotations

import argparse
import time

import msgspec

from jitney.cli.common import connected, settings
from jitney.engine.protocol import LABEL, LABEL_RUN, ContainerInfo
from jitney.hosting import served


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-q", "--quiet", action="store_true", help="run ids only")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    services = {record.run: record for record in served.services(config)}
    with connected(config) as engine:
        boxes = [box for box in engine.containers() if LABEL_RUN in box.labels]
    if arguments.json:
        print(msgspec.json.encode([_record(box, services) for box in boxes]).decode())
    elif arguments.quiet:
        print("\n".join(dict.fromkeys(box.labels[LABEL_RUN] for box in boxes)), end="\n" if boxes else "")
    else:
        print(f"{'RUN':<17} {'KIND':<8} {'STATE':<9} {'AGE':<7} {'NAME':<24} {'RUNTIME':<18} WHERE")
        for box in boxes:
            row = _record(box, services)
            print(
                f"{row['run']:<17} {row['kind']:<8} {row['state']:<9} {_age(box.created):<7} "
                f"{row['program']:<24} {row['runtime']:<18} {row['url']}".rstrip()
            )
    return 0


def _record(box: ContainerInfo, services: dict[str, served.Record]) -> dict[str, object]:
    run = box.labels[LABEL_RUN]
    service = services.get(run)
    is_spare = service is not None and box.id not in service.boxes
    return {
        "run": run,
        "kind": "spare" if is_spare else box.labels.get(LABEL, ""),
        "state": "parked" if is_spare else service.state if service is not None else box.state,
        "created": box.created,
        "program": box.labels.get("jitney.program", ""),
        "runtime": box.labels.get("jitney.runtime", ""),
        "url": service.url if service is not None else "",
        "container": box.id,
        "image": box.image,
    }


def _age(created: int) -> str:
    seconds = max(0, int(time.time()) - created)
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
