"""The gateway as a process of its own: how it starts, what it says, how it ends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jitney.serve.settings import About, Served, Settings, write_settings

HI = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
PIECE = b'data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n'
LAST = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


class Slow:
    """A runtime that says one word, and the rest when it is let."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.may_end = threading.Event()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self.path)
        self._listening.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.recv(1 << 16)
            connection.sendall(HEAD + PIECE)
            self.may_end.wait(20)
            try:
                connection.sendall(LAST)
            except OSError:
                return

    def close(self) -> None:
        self.may_end.set()
        self._listening.close()


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Slow]:
    made = Slow(tmp_path / "runtime.sock")
    yield made
    made.close()


def settings(runtime: str, **more: object) -> Settings:
    served = Served(upstream=runtime, about=About(name="m", features=("chat", "completions")))
    return Settings(**{"models": (served,), "port": 0, **more})  # type: ignore[arg-type]


@contextmanager
def started(chosen: Settings, fds: tuple[int, ...] = ()) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The process, and its port once it listens; 0: it ended instead."""
    argv = [sys.executable, "-m", "jitney.serve", write_settings(chosen)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(argv, pass_fds=fds, **pipes) as child:  # type: ignore[call-overload]
        try:
            assert child.stdout is not None
            line = child.stdout.readline().decode()
            word, _, place = line.strip().partition(": ")
            assert not line or (word, place.rpartition(":")[0]) == ("listening", "127.0.0.1")
            yield child, int(place.rpartition(":")[2] or 0)
        finally:
            child.kill()


Ask = Callable[[int], http.client.HTTPResponse]


@pytest.fixture
def asked() -> Iterator[Ask]:
    """Asks a port for a stream; all that was opened is closed at the end."""
    opened: list[http.client.HTTPConnection | http.client.HTTPResponse] = []

    def ask(port: int) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/v1/chat/completions", HI, {"Content-Type": "application/json"})
        response = connection.getresponse()
        opened.extend((connection, response))
        return response

    yield ask
    for one in opened:
        one.close()


def test_what_runs_may_end_and_nothing_new_begins(asked: Ask, runtime: Slow) -> None:
    with started(settings(runtime.path)) as (child, port):
        running = asked(port)
        assert b"data" in running.readline()
        child.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        late = asked(port)
        assert (late.status, late.headers["Retry-After"], late.headers["Connection"]) == (503, "2", "close")
        assert child.poll() is None
        runtime.may_end.set()
        assert running.read().endswith(b"data: [DONE]\n\n")
        assert child.wait(5) == 0


def test_what_does_not_end_in_its_time_is_broken_off(asked: Ask, runtime: Slow) -> None:
    with started(settings(runtime.path, drain_s=0.3)) as (child, port):
        running = asked(port)
        running.readline()
        child.send_signal(signal.SIGINT)
        assert child.wait(5) == 0
        assert b"this server was stopped" in running.read(), "a clean end would be taken for one"


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_told_twice_it_ends_now(asked: Ask, runtime: Slow, name: signal.Signals) -> None:
    with started(settings(runtime.path)) as (child, port):
        running = asked(port)
        running.readline()
        child.send_signal(name)
        time.sleep(0.1)
        child.send_signal(name)
        assert child.wait(2) == 0


def test_it_ends_with_who_started_it(asked: Ask, runtime: Slow) -> None:
    with started(settings(runtime.path, has_parent=True)) as (child, port):
        running = asked(port)
        running.readline()
        assert child.stdin is not None
        child.stdin.write(b"gone m out of memory\n")
        child.stdin.flush()
        deadline = time.monotonic() + 5
        while (late := asked(port)).status != 503 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert b"out of memory" in late.read()
        child.stdin.close()
        assert child.wait(2) == 0


def test_a_socket_that_listens_already_is_handed_over(asked: Ask, runtime: Slow) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        chosen = settings(runtime.path, fd=bound.fileno())
        with started(chosen, (bound.fileno(),)) as (child, port):
            assert port == bound.getsockname()[1]
            assert asked(port).status == 200
            child.terminate()
            runtime.may_end.set()
            assert child.wait(5) == 0


def test_a_port_that_is_taken(runtime: Slow) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        with started(settings(runtime.path, port=port)) as (child, _):
            assert child.wait(5) == 2
            assert child.stderr is not None
            assert f"127.0.0.1:{port}" in child.stderr.read().decode()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_public_door_takes_a_key(runtime: Slow, tmp_path: Path, host: str) -> None:
    with started(settings(runtime.path, host=host)) as (child, _):
        assert child.wait(5) == 2
        assert child.stderr is not None
        assert "API key" in child.stderr.read().decode()


def test_the_key_is_not_in_the_arguments(asked: Ask, runtime: Slow) -> None:
    reads, writes = os.pipe()
    os.write(writes, b"secret")
    os.close(writes)
    try:
        with started(settings(runtime.path, api_key_fd=reads), (reads,)) as (child, port):
            assert asked(port).status == 401
            assert b"secret" not in Path(f"/proc/{child.pid}/cmdline").read_bytes()
    finally:
        os.close(reads)
