"""A model alone: to its first token, to ready, back after a death, and what 200 killed services leave behind."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import statistics
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.leftovers import left
from benchmarks.measure import JITNEY, Result, at_most, docker, interleaved
from jitney.config import load
from jitney.engine import connect
from jitney.facts.collect import collect
from jitney.models.alias import aliases
from jitney.models.fetch import fetch
from jitney.models.layout import Want, library_view
from jitney.models.reference import parse
from jitney.models.storage.store import Store
from jitney.runtimes.llamacpp import LlamaCpp
from jitney.runtimes.server import host_plainly

PROMPT = "The capital of France is"
BODY = {"messages": [{"role": "user", "content": PROMPT}], "max_tokens": 1, "temperature": 0, "stream": True}
N, DEATHS, CYCLES = 9, 5, 200
POLL_S = 0.005


def measure() -> list[Result]:
    bare = Bare()
    ask = [JITNEY, "run", "-q", "--threads", "1", "--temp", "0", "--max-tokens", "1", "smollm2", PROMPT]
    first = interleaved(lambda: first_byte(ask), bare.first_token, N)
    ready = interleaved(service_ready, bare.ready, N)
    return [
        at_most(
            "run MODEL, to the first token", "s", *first, 1.1, N, "llama-server by docker run, asked by hand"
        ),
        at_most(
            "serve, to ready",
            "s",
            *ready,
            (ready[1] + 0.25) / ready[1],
            N,
            "the same by docker run; + 0.25 s",
        ),
        _deaths(),
        _kills(),
    ]


def first_byte(command: list[str]) -> float:
    """Seconds from the start of the command to the first byte of its output."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert os.read(child.stdout.fileno(), 1)
        taken = time.perf_counter() - begin
        child.stdout.read()
    return taken


class Bare:
    """The same image, command and weights, started by hand with `docker run`."""

    def __init__(self) -> None:
        config = load(None, {"threads": 1})
        store = Store(config.data / "store")
        weights = fetch(store, parse("smollm2", aliases(None), Path.cwd()))
        engine = connect()
        hosted = host_plainly(store, weights, collect(engine, config), config)
        engine.close()
        view = library_view(store, (Want(weights=weights),))
        words = [word for word in LlamaCpp().argv(hosted.serving)]
        words[words.index("--port") + 1] = "{port}"
        env = [
            part
            for name, value in LlamaCpp().env(hosted.serving).items()
            for part in ("-e", f"{name}={value}")
        ]
        run = [docker(), "run", "--rm", "--network", "host", "--init", *env, "-v", f"{view.path}:/models:ro"]
        self._command = [*run, hosted.image, *words]

    def ready(self) -> float:
        with self._started() as (begin, _):
            return time.perf_counter() - begin

    def first_token(self) -> float:
        with self._started() as (begin, url):
            ask(f"{url}/v1")
            return time.perf_counter() - begin

    @contextmanager
    def _started(self) -> Iterator[tuple[float, str]]:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        begin = time.perf_counter()
        child = subprocess.Popen(
            [word.replace("{port}", str(port)) for word in self._command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not answers(f"{url}/health"):
                time.sleep(POLL_S)
            yield begin, url
        finally:
            child.terminate()
            child.wait()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def ask(base: str) -> None:
    """To the first byte of a streamed answer."""
    request = urllib.request.Request(
        f"{base}/chat/completions",
        data=json.dumps({"model": "smollm2", **BODY}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.status == 200
        assert response.read(1)


@contextmanager
def service() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`jitney serve`, ready: the process, its base address."""
    child = subprocess.Popen(
        [JITNEY, "serve", "-q", "--port", "0", "--threads", "1", "smollm2"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        yield child, child.stdout.readline().decode().strip()
    finally:
        child.terminate()
        child.communicate()


def service_ready() -> float:
    begin = time.perf_counter()
    with service() as (_, url):
        assert url
        return time.perf_counter() - begin


def _deaths() -> Result:
    """The runtime is killed, and asked at once: until its answer begins."""
    times = []
    with service() as (_, url):
        for _ in range(DEATHS):
            time.sleep(2)  # a spare box is parked meanwhile
            box = _box(url)
            subprocess.run([docker(), "kill", box], check=True, capture_output=True)
            begin = time.perf_counter()
            ask(url)
            times.append(time.perf_counter() - begin)
            time.sleep(20)  # three deaths within a minute would be given up
    taken = statistics.median(times)
    return at_most(
        "dead runtime: replaced, the request sent again", "s", taken, 0.65, 1.0, DEATHS, "Ollama 0.64 s"
    )


def _box(url: str) -> str:
    rows = json.loads(subprocess.run([JITNEY, "ps", "--json"], capture_output=True, check=True).stdout)
    where = url.removesuffix("/v1")
    return str(next(row["container"] for row in rows if row["url"] == where and row["kind"] == "model"))


def _kills() -> Result:
    """kill -9 at a moment between its first line of code and some time after it was ready."""
    time.sleep(2)  # what ran before is going
    before, source = left(), random.Random(1)
    for _ in range(CYCLES):
        child = subprocess.Popen(
            [JITNEY, "serve", "-q", "--port", "0", "--threads", "1", "smollm2"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        time.sleep(source.uniform(0.05, 2.0))
        child.send_signal(signal.SIGKILL)
        child.wait()
    time.sleep(2)
    remain = left() - before + _gateways()
    note = "containers, volumes and gateways, 2 s later"
    return at_most("left after 200 × serve, kill -9", "", remain, 0.0, 1.0, CYCLES, note)


def _gateways() -> int:
    """Processes of `jitney.serve` whose parent is gone."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            status = (path.parent / "status").read_text()
        except OSError:
            continue
        found += words[1:3] == [b"-m", b"jitney.serve"] and "\nPPid:\t1\n" in status
    return found
