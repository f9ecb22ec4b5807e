"""`jitney detect SOURCE`: what Jitney sees in a source."""

from __future__ import annotations

import argparse
import sys

import msgspec

from jitney import road
from jitney.cli.common import open_argument, settings
from jitney.cli.parser import add_detection_options, add_output_options, add_source
from jitney.cli.shown import everything, plain, sentence, show
from jitney.detect import detect
from jitney.detect.model import Detection
from jitney.errors import DetectionError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_detection_options(parser)
    parser.add_argument("--all", action="store_true", help="every piece of evidence on a line of its own")
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    with open_argument(arguments, config) as source:
        try:
            detection = detect(source, road.wishes(config))
        except DetectionError as error:
            if isinstance(error.seen, Detection):
                _print(error.seen, source.label, arguments)
            raise
    _print(detection, source.label, arguments)
    return 0


def _print(detection: Detection, label: str, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(_record(detection, label))).decode())
        return
    print(show(detection, label, whole=arguments.all))
    for finding in detection.findings:
        print(f"{finding.level}: {plain(finding.message)}", file=sys.stderr)


def _record(detection: Detection, label: str) -> dict[str, object]:
    """Every field, empty ones too: readers of the JSON need no defaults. summary, decisions: what the screen shows."""
    record = {name: getattr(detection, name) for name in detection.__struct_fields__}
    return {
        **record,
        "framework": detection.framework,
        "summary": sentence(detection, label),
        "decisions": everything(detection),
    }
