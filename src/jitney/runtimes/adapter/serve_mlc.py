# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "mlc-llm", "fastapi>=0.115", "prompt_toolkit>=3", "psutil>=6", "requests>=2.32", "shortuuid>=1", "tqdm>=4.66",
#     "uvicorn>=0.30",
# ]
# ///
"""MLC-LLM's own server, for a folder that to_mlc.py made: nothing of the adapter is used.

The library is code: it is served if it is the one that was checked when it was made, and made for this processor.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import sys
from pathlib import Path

import mlc_commands as mlc


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--model", required=True)
    for name in ("port", "context", "threads", "slots"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options, more = parser.parse_known_args()
    folder = Path(options.model).parent
    if not (folder / mlc.ABOUT).exists():
        sys.exit(
            f"cannot load the model: it has no library ({mlc.ABOUT}): hand over the weights that it was made from"
        )
    about = json.loads((folder / mlc.ABOUT).read_text(encoding="utf-8"))
    reason = unfit(folder, about)
    if reason:
        sys.exit(f"cannot load the model: {reason}")
    home = mlc.environment("/tmp/home", options.threads)  # noqa: S108  inside the box
    Path(home["MLC_LLM_HOME"]).mkdir(parents=True, exist_ok=True)
    os.environ.update(home)
    words = mlc.serve(str(folder), about["device"], options.port, options.context, options.slots)
    os.execv(words[0], [*words, *more])  # noqa: S606  this process becomes the server


def unfit(folder: Path, about: dict[str, object]) -> str:
    """Why it is not served here; empty: it is."""
    if hashlib.sha256((folder / mlc.LIBRARY).read_bytes()).hexdigest() != about.get("library"):
        return f"{mlc.LIBRARY} is not the library that {mlc.ABOUT} describes"
    made, here = about.get("toolchain"), mlc.toolchain()
    if made != here:
        return f"it was compiled with {_told(made)}, and here is {_told(here)}: convert the weights again"
    if about.get("machine") != platform.machine():
        return f"it was compiled for {about.get('machine')}, and this is {platform.machine()}"
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    there = set(next((line.split() for line in lines if line.startswith("flags")), ()))
    wanted = about.get("flags")
    missing = set(wanted if isinstance(wanted, list) else ()) - there
    return f"it was compiled for processors with {', '.join(sorted(missing))}" if missing else ""


def _told(tools: object) -> str:
    return (
        ", ".join(f"{name} {version}" for name, version in tools.items())
        if isinstance(tools, dict)
        else "nothing known"
    )


if __name__ == "__main__":
    main()
