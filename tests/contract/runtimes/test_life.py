"""Loading, ready and dead are told apart, runtime by runtime; what dies comes back; nothing is left."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx
import openai
import pytest

from jitney.bench.box import cpu_seconds
from jitney.engine.protocol import Engine
from tests.contract.runtimes.conftest import MODEL
from tests.contract.runtimes.served import READY_S, boxes_of
from tests.contract.runtimes.subject import COUNT

NOTICED_S = 5.0
"""No hang. (How fast it is, benchmarks/ measures on a machine that does nothing else.)"""


@contextmanager
def serving(runtime: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """As soon as it says where: it may still load."""
    argv = [sys.executable, "-m", "jitney", "serve", "--runtime", runtime, "--port", "0", MODEL]
    with tempfile.TemporaryFile("w+b") as log, subprocess.Popen(argv, stdout=log, stderr=log) as child:
        try:
            yield child, _url(child, log)
        finally:
            child.terminate()
            child.wait(20)


def _url(child: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    path = Path(f"/proc/self/fd/{log.fileno()}")
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and child.poll() is None:
        if found := re.search(r"https?://127\.0\.0\.1:\d+", path.read_text("utf-8", "replace")):
            return found[0]
        time.sleep(0.02)
    raise AssertionError(path.read_text("utf-8", "replace")[-1500:])


def _until_ready(url: str, seen: list[int], seconds: float = READY_S) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        seen.append(httpx.get(f"{url}/ready", timeout=10).status_code)
        if seen[-1] == 200:
            return
        time.sleep(0.02)
    raise AssertionError(f"not ready within {seconds} s: {sorted(set(seen))}")


def test_loading_ready_dead_and_back(
    runtime: str, engine: Engine, assert_nothing_left: Callable[[], None]
) -> None:
    with serving(runtime) as (child, url):
        seen: list[int] = []
        _until_ready(url, seen)
        assert set(seen) <= {200, 503}
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=300)
        stream: Any = client.completions.create(model=MODEL, prompt=COUNT, max_tokens=1000, stream=True)
        next(stream)
        killed: list[float] = []

        def kill() -> None:
            box = max(boxes_of(child.pid), key=lambda one: cpu_seconds((one,)))  # the other is a spare
            killed.append(time.monotonic())
            engine.kill(box, "SIGKILL")

        threading.Thread(target=kill).start()
        with pytest.raises((openai.APIError, httpx.HTTPError)):
            for _ in stream:
                pass
        assert time.monotonic() - killed[0] < NOTICED_S, "a cut stream is told"
        again = client.completions.create(model=MODEL, prompt=COUNT, max_tokens=2)
        assert again.usage is not None
        assert again.usage.completion_tokens == 2, "a request that comes meanwhile waits and is answered"
        _until_ready(url, seen)
    assert_nothing_left()
