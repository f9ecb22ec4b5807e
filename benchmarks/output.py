"""1 GB of output through `jitney run` against `docker run`; the client's memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.measure import JITNEY, Result, at_least, at_most, docker
from benchmarks.start import tag_of

FLOOD = """import os, sys
block, left = bytes(range(256)) * 4096, int(sys.argv[1])
while left:
    left -= os.write(1, block[:left])
"""
SIZE = 1_000_000_000


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "flood.py"
        script.write_text(FLOOD)
        mount = f"{script}:/src/flood.py:ro"
        peer = [
            docker(),
            "run",
            "--rm",
            "-v",
            mount,
            "--log-driver",
            "none",
            tag_of(script),
            "python3",
            "/src/flood.py",
        ]
        runs = [(flood([JITNEY, "run", str(script)]), flood(peer)) for _ in range(3)]
    ours = sorted(run[0][0] for run in runs)[1]
    theirs = sorted(run[1][0] for run in runs)[1]
    memory = max(run[0][1] for run in runs) / 1024
    return [
        at_least(
            "1 GB of output",
            "MB/s",
            SIZE / ours / 1e6,
            SIZE / theirs / 1e6,
            0.8,
            3,
            "docker run, no log driver",
        ),
        at_most("client memory meanwhile", "MiB", memory, 64, 1.0, 3, "peer: flat means under 64 MiB"),
    ]


def flood(command: list[str]) -> tuple[float, int]:
    """Seconds, and the client's peak memory in KiB; every byte is counted."""
    begin = time.perf_counter()
    with subprocess.Popen([*command, str(SIZE)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        count = 0
        while block := os.read(child.stdout.fileno(), 1 << 20):
            count += len(block)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    assert count == SIZE, f"{count} bytes of {SIZE}"
    return time.perf_counter() - begin, usage.ru_maxrss
