"""The gateway in the path: what it adds to an instant stand-in for a runtime, tokens per second through it against direct with
a real one, 10,000 streams in a row, and how soon it listens. The same client asks both sides, in turns."""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import Result, at_least, at_most, docker
from jitney.serve.settings import About, Served, Settings, write_settings

ROUNDS, PER_ROUND = 15, 200
STREAMS = 10_000
TOKENS = 64
FEATURES = ("chat", "completions", "json-schema", "grammar", "seed", "logprobs", "penalties", "native")
HI = {"model": "m", "messages": [{"role": "user", "content": "Say hi."}], "max_tokens": 16}
STUB = """
import asyncio, sys
CHUNK = b'data: {"choices":[{"finish_reason":%s,"index":0,"delta":%s}],"created":1,"id":"c","model":"m","object":"chat.completion.chunk"}\\n\\n'
EVENTS = [CHUNK % (b'null', b'{"content":"Hello"}'), CHUNK % (b'"stop"', b'{}'),
    b'data: {"choices":[],"usage":{"completion_tokens":1,"prompt_tokens":9,"total_tokens":10}}\\n\\n', b'data: [DONE]\\n\\n']
HEAD = b'HTTP/1.1 200 OK\\r\\nContent-Type: %s\\r\\n%s\\r\\n\\r\\n'
STREAM = HEAD % (b'text/event-stream', b'Transfer-Encoding: chunked') + b''.join(b'%x\\r\\n%b\\r\\n' % (len(e), e) for e in EVENTS) + b'0\\r\\n\\r\\n'
WHOLE = b'{"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant","content":"Hello"}}],"usage":{"completion_tokens":1}}'
PROPS = b'{"chat_template_caps":{"supports_tools":false}}'
class Stub(asyncio.Protocol):
    def connection_made(self, transport): self.transport, self.got = transport, b''
    def data_received(self, data):
        self.got += data
        head, _, body = self.got.partition(b'\\r\\n\\r\\n')
        at = head.lower().find(b'content-length: ')
        if not _ or (at >= 0 and len(body) < int(head[at + 16:].split(b'\\r', 1)[0])): return
        self.got = b''
        if b'"stream":true' in body: self.transport.write(STREAM)
        else:
            said = PROPS if head.startswith(b'GET /props') else WHOLE
            self.transport.write(HEAD % (b'application/json', b'Content-Length: %d' % len(said)) + said)
        if b'Connection: close' in head: self.transport.close()
async def main():
    loop = asyncio.get_running_loop()
    await loop.create_unix_server(Stub, sys.argv[1])
    tcp = await loop.create_server(Stub, '127.0.0.1', 0)
    print(tcp.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        return [*_latency(place), *_many(place), *_tokens(place)]


class Client:
    """One connection, kept where the server keeps it."""

    def __init__(self, address: str | int) -> None:
        self._address = address
        self._socket: socket.socket | None = None

    def ask(self, body: dict[str, object]) -> bytes:
        """The body of the answer. Raises AssertionError: not a 200, or one that breaks off."""
        data = json.dumps(body, separators=(",", ":")).encode()
        head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        sent = self._connected()
        sent.sendall(head + b"Content-Length: %d\r\n\r\n" % len(data) + data)
        return self._answer(sent)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            kind = socket.AF_UNIX if isinstance(self._address, str) else socket.AF_INET
            self._socket = socket.socket(kind)
            self._socket.settimeout(300)
            self._socket.connect(
                self._address if isinstance(self._address, str) else ("127.0.0.1", self._address)
            )
            if kind == socket.AF_INET:
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _answer(self, source: socket.socket) -> bytes:
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more(source)
        head, _, body = got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), got[:200]
        lower = head.lower()
        if b"chunked" in lower:
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more(source)
        else:
            size = int(lower.partition(b"content-length: ")[2].split(b"\r")[0])
            while len(body) < size:
                body += self._more(source)
        if b"connection: close" in lower:
            self.close()
        return body

    @staticmethod
    def _more(source: socket.socket) -> bytes:
        piece = source.recv(1 << 16)
        assert piece, "the connection broke off"
        return piece


@contextmanager
def stub(place: Path) -> Iterator[tuple[str, int]]:
    """An instant runtime: its Unix socket and its port."""
    path = str(place / "stub.sock")
    with subprocess.Popen([sys.executable, "-c", STUB, path], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        try:
            yield path, int(child.stdout.readline())
        finally:
            child.kill()


@contextmanager
def gateway(upstream: str) -> Iterator[tuple[int, int, float]]:
    """The gateway before that socket: its port, its process, and the seconds until it listened."""
    served = Served(upstream=upstream, about=About(name="m", features=FEATURES))
    settings = Settings(models=(served,), port=0, strict=True, guarded=True, has_parent=True)
    command = [sys.executable, "-m", "jitney.serve", write_settings(settings)]
    begin = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        try:
            port = int(child.stdout.readline().rpartition(b":")[2])
            yield port, child.pid, time.perf_counter() - begin
        finally:
            child.send_signal(signal.SIGKILL)


def _latency(place: Path) -> list[Result]:
    """One client, a whole answer and a streamed one; and the start."""
    starts = []
    for _ in range(5):
        with gateway(str(place / "nobody.sock")) as (_, _, taken):
            starts.append(taken)
    rows = [at_most("start to listening", "s", statistics.median(starts), 0.35, 1.0, 5, "peer: the goal")]
    with stub(place) as (path, direct), gateway(path) as (port, _, _), llama_swap(place, direct) as peer:
        for kind, body in (("request", HI), ("stream", {**HI, "stream": True})):
            sides = [Client(one) for one in (direct, port, peer) if one]
            times = _timed(sides, body)
            for share, goal in ((50, 0.6), (99, 1.5)):
                floor, *added = (_middle(one, share) * 1000 for one in times)
                note = f"direct {floor:.2f} ms; peer: the goal (llama-swap 0.65 / 1.5 ms, LiteLLM 10.5 / 15 at load 1–2)"
                if peer:
                    note += f"; llama-swap in the same rounds {added[1] - floor:.2f} ms"
                name = f"added to an instant {kind}, p{share}"
                rows.append(at_most(name, "ms", added[0] - floor, goal, 1.0, ROUNDS * PER_ROUND, note))
    return rows


@contextmanager
def llama_swap(place: Path, port: int) -> Iterator[int]:
    """The peer before the same stand-in, where the variable LLAMA_SWAP names its binary: its port, else 0."""
    binary = os.environ.get("LLAMA_SWAP")
    if not binary:
        yield 0
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        mine = free.getsockname()[1]
    config = place / "llama-swap.yaml"
    config.write_text(
        f"models:\n  m:\n    cmd: sleep 10000\n    proxy: http://127.0.0.1:{port}\n    checkEndpoint: none\n"
    )
    command = [binary, "--config", str(config), "--listen", f"127.0.0.1:{mine}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            for _ in range(100):
                try:
                    Client(mine).ask(HI)
                except (OSError, AssertionError):
                    time.sleep(0.1)
            yield mine
        finally:
            child.terminate()


def _timed(sides: list[Client], body: dict[str, object]) -> list[list[list[float]]]:
    """Seconds of each request, by side and round; the sides in turns."""
    for side in sides:
        for _ in range(PER_ROUND):
            side.ask(body)
    times: list[list[list[float]]] = [[] for _ in sides]
    for _ in range(ROUNDS):
        for side, rounds in zip(sides, times, strict=True):
            taken = []
            for _ in range(PER_ROUND):
                begin = time.perf_counter()
                side.ask(body)
                taken.append(time.perf_counter() - begin)
            rounds.append(taken)
    return times


def _middle(rounds: list[list[float]], share: int) -> float:
    """The median of the rounds' percentiles: one round in which the machine did something else does not decide."""
    return statistics.median(_percentile(one, share) for one in rounds)


def _percentile(values: list[float], share: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def _many(place: Path) -> list[Result]:
    """10,000 streams in a row; each has to be whole, or Client fails."""
    with stub(place) as (path, _), gateway(path) as (port, pid, _):
        client = Client(port)
        failed, early = 0, 0.0
        for index in range(STREAMS):
            whole = client.ask({**HI, "stream": True})
            failed += b"data: [DONE]" not in whole or b"Hello" not in whole
            if index == STREAMS // 10:
                early = _resident(pid)
        late = _resident(pid)
    return [
        at_most("10,000 streams in a row: failed", "", failed, 0, 1.0, STREAMS, "llama-swap: 10 of 1,420"),
        at_most("its memory after them", "MB", late, 100, 1.0, 1, "peer: the goal"),
        at_most("its memory after 10,000 against 1,000", "MB", late, early, 1.05, 1, "flat"),
    ]


def _resident(pid: int) -> float:
    """MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _tokens(place: Path) -> list[Result]:
    """Tokens per second of all streams together, llama-server with one thread."""
    rows = []
    with llama_server(place) as path, gateway(path) as (port, _, _):
        for streams, rounds in ((1, 7), (8, 5), (32, 3)):
            _rate(path, streams), _rate(port, streams)
            pairs = [(_rate(port, streams), _rate(path, streams)) for _ in range(rounds)]
            ours, peer = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
            name = f"tokens per second, {streams} stream{'s' if streams > 1 else ''}"
            note = "peer: llama-server direct; llama-swap 0.993 / 1.003 / 0.996"
            rows.append(at_least(name, "tok/s", ours, peer, 0.99, rounds, note))
    return rows


def _rate(address: str | int, streams: int) -> float:
    tokens = [0] * streams

    def one(index: int) -> None:
        question = [{"role": "user", "content": f"Tell me a long story about the number {index}."}]
        body = {"model": "m", "messages": question, "max_tokens": TOKENS, "temperature": 0, "stream": True}
        client = Client(address)
        whole = client.ask(body)
        client.close()
        tokens[index] = whole.count(b'"content":"') - whole.count(b'"content":""')

    threads = [threading.Thread(target=one, args=(index,)) for index in range(streams)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(tokens) / (time.perf_counter() - begin)


@contextmanager
def llama_server(place: Path) -> Iterator[str]:
    """A real one in a bare container, on a Unix socket that both sides ask."""
    from jitney.config import load
    from jitney.engine import connect
    from jitney.facts.collect import collect
    from jitney.models.alias import aliases
    from jitney.models.fetch import fetch
    from jitney.models.layout import Want, library_view
    from jitney.models.reference import parse
    from jitney.models.storage.store import Store
    from jitney.runtimes.llamacpp import BASE

    config = load(None, {})
    store = Store(config.data / "store")
    view = library_view(store, (Want(weights=fetch(store, parse("smollm2", aliases(None), Path.cwd()))),))
    engine = connect()
    base = collect(engine, config).base(BASE)
    engine.close()
    assert base is not None, "no base with llama.cpp: make setup"
    mounts = [word for mount in view.mounts() for word in ("-v", f"{mount.source}:{mount.target}:ro")]
    name = f"jitney-bench-gateway-{os.getpid()}"
    command = [
        docker(),
        "run",
        "--rm",
        "-d",
        "--name",
        name,
        "--network",
        "none",
        "-v",
        f"{place}:/sockets",
        *mounts,
    ]
    command += ["-e", "OMP_NUM_THREADS=1", "--entrypoint", "/usr/bin/llama-server", base.ref]
    command += [
        "--model",
        view.main,
        "--host",
        "/sockets/llama.sock",
        "--threads",
        "1",
        "--threads-batch",
        "1",
    ]
    command += ["--ctx-size", "8192", "--parallel", "32", "--kv-unified", "--no-ui", "--offline"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    path = str(place / "llama.sock")
    try:
        _wait(path)
        yield path
    finally:
        subprocess.run([docker(), "rm", "-f", name], check=False, capture_output=True)


def _wait(path: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            Client(path).ask({**HI, "max_tokens": 1})
        except (OSError, AssertionError):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("llama-server did not become ready")
