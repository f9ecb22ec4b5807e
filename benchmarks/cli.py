"""Start-up of the command line, and what a cached run imports."""

from __future__ import annotations

import statistics
import subprocess
import sys

from benchmarks.measure import JITNEY, Result, at_most, seconds

UNWANTED = (
    "httpx",
    "rich",
    "asyncio",
    "subprocess",
    "tomllib",
    "tarfile",
    "ssl",
    "tree_sitter",
    "dataclasses",
    "inspect",
)


def measure() -> list[Result]:
    times = [seconds([JITNEY, "--version"]) for _ in range(20)]
    code = "import sys, jitney.cli, jitney.cli.run; print(*[m for m in sys.argv[1:] if m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code, *UNWANTED], capture_output=True, text=True, check=True
    ).stdout.split()
    return [
        at_most(
            "jitney --version", "ms", statistics.median(times) * 1000, 80, 1.0, 20, "peer: the goal, 80 ms"
        ),
        at_most(
            "modules that `run` imports and does not use", "", len(loaded), 0.0, 1.0, 1, " ".join(loaded)
        ),
    ]
