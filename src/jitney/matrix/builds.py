"""Builds of PyTorch: what one is for, and whether a driver and a GPU run it."""

from __future__ import annotations

import re
from typing import NamedTuple

from jitney.matrix.tables import gpus, torch
from jitney.matrix.versions import numbers, series

LOCAL = re.compile(r"\+(cu|rocm)([\d.]+)")
"""The local version of a build in PyTorch's own index."""


class Build(NamedTuple):
    """A release of torch as some index has it. platform: `cuda 12.8`, `rocm 7.2`, empty for the CPU alone; url: PyTorch's own
    index of that build, empty: the package index."""

    torch: str
    platform: str
    url: str = ""

    def __str__(self) -> str:
        kind, _, version = self.platform.partition(" ")
        names = {"cuda": f"CUDA {version}", "rocm": f"ROCm {version}", "": "the CPU alone"}
        return f"torch {self.torch} for {names[kind]}"

    @property
    def folder(self) -> str:
        """What PyTorch's own index calls it: `cu128`, `rocm7.2`, `cpu`."""
        kind, _, version = self.platform.partition(" ")
        return {"cuda": "cu" + version.replace(".", ""), "rocm": f"rocm{version}", "": "cpu"}[kind]


def driver_floor(cuda: str, extra: str = "") -> str:
    """The least driver for a CUDA: its own row, its major's, the newest below."""
    rows = {row.cuda: row.driver for row in gpus(extra).rows}
    own = rows.get(cuda) or rows.get(cuda.partition(".")[0])
    below = [driver for known, driver in rows.items() if numbers(known) <= numbers(cuda)]
    return own or (below[-1] if below else "")


def kernels(release: str, cuda: str, arch: str, extra: str = "") -> tuple[str, ...]:
    """Compute capabilities that a build has kernels for. Of a series newer than the table: what the newest in it has. Empty:
    not known."""
    rows = [
        row for row in torch(extra).architectures
        if row.cuda in (cuda, cuda.partition(".")[0]) and numbers(row.first) <= numbers(series(release))
    ]  # fmt: skip
    holding = [row for row in rows if numbers(row.last) >= numbers(series(release))] or rows[-1:]
    best = next((row for row in holding if row.cuda == cuda), holding[0] if holding else None)
    if best is None:
        return ()
    return best.arm64 if arch == "arm64" else best.amd64


def runs(capability: str, kernels: tuple[str, ...]) -> bool:
    """Whether one of the kernels runs on a GPU: binaries of its major capability and no newer minor, or PTX."""
    able = _pair(capability)
    for kernel in kernels:
        made = _pair(kernel)
        if made[0] == able[0] and made[1] <= able[1]:
            return True
        if kernel.endswith("+PTX") and made <= able:
            return True
    return False


def _pair(capability: str) -> tuple[int, int]:
    parts = [int(part) for part in re.findall(r"\d+", capability)[:2]]
    return (parts[0], parts[1] if len(parts) > 1 else 0) if parts else (0, 0)


def of_local(release: str, local: re.Match[str]) -> Build:
    """The build that a local version names: `+cu128` is CUDA 12.8. local: of `LOCAL`."""
    version = local[2] if local[1] == "rocm" else f"{local[2][:-1]}.{local[2][-1]}"
    return Build(release, f"{'rocm' if local[1] == 'rocm' else 'cuda'} {version}")
