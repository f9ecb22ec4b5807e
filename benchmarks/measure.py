"""Interleaved timing, the machine's description, and the table that is printed and kept."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
JITNEY = str(Path(sys.executable).with_name("jitney"))


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One row: ours against the peer. ratio is ours / peer; `goal` says what it should be; unit of ours and peer."""

    name: str
    unit: str
    ours: float
    peer: float
    goal: str
    met: bool
    n: int
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """None where the peer is zero: such a row is met by being zero too."""
        return self.ours / self.peer if self.peer else None


def seconds(command: Sequence[str], *, stdin: bytes = b"", check: bool = True) -> float:
    """Wall time of a whole process; its output is read and thrown away."""
    begin = time.perf_counter()
    done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    taken = time.perf_counter() - begin
    if check and done.returncode != 0:
        raise RuntimeError(
            f"{command}: exit {done.returncode}\n{done.stderr.decode(errors='replace')[-2000:]}"
        )
    return taken


def interleaved(a: Callable[[], float], b: Callable[[], float], n: int, warm: int = 2) -> tuple[float, float]:
    """Medians of A and B taken in turn, so that the machine's drift hits both."""
    for _ in range(warm):
        a(), b()
    pairs = [(a(), b()) for _ in range(n)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def at_most(name: str, unit: str, ours: float, peer: float, limit: float, n: int, note: str = "") -> Result:
    """A row whose ratio must not be over `limit`."""
    return Result(
        name=name,
        unit=unit,
        ours=ours,
        peer=peer,
        goal=f"≤ {limit:g} ×",
        met=ours <= limit * peer,
        n=n,
        note=note,
    )


def at_least(name: str, unit: str, ours: float, peer: float, limit: float, n: int, note: str = "") -> Result:
    """A row whose ratio must not be under `limit`."""
    return Result(
        name=name,
        unit=unit,
        ours=ours,
        peer=peer,
        goal=f"≥ {limit:g} ×",
        met=ours >= limit * peer,
        n=n,
        note=note,
    )


def docker() -> str:
    """A docker client that can build with BuildKit here, as Jitney itself finds it."""
    from jitney.engine.builder import find_client

    client = find_client()
    assert client is not None, "no docker client with BuildKit: make setup"
    return client


def machine() -> dict[str, object]:
    """What a reader needs to judge the figures."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "",
    )
    version = subprocess.run(
        [docker(), "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=False
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "engine": version.stdout.strip(),
        "load": os.getloadavg()[0],
        "bytecode": has_bytecode(),
    }


def has_bytecode() -> bool:
    """Jitney's modules lie compiled on disk, as after `make setup` or a second run; without, each start takes 0.1 s longer."""
    import jitney.execute

    cached = jitney.execute.__cached__
    return cached is not None and Path(cached).exists()


def table(results: Sequence[Result]) -> str:
    """GitHub's table of the results."""
    lines = [
        "| what | ours | peer | ratio | goal | n | note |",
        "| --- | --: | --: | --: | --- | --: | --- |",
    ]
    for row in results:
        mark = "" if row.met else " **missed**"
        lines.append(
            f"| {row.name} | {row.ours:.4g} {row.unit} | {row.peer:.4g} {row.unit} | {'–' if row.ratio is None else f'{row.ratio:.3f}'} | {row.goal}{mark} | {row.n} | {row.note} |"
        )
    return "\n".join(lines)


def keep(results: Sequence[Result], name: str) -> Path:
    """Write the results with the machine's description."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y-%m-%d')}-{name}.json"
    rows = [{**msgspec.to_builtins(row), "ratio": row.ratio and round(row.ratio, 4)} for row in results]
    path.write_text(json.dumps({"machine": machine(), "results": rows}, indent=1) + "\n", encoding="utf-8")
    return path
