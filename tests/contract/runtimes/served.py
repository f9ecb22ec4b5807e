"""A model behind `jitney serve`, as a user starts it."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from jitney.bench.box import cpu_seconds
from jitney.engine import connect
from jitney.engine.protocol import LABEL, LABEL_OWNER
from tests.contract.runtimes.subject import Subject

READY_S = 1500.0
"""A first start converts the weights and builds the runtime's image."""
GONE_S = 20.0
POLL_S = 0.02
_URL = re.compile(r"https?://127\.0\.0\.1:\d+")


@contextmanager
def started(runtime: str, model: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process and its URL, as soon as it says it: it may still load. RuntimeError: it ended before, with what it said."""
    argv = [sys.executable, "-m", "jitney", "serve", "--runtime", runtime, "--port", "0", model]
    with tempfile.TemporaryFile("w+b") as log, subprocess.Popen(argv, stdout=log, stderr=log) as child:
        try:
            yield child, _url(child, log)
        finally:
            child.terminate()
            child.wait(GONE_S)


@contextmanager
def served(runtime: str, model: str) -> Iterator[Subject]:
    """Ready; gone in the end. RuntimeError: it could not be served."""
    with started(runtime, model) as (child, url):
        wait_ready(url)
        boxes = boxes_of(child.pid)
        yield Subject(runtime, url, model, offered(url, model), lambda: cpu_seconds(boxes))


def wait_ready(url: str) -> set[int]:
    """Every status that it gave on the way, the last being 200. RuntimeError: it never was."""
    seen = set()
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        seen.add(status := httpx.get(f"{url}/ready", timeout=30).status_code)
        if status == 200:
            return seen
        time.sleep(POLL_S)
    raise RuntimeError(f"{url} was not ready within {READY_S:.0f} s: {sorted(seen)}")


def offered(url: str, model: str) -> list[str]:
    """The features that the served model has, as its listing says."""
    listed = httpx.get(f"{url}/v1/models", timeout=30).json()["data"]
    features: list[str] = next(one["features"] for one in listed if one["id"] == model)
    return features


def boxes_of(pid: int) -> tuple[str, ...]:
    """Ids of the boxes of models that a client has."""
    engine = connect()
    try:
        found = engine.containers({LABEL: "model"})
        return tuple(box.id for box in found if box.labels.get(LABEL_OWNER, "").split(":")[1:2] == [str(pid)])
    finally:
        engine.close()


def _url(child: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    path = Path(f"/proc/self/fd/{log.fileno()}")
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        ended = child.poll()
        said = path.read_text("utf-8", "replace")
        if ended is not None:
            raise RuntimeError(f"jitney serve ended with {ended}: {_why(said)}")
        if found := _URL.search(said):
            return found[0]
        time.sleep(POLL_S)
    raise RuntimeError(f"jitney serve said no address within {READY_S:.0f} s: {said[-1500:]}")


def _why(said: str) -> str:
    """From the error on; a traceback's last line where there is none."""
    found = re.search(r"^error: .*", said, re.MULTILINE | re.DOTALL)
    return found[0][:1500] if found else said.strip().rpartition("\n")[2]
