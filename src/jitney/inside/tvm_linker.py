"""What TVM's objects become: one shared library, by the linker alone. No compiler is needed for that, and no start-up files:
there is nothing to start, and the one library that compiled loops call is named by its path."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys


def link(library: str, objects: list[str], **_: object) -> None:
    """TVM's `fcompile`. Ends with the linker's own words where it fails."""
    linker = shutil.which("ld") or shutil.which("ld.lld")
    if linker is None:
        sys.exit("there is no linker (ld): Debian's package binutils has it")
    words = [linker, "-shared", "--build-id=none", "-o", library, *objects, _mathematics()]
    made = subprocess.run(words, capture_output=True, text=True, check=False)
    if made.returncode:
        sys.exit("linking failed: %s" % made.stderr.strip())


def _mathematics() -> str:
    """The path of the C library's mathematics (expf and its like), loaded here."""
    ctypes.CDLL("libm.so.6")
    with open("/proc/self/maps", encoding="utf-8") as file:
        return next(line.split()[-1] for line in file if "/libm.so.6" in line or "/libm-2." in line)
