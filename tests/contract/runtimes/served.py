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

import httpx

from jitney.bench.box import cpu_seconds
from jitney.engine import connect
from jitney.engine.protocol import LABEL, LABEL_OWNER
from tests.contract.runtimes.subject import Subject

READY_S = 1500.0
"""A first start converts the weights and builds the runtime's image."""
GONE_S = 20.0
_URL = re.compile(r"https?://127\.0\.0\.1:\d+")


@contextmanager
def served(runtime: str, model: str, *more: str) -> Iterator[Subject]:
    """Ready; gone in the end. RuntimeError: it could not be served, with what it said. more: flags."""
    argv = [sys.executable, "-m", "jitney", "serve", "--runtime", runtime, "--port", "0", *more, model]
    with tempfile.TemporaryFile("w+b") as log, subprocess.Popen(argv, stdout=log, stderr=log) as child:
        try:
            url = _ready(child, log.name)
            boxes = boxes_of(child.pid)
            yield Subject(runtime, url, model, offered(url, model), lambda: cpu_seconds(boxes))
        finally:
            child.terminate()
            child.wait(GONE_S)


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


def _ready(child: subprocess.Popen[bytes], log: object) -> str:
    """Its URL, once it answers."""
    path = Path(f"/proc/self/fd/{log}")
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        said = path.read_text("utf-8", "replace")
        if child.poll() is not None:
            raise RuntimeError(f"jitney serve ended with {child.returncode}: {_why(said)}")
        if (found := _URL.search(said)) is not None and _answers(found[0]):
            return found[0]
        time.sleep(0.05)
    raise RuntimeError(f"jitney serve was not ready within {READY_S:.0f} s: {said[-1500:]}")


def _why(said: str) -> str:
    """From the error on; all of a traceback's last line where there is none."""
    found = re.search(r"^error: .*", said, re.MULTILINE | re.DOTALL)
    return found[0][:1500] if found else said.strip().rpartition("\n")[2]


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
