"""What compiled models are made for: a baseline that many processors share, not the very one of this machine."""

from __future__ import annotations

import platform

LEVELS = {
    "x86-64-v3": ("avx2", "fma", "bmi2", "f16c"),
    "x86-64": (),
}
"""Levels of the architecture, the best first, and the flags that tell them."""


def baseline() -> str:
    """The best level that this processor reaches; another architecture's own plain one."""
    if platform.machine() != "x86_64":
        return "generic"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = next((line.split() for line in file if line.startswith("flags")), [])
    return next(level for level, wanted in LEVELS.items() if set(wanted) <= set(flags))


def described(level: str) -> dict[str, str]:
    """TVM's target. The triple stands in it, else it takes the processor that it runs on."""
    return {"kind": "llvm", "mtriple": "%s-linux-gnu" % platform.machine(), "mcpu": level}
