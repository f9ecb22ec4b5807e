"""Loading, ready and dead are told apart, runtime by runtime; what dies comes back; nothing is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

from jitney.bench.box import cpu_seconds
from jitney.engine.protocol import Engine
from tests.contract.runtimes.conftest import MODEL
from tests.contract.runtimes.served import boxes_of, started, wait_ready
from tests.contract.runtimes.subject import COUNT, TIMEOUT_S

NOTICED_S = 5.0
"""No hang. (How fast it is, benchmarks/ measures on a machine that does nothing else.)"""


def test_loading_ready_dead_and_back(
    runtime: str, engine: Engine, assert_nothing_left: Callable[[], None]
) -> None:
    with started(runtime, MODEL) as (child, url):
        assert wait_ready(url) <= {200, 503}
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=TIMEOUT_S)
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
        assert wait_ready(url) <= {200, 503}
    assert_nothing_left()
