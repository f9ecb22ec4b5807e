"""What several commands share: settings from flags, the source, an engine that is closed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jitney import engine as engines
from jitney.cli.parser import given
from jitney.config import Config, load
from jitney.engine.protocol import Engine
from jitney.source import Source, open_source


def settings(arguments: argparse.Namespace) -> Config:
    """All layers of configuration; the project is the folder of the source, or the current one."""
    project = _project(getattr(arguments, "source", None))
    flags = given(arguments)
    lock = (project or Path()) / "jitney.lock"
    if lock.is_file():
        flags.setdefault("lock_file", str(lock.absolute()))
    return load(project, flags)


def _project(source: str | None) -> Path | None:
    if source is None or source == "-" or source.startswith("git+"):
        return None
    path = Path(source)
    return path if path.is_dir() else path.parent


@contextmanager
def open_argument(arguments: argparse.Namespace, config: Config) -> Iterator[Source]:
    """The SOURCE of a command, closed (a clone removed) in the end."""
    source = open_source(arguments.source, stdin=sys.stdin.buffer, language=config.language)
    try:
        yield source
    finally:
        source.close()


@contextmanager
def connected(config: Config) -> Iterator[Engine]:
    """The engine of this configuration."""
    engine = engines.connect(config.engine_host)
    try:
        yield engine
    finally:
        engine.close()
