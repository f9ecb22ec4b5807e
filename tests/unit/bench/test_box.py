"""A box's processes by their cgroup: v1 and v2, as the kernel writes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jitney.bench.box import cpu_seconds, peak_bytes, processes

ID = "0123456789abcdef" * 4


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    def process(pid: int, cgroup: str, peak: int, ticks: tuple[int, int]) -> None:
        folder = tmp_path / str(pid)
        folder.mkdir()
        (folder / "cgroup").write_text(cgroup)
        (folder / "status").write_text(
            f"Name:\tx\nVmPeak:\t  999999 kB\nVmHWM:\t  {peak} kB\nVmRSS:\t 1 kB\n"
        )
        (folder / "stat").write_text(
            f"{pid} (a) b (c) S 1 1 1 0 -1 4194560 1 1 0 0 {ticks[0]} {ticks[1]} 0 0 20 0 1\n"
        )

    process(10, f"12:memory:/docker/{ID}\n0::/\n", 1000, (100, 50))
    process(11, f"0::/system.slice/docker-{ID}.scope\n", 24, (10, 0))
    process(12, "0::/user.slice\n", 5000, (1000, 0))
    (tmp_path / "13").mkdir()  # ended while it was looked at
    (tmp_path / "self").mkdir()
    return tmp_path


def test_processes_of_a_box(proc: Path) -> None:
    assert processes((ID,), proc) == [10, 11]
    assert processes(("f" * 64,), proc) == []


def test_peaks_add_up(proc: Path) -> None:
    assert peak_bytes((ID,), proc) == 1024 << 10


def test_time_adds_up(proc: Path) -> None:
    assert cpu_seconds((ID,), proc) == pytest.approx(160 / os.sysconf("SC_CLK_TCK"))
