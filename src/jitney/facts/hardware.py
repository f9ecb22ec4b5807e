"""GPUs, from the files that drivers publish. Pure readers of a tree; only nvidia-smi is a process, and only where the
driver is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from jitney.facts.model import Gpu

SMI = (
    "nvidia-smi",
    "--query-gpu=name,driver_version,compute_cap,memory.total",
    "--format=csv,noheader,nounits",
)
SMI_S = 20.0
MIB = 1 << 20


def gpus(root: Path = Path("/"), ask: Callable[[tuple[str, ...]], str] | None = None) -> tuple[Gpu, ...]:
    """All GPUs that a driver serves. ask: runs a command and gives its output, empty where it fails."""
    return (*nvidia(root, ask or _run), *amd(root))


def nvidia(root: Path, ask: Callable[[tuple[str, ...]], str]) -> tuple[Gpu, ...]:
    """What nvidia-smi says; without it, what the driver's files say (no memory, no compute capability)."""
    version = root / "proc/driver/nvidia/version"
    if not version.is_file():
        return ()
    if answer := ask(SMI):
        return tuple(filter(None, map(_smi_line, answer.splitlines())))
    match = re.search(r"Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)", version.read_text())
    driver = match[1] if match else ""
    cards = sorted((root / "proc/driver/nvidia/gpus").glob("*/information"))
    return tuple(Gpu(vendor="nvidia", name=_field(card, "Model"), driver=driver) for card in cards)


def memory_available(root: Path = Path("/")) -> int:
    """Bytes that programs can take now without swapping, as the kernel estimates them; 0: not told (no Linux)."""
    try:
        text = (root / "proc/meminfo").read_text()
    except OSError:
        return 0
    found = re.search(r"^MemAvailable:\s*(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) << 10 if found else 0


def load_average(root: Path = Path("/")) -> float:
    """Tasks that ran or wanted to, on average of the last minute; 0: not told."""
    try:
        return float((root / "proc/loadavg").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0.0


def _smi_line(line: str) -> Gpu | None:
    parts = [part.strip() for part in line.split(",")]
    if len(parts) != 4:
        return None
    name, driver, capability, memory = parts
    size = int(memory) * MIB if memory.isdigit() else 0
    return Gpu(vendor="nvidia", name=name, driver=driver, compute_capability=capability, memory_bytes=size)


def _field(path: Path, name: str) -> str:
    match = re.search(rf"^{name}:\s*(.+?)\s*$", path.read_text(), re.MULTILINE)
    return match[1] if match else ""


def amd(root: Path) -> tuple[Gpu, ...]:
    """KFD's topology: nodes with SIMDs are GPUs. gfx_target_version 90402 is gfx942 (amdgpu's own decimal packing)."""
    found = []
    for node in sorted((root / "sys/class/kfd/kfd/topology/nodes").glob("*/properties")):
        values = dict(line.split(None, 1) for line in node.read_text().splitlines() if " " in line)
        if int(values.get("simd_count", "0")) == 0:
            continue
        found.append(
            Gpu(
                vendor="amd",
                name=_line(node.parent / "name"),
                driver=_line(root / "sys/module/amdgpu/version"),
                compute_capability=gfx(int(values.get("gfx_target_version", "0"))),
                memory_bytes=_banks(node.parent),
            )
        )
    return tuple(found)


def gfx(version: int) -> str:
    major, minor, stepping = version // 10000, version // 100 % 100, version % 100
    return f"gfx{major}{minor:x}{stepping:x}" if version else ""


def _banks(node: Path) -> int:
    """Local memory: heap types 1 (public) and 2 (private) of the kernel's kfd_topology."""
    total = 0
    for bank in node.glob("mem_banks/*/properties"):
        values = dict(line.split(None, 1) for line in bank.read_text().splitlines() if " " in line)
        if values.get("heap_type") in ("1", "2"):
            total += int(values.get("size_in_bytes", "0"))
    return total


def _line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _run(argv: tuple[str, ...]) -> str:
    import subprocess

    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=SMI_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
