"""Start-up of the command line, and what a cached run imports."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

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
    loaded = sorted(imported_by_a_cached_run() & set(UNWANTED))
    return [
        at_most(
            "jitney --version", "ms", statistics.median(times) * 1000, 80, 1.0, 20, "peer: the goal, 80 ms"
        ),
        at_most(
            "modules that `run` imports and does not use", "", len(loaded), 0.0, 1.0, 1, " ".join(loaded)
        ),
    ]


def imported_by_a_cached_run() -> set[str]:
    """As the interpreter itself reports it, for the second run of a program that prints nothing."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "quiet.py"
        script.write_text("pass\n")
        command = [sys.executable, "-X", "importtime", "-m", "jitney", "run", str(script)]
        reports = [subprocess.run(command, capture_output=True, text=True, check=True).stderr for _ in "12"]
    return {line.rpartition("|")[2].strip() for line in reports[1].splitlines() if "import time:" in line}
