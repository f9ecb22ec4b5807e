"""A service as a user starts it: `jitney serve` as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionChunk

from tests.conftest import JITNEY


class Service:
    """url: below which the OpenAI API lies. It is ready when this exists."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self._clients: list[OpenAI] = []
        self.process = subprocess.Popen(
            [JITNEY, "serve", "--port", "0", "--threads", "1", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().decode().strip()
        if not self.url:
            raise AssertionError(f"it did not start: {self.process.communicate()[1].decode()}")

    def client(self, key: str = "any") -> OpenAI:
        self._clients.append(OpenAI(base_url=self.url, api_key=key, max_retries=0, timeout=120))
        return self._clients[-1]

    def ask(self, text: str, *, model: str = "smollm2", tokens: int = 16) -> str:
        """One whole answer, the likeliest words."""
        done = self.client().chat.completions.create(
            model=model, messages=[{"role": "user", "content": text}], max_tokens=tokens, temperature=0
        )
        return done.choices[0].message.content or ""

    def stream(self, text: str, *, tokens: int) -> Iterator[ChatCompletionChunk]:
        """The pieces of an answer."""
        yield from self.client().chat.completions.create(
            model="smollm2",
            messages=[{"role": "user", "content": text}],
            max_tokens=tokens,
            temperature=0,
            stream=True,
        )

    def end(self, number: int = signal.SIGINT, timeout_s: float = 20) -> tuple[int, str]:
        """Exit code, and what it said."""
        for client in self._clients:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            said = self.process.communicate(timeout=timeout_s)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, said.decode()


@pytest.fixture
def serve(assert_nothing_left: Callable[[], None]) -> Iterator[Callable[..., Service]]:
    started: list[Service] = []

    def start(*arguments: str | Path, env: dict[str, str] | None = None) -> Service:
        started.append(Service(*map(str, arguments), env=env))
        return started[-1]

    yield start
    for service in started:
        service.end()
    assert_nothing_left()


def wait_for(what: Callable[[], bool], timeout_s: float = 20.0) -> None:
    end = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)
