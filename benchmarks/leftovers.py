"""What is left behind: 1,000 runs, and 100 clients killed with SIGKILL at random moments."""

from __future__ import annotations

import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.measure import JITNEY, Result, at_most
from jitney.engine import connect
from jitney.engine.protocol import LABEL_RUN

RUNS, KILLS = 1000, 100
STUBBORN = (
    "import signal, time\nfor s in (1, 2, 15): signal.signal(s, signal.SIG_IGN)\nwhile True: time.sleep(1)\n"
)


def left() -> int:
    """Containers and volumes of runs that the engine still has."""
    engine = connect()
    try:
        boxes = [box for box in engine.containers() if LABEL_RUN in box.labels]
        volumes = [volume for volume in engine.volumes() if LABEL_RUN in volume.labels]
        return len(boxes) + len(volumes)
    finally:
        engine.close()


def measure() -> list[Result]:
    before = left()
    with tempfile.TemporaryDirectory() as folder:
        quiet, stubborn = Path(folder) / "quiet.py", Path(folder) / "stubborn.py"
        quiet.write_text("pass\n")
        stubborn.write_text(STUBBORN)
        for _ in range(RUNS // 4):
            many = [subprocess.Popen([JITNEY, "run", "-q", str(quiet)]) for _ in range(4)]
            assert [child.wait() for child in many] == [0] * 4
        after_runs = _settled(before)
        source = random.Random(1)
        for _ in range(KILLS):
            child = subprocess.Popen([JITNEY, "run", "-q", str(stubborn)], stdin=subprocess.DEVNULL)
            time.sleep(source.uniform(0.02, 0.6))
            child.send_signal(signal.SIGKILL)
            child.wait()
        after_kills = _settled(before)
    return [
        at_most("left after 1,000 runs", "", after_runs, 0.0, 1.0, RUNS, "containers and volumes, 2 s later"),
        at_most(
            "left after 100 × kill -9", "", after_kills, 0.0, 1.0, KILLS, "containers and volumes, 2 s later"
        ),
    ]


def _settled(before: int) -> int:
    time.sleep(2)
    return left() - before
