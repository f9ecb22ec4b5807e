"""`jitney detect SOURCE`: what Jitney sees in a source."""

from __future__ import annotations

import argparse
import sys

import msgspec

from jitney import road
from jitney.cli.common import open_argument, settings
from jitney.cli.parser import add_detection_options, add_output_options, add_source
from jitney.detect import detect
from jitney.detect.model import Detection
from jitney.errors import DetectionError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    add_detection_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    with open_argument(arguments, config) as source:
        try:
            detection = detect(source, road.wishes(config))
        except DetectionError as error:
            if isinstance(error.seen, Detection):
                _print(error.seen, as_json=arguments.json)
            raise
    _print(detection, as_json=arguments.json)
    return 0


def _print(detection: Detection, *, as_json: bool) -> None:
    text = (
        msgspec.json.format(msgspec.json.encode(_record(detection))).decode()
        if as_json
        else describe(detection)
    )
    print(text)


def _record(detection: Detection) -> dict[str, object]:
    """Every field, empty ones too: readers of the JSON need no defaults."""
    record = {name: getattr(detection, name) for name in detection.__struct_fields__}
    return {**record, "framework": detection.framework}


def describe(detection: Detection) -> str:
    """The Detection for a person: one fact a line, what was not found left out."""
    rows = {
        "language": f"{detection.language} {detection.version}".strip(),
        "framework": ", ".join(detection.frameworks),
        "mode": ", ".join(detection.modes or (detection.mode,)),
        "entry": detection.entry,
        "start": " ".join(detection.start),
        "packages": f"{len(detection.packages)} from {detection.manager}" if detection.packages else "",
        "": "",
        "models": ", ".join(dict.fromkeys(use.name for use in detection.models)),
        "reads": " ".join(detection.env),
        "secrets": " ".join(detection.secrets),
        "unknown": ", ".join(
            f"{unknown.name} ({unknown.file}:{unknown.line})" for unknown in detection.unknown
        ),
    }
    lines = [f"{name:<10} {value}" for name, value in rows.items() if value]
    lines += [f"  {package.name}{package.spec:<24} {package.why.place}" for package in detection.packages]
    for finding in detection.findings:
        print(f"{finding.level}: {finding.message}", file=sys.stderr)
    return "\n".join(lines)
