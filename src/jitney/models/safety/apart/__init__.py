"""Code that reads what a stranger wrote, in a process of its own: it may hang, crash or ask for all memory.

Each script here is run by its path with JSON on standard input and answers with JSON. It bounds itself before it imports
anything that is not Python's own; whoever waits ends it when the time is over.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TypeVar

import msgspec

from jitney.errors import ModelError

Answer = TypeVar("Answer")


class DiedError(Exception):
    """It gave no answer: how it ended, as half a sentence."""


def ask(script: str, question: object, answer: type[Answer], wait_s: float) -> Answer:
    """What the script answers. Raises DiedError: time, memory, a crash, or an answer of another shape."""
    import subprocess

    path = Path(__file__).parent / script
    try:
        done = subprocess.run(
            [sys.executable, "-I", path],
            input=msgspec.json.encode(question),
            capture_output=True,
            timeout=wait_s,
            check=False,
            env={"LC_ALL": "C.UTF-8"},
            cwd="/",
        )
    except subprocess.TimeoutExpired as error:
        raise DiedError(f"it took more than {wait_s:.0f} seconds") from error
    except OSError as error:
        raise ModelError(f"{sys.executable}: {error.strerror}: a model could not be checked") from error
    if done.returncode:
        raise DiedError(_ending(done.returncode, done.stderr))
    try:
        return msgspec.json.decode(done.stdout, type=answer)
    except msgspec.DecodeError as error:
        raise DiedError("it answered something else than was asked") from error


def _ending(code: int, stderr: bytes) -> str:
    from signal import SIGKILL, SIGXCPU

    if code in (-SIGXCPU, -SIGKILL):
        return "it took more time than it may"
    last = stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    if "MemoryError" in last:
        return "it took more memory than it may"
    return last[:300] or f"it ended with {code}"
