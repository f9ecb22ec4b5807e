"""A cached program that prints nothing: `jitney run` against `docker run --rm` of the same image; then an edited line."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from benchmarks.measure import JITNEY, Result, at_most, docker, interleaved, seconds

GO = 'package main\n\nimport "os"\n\nfunc main() { os.Exit(0) }\n'
N = 20


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        return [*_python(Path(folder)), *_go(Path(folder))]


def tag_of(source: Path) -> str:
    """The image of a source, built if need be."""
    built = subprocess.run(
        [JITNEY, "build", "--quiet", str(source)], capture_output=True, text=True, check=True
    )
    return built.stdout.strip()


def _python(folder: Path) -> list[Result]:
    script = folder / "quiet.py"
    script.write_text("pass\n")
    peer = [
        docker(),
        "run",
        "--rm",
        "-v",
        f"{script}:/src/quiet.py:ro",
        tag_of(script),
        "python3",
        "/src/quiet.py",
    ]
    ours = [JITNEY, "run", str(script)]
    first, other = interleaved(lambda: seconds(ours), lambda: seconds(peer), N)
    counter = iter(range(10_000))

    def edited() -> float:
        script.write_text(f"x = {next(counter)}\n")
        return seconds(ours)

    changed, same = interleaved(edited, lambda: seconds(ours), N)
    return [
        at_most(
            "cached Python program, prints nothing",
            "ms",
            first * 1000,
            other * 1000,
            0.6,
            N,
            "docker run --rm",
        ),
        at_most(
            "the same after one edited line", "ms", changed * 1000, same * 1000, 1.05, N, "against unedited"
        ),
    ]


def _go(folder: Path) -> list[Result]:
    program = folder / "main.go"
    program.write_text(GO)
    tag = tag_of(program)
    plan = json.loads(
        subprocess.run([JITNEY, "plan", "--json", str(program)], capture_output=True, check=True).stdout
    )
    peer = [docker(), "run", "--rm", tag, *plan["run"]["argv"]]
    ours = [JITNEY, "run", str(program)]
    first, other = interleaved(lambda: seconds(ours), lambda: seconds(peer), N)
    return [
        at_most(
            "cached Go program, prints nothing", "ms", first * 1000, other * 1000, 0.6, N, "docker run --rm"
        )
    ]
