"""What is started, with the code it reaches: what every later question about a program is asked of."""

from __future__ import annotations

import msgspec

from jitney.detect.node.command import Command
from jitney.detect.node.follow import Program


class Started(msgspec.Struct, frozen=True):
    """entry: the file, relative to the root, empty where a package's program is started."""

    entry: str
    command: Command
    program: Program
