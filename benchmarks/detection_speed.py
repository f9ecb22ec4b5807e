"""How long detection takes: a script, and folders of 5,000 files. Goals: 50 ms, 300 ms (issue 5, item 9).

    python -m benchmarks.detection_speed [ROUNDS]

Two figures a row: `warm` is detection alone, in a process that has detected once (median); `cold` is a whole `jitney detect`
with the interpreter's start and all imports (median), for comparison with `python3 -c pass`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.source import open_source

SCRIPT = "import os\nfrom openai import OpenAI\nclient = OpenAI()\nclient.chat.completions.create(model='gpt-4o')\n"
MODULE = "import os\n\n\ndef work(value: int) -> int:\n    return value * {n}\n"
FILES = 5_000


def lay_out(root: Path) -> dict[str, tuple[Path, float]]:
    """Name → what is handed over, and the goal in seconds."""
    (root / "script").mkdir()
    (root / "script" / "chat.py").write_text(SCRIPT)
    python = root / "python"
    for n in range(FILES - 2):
        folder = python / f"part{n % 50}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"module{n}.py").write_text(MODULE.format(n=n))
    (python / "main.py").write_text(SCRIPT)
    (python / "requirements.txt").write_text("openai\n")
    node = root / "node"
    for n in range(FILES - 2):
        folder = node / "src" / f"part{n % 50}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"module{n}.js").write_text(f"export const x = {n};\n")
    (node / "index.js").write_text("import OpenAI from 'openai';\nnew OpenAI();\n")
    (node / "package.json").write_text('{"name": "x", "type": "module", "dependencies": {"openai": "^5"}}')
    plain = root / "plain"
    for n in range(FILES):
        folder = plain / f"data{n % 50}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"text{n}.txt").write_text("words\n")
    (plain / "main.rb").write_text("require 'net/http'\nputs 1\n")
    return {
        "a script": (root / "script" / "chat.py", 0.05),
        "Python, 5,000 files": (python, 0.3),
        "JavaScript, 5,000 files": (node, 0.3),
        "Ruby among 5,000 texts": (plain, 0.3),
    }


def warm(path: Path, rounds: int) -> float:
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        with open_source(str(path)) as source:
            detect(source, Wishes())
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def cold(argv: list[str], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main(rounds: int) -> int:
    jitney = str(Path(sys.executable).with_name("jitney"))
    missed = 0
    with tempfile.TemporaryDirectory(prefix="jitney-speed-") as folder:
        bare = cold([sys.executable, "-c", "pass"], rounds)
        print(f"{'':<26}{'warm':>9}{'goal':>9}{'cold':>9}   (python3 -c pass: {bare * 1000:.0f} ms)")
        for name, (path, goal) in lay_out(Path(folder)).items():
            took, whole = warm(path, rounds), cold([jitney, "detect", str(path)], rounds)
            missed += took > goal
            print(f"{name:<26}{took * 1000:>6.0f} ms{goal * 1000:>6.0f} ms{whole * 1000:>6.0f} ms")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 5))
