"""`jitney logs NAME`: what the runtimes of a service wrote."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from jitney.cli.common import settings
from jitney.config import Config
from jitney.errors import UsageError
from jitney.hosting import served

PAUSE_S = 0.1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a served model, or a run id (jitney ps)")
    parser.add_argument("-f", "--follow", action="store_true", help="go on while it is served")
    parser.add_argument("-n", "--tail", type=int, default=0, metavar="N", help="the last N lines alone")


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    path = _find(arguments.name, config)
    with path.open("rb") as file:
        lines = file.read()
        if arguments.tail:
            lines = b"".join(lines.splitlines(keepends=True)[-arguments.tail :])
        _write(lines)
        while arguments.follow and _lives(path.stem, config):
            piece = file.read()
            if piece:
                _write(piece)
            else:
                time.sleep(PAUSE_S)
        if arguments.follow:
            _write(file.read())
    return 0


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _lives(run: str, config: Config) -> bool:
    return any(record.run == run for record in served.services(config))


def _find(name: str, config: Config) -> Path:
    """Of what is served now by that name, else of a run by the beginning of its id, its end included."""
    for record in reversed(served.services(config)):
        if name in record.models or record.run.startswith(name):
            return served.folder(config) / f"{record.run}.log"
    kept = sorted(served.folder(config).glob(f"{_plain(name)}*.log"), key=lambda path: path.stat().st_mtime)
    if kept:
        return kept[-1]
    now = [model for record in served.services(config) for model in record.models]
    raise UsageError(
        f"nothing called {name} is served, and no log of a run {name} is kept",
        f"served now: {', '.join(now) or 'nothing'}   (a program's output is its own: jitney keeps no log of it)",
    )


def _plain(name: str) -> str:
    return os.path.basename(name).translate({ord(sign): None for sign in "*?[]"}) or "-"  # noqa: PTH119  a name, no path
