"""What a box takes of this machine, read from the kernel: its processes are those whose cgroup bears its id.

Nothing is asked of the engine, and any user may read it. On an engine elsewhere no process is found.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def processes(containers: Iterable[str], proc: Path = _PROC) -> list[int]:
    """Those of the containers now, by their ids in full. (cgroup v1 and v2, cgroupfs and systemd: the id stands in all.)"""
    ids = tuple(containers)
    found = []
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "cgroup").read_text()
        except OSError:  # it ended meanwhile
            continue
        if any(one in text for one in ids):
            found.append(int(entry.name))
    return sorted(found)


def peak_bytes(containers: Iterable[str], proc: Path = _PROC) -> int:
    """The most memory that its living processes ever had resident each, added up; 0: none is seen.

    Mapped weights count, whoever read them first (a cgroup's own figure leaves out what was cached before); what
    several processes share counts for each.
    """
    total = 0
    for pid in processes(containers, proc):
        try:
            peak = _PEAK.search((proc / str(pid) / "status").read_text())
        except OSError:
            continue
        total += int(peak[1]) << 10 if peak else 0
    return total


def cpu_seconds(containers: Iterable[str], proc: Path = _PROC) -> float:
    """What its living processes have computed so far, user and system."""
    ticks = 0
    for pid in processes(containers, proc):
        try:
            fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
