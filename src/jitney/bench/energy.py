"""The machine's energy, as its processors count it (RAPL; Intel's and AMD's, by the kernel's powercap files)."""

from __future__ import annotations

from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
MICRO = 1e-6


class Meter:
    """Joules between two looks, of all processors and whatever else they do. `reason`: why there is nothing to read."""

    def __init__(self, root: Path = POWERCAP) -> None:
        self._zones = sorted(zone for zone in root.glob("*-rapl:*") if zone.name.count(":") == 1)
        self.reason = self._check()

    def _check(self) -> str:
        if not self._zones:
            return "this machine shows no energy counters (virtual machines seldom do)"
        try:
            self.read()
        except PermissionError:
            return f"{self._zones[0] / 'energy_uj'} can be read by root alone"
        except (OSError, ValueError) as error:
            return f"the energy counters cannot be read: {error}"
        return ""

    def read(self) -> dict[Path, int]:
        """Counters as they are; empty where there are none."""
        return {zone: int((zone / "energy_uj").read_text()) for zone in self._zones}

    def joules(self, before: dict[Path, int]) -> float | None:
        """Since `before`; a counter that has begun anew meanwhile has done so once. None: nothing to read."""
        if self.reason:
            return None
        total = 0
        for zone, now in self.read().items():
            used = now - before[zone]
            total += used if used >= 0 else used + int((zone / "max_energy_range_uj").read_text())
        return total * MICRO

    def begin(self) -> dict[Path, int]:
        return {} if self.reason else self.read()
