"""The wire against an init in Python: order, credits, slow and broken readers, half-close, the end."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jitney.errors import SandboxError
from jitney.sandbox.archive import archive_frames
from jitney.sandbox.ask import Exchange
from jitney.sandbox.egress import Egress
from jitney.sandbox.frames import ProtocolError, encode
from jitney.sandbox.job import Job, job_frames
from jitney.sandbox.loop import Loop
from jitney.sandbox.stdio import Stdio
from jitney.sandbox.wire import Wire

from .doubles import CREDIT, FakeInit


class Talk:
    """A wire and its init, driven by `until`."""

    def __init__(
        self, init: FakeInit, allow: tuple[str, ...] = (), addresses: list[tuple[int, object]] | None = None
    ):
        self.init = init
        self.loop = Loop()
        self.blocked: list[str] = []
        self.egress = Egress(self.loop, allow, lambda _host, _port: addresses or [])
        self.wire = Wire(
            self.loop,
            init.attachment,
            lambda wire, number, text: self.egress.host_stream(wire, wire.window, number, text),
            self.blocked.append,
        )

    def submit(self, stdio: Stdio, job: Job | None = None, archive: list[bytes] | None = None) -> None:
        job = job or Job(argv=("p",))

        def script() -> Iterator[bytes]:
            yield from job_frames(job)
            yield from archive_frames(job, archive)
            yield encode(b"G")

        self.wire.submit(script(), stdio)

    def until(self, done: Callable[[], bool]) -> None:
        assert self.loop.run(done, 15), "it took too long"

    def finish(self) -> None:
        self.until(lambda: self.wire.is_over and not self.wire.has_unwritten_output)

    def close(self) -> None:
        self.wire.close()
        self.loop.close()
        self.init.join()


@pytest.fixture
def talk() -> Iterator[Callable[..., Talk]]:
    talks: list[Talk] = []

    def make(program: Callable[[FakeInit], None], **options: object) -> Talk:
        own = {key: options.pop(key) for key in ("allow", "addresses") if key in options}
        talks.append(Talk(FakeInit(program, **options), **own))  # type: ignore[arg-type]  # test options
        return talks[-1]

    yield make
    for each in talks:
        each.close()


Make = Callable[..., Talk]


def test_job_archive_go_input_in_order(talk: Make) -> None:
    def program(init: FakeInit) -> None:
        init.input_ended.wait(10)
        init.exit(7)

    t = talk(program)
    t.submit(Stdio(stdin=b"abc"), archive=[b"T" * 100_000])
    t.finish()
    assert t.init.kinds == ["J", "F", "f", "G", "D", "E"]
    assert (t.init.archive, bytes(t.init.fed)) == (b"T" * 100_000, b"abc")
    assert t.wire.exit is not None and t.wire.exit.code == 7
    assert t.wire.ending.started


def test_input_stays_within_its_credit(talk: Make) -> None:
    size = 5 * CREDIT

    def program(init: FakeInit) -> None:
        while len(init.fed) < size:
            with init.changed:
                init.changed.wait(0.02)
            if init.most_unreturned >= CREDIT or len(init.fed) >= size:
                have = len(init.fed)
                init.give_credit(have - given[0])
                given[0] = have
        init.give_credit(size - given[0])  # the end of input is found out by reading on
        init.input_ended.wait(10)
        init.exit()

    given = [0]
    t = talk(program, hold_credit=True)
    data = os.urandom(size)
    t.submit(Stdio(stdin=data))
    t.finish()
    assert bytes(t.init.fed) == data
    assert t.init.most_unreturned <= CREDIT


@pytest.mark.parametrize("kind", ["pipe", "file", "null", "closed", "socket"])
def test_every_kind_of_input(talk: Make, kind: str, tmp_path: Path) -> None:
    def program(init: FakeInit) -> None:
        init.input_ended.wait(10)
        init.exit()

    t = talk(program)
    fd, want = open_input(kind, tmp_path)
    t.submit(Stdio(stdin=fd))
    t.finish()
    assert bytes(t.init.fed) == want
    if kind != "closed":
        os.close(fd)


def open_input(kind: str, tmp_path: Path) -> tuple[int, bytes]:
    words = b"some words"
    if kind == "null":
        return os.open(os.devnull, os.O_RDONLY), b""
    if kind == "file":
        (tmp_path / "in").write_bytes(words)
        return os.open(tmp_path / "in", os.O_RDONLY), words
    if kind == "socket":
        ours, theirs = socket.socketpair()
        theirs.sendall(words)
        theirs.close()
        return ours.detach(), words
    reader, writer = os.pipe()
    os.write(writer, words)
    os.close(writer)
    if kind == "closed":
        os.close(reader)
        return reader, b""
    return reader, words


def test_a_slow_reader_gets_everything_and_memory_stays_flat(talk: Make) -> None:
    pieces = [os.urandom(65536) for _ in range(16)]
    rounds = 3

    def program(init: FakeInit) -> None:
        for _ in range(rounds):
            for piece in pieces:
                init.send(b"o", piece)
        init.exit()

    t = talk(program)
    reader, writer = os.pipe()
    got = bytearray()

    def drain() -> None:
        while data := os.read(reader, 30_000):
            got.extend(data)
            threading.Event().wait(0.0005)

    thread = threading.Thread(target=drain)
    thread.start()
    t.submit(Stdio(stdin=None, stdout=writer))
    t.finish()
    t.wire.close()
    os.close(writer)
    thread.join(10)
    assert not thread.is_alive()
    os.close(reader)
    assert bytes(got) == b"".join(pieces) * rounds


def test_a_broken_reader_is_noticed_and_the_rest_is_dropped(talk: Make) -> None:
    def program(init: FakeInit) -> None:
        for _ in range(50):
            init.send(b"o", b"y\n" * 1000)
        init.exit()

    t = talk(program)
    reader, writer = os.pipe()
    os.close(reader)
    t.submit(Stdio(stdin=None, stdout=writer))
    t.finish()
    os.close(writer)
    assert t.wire.ending.output_broken


def test_a_full_disk_is_an_error(talk: Make) -> None:
    t = talk(lambda init: init.send(b"o", b"words"))
    with Path("/dev/full").open("wb", buffering=0) as full:
        t.submit(Stdio(stdin=None, stdout=full.fileno()))
        with pytest.raises(SandboxError, match="No space left"):
            t.finish()


def test_both_outputs_and_blocked_names(talk: Make) -> None:
    def program(init: FakeInit) -> None:
        init.send(b"o", b"out")
        init.send(b"e", b"err")
        init.send(b"b", b"evil.example")
        init.exit()

    t = talk(program)
    out: list[bytes] = []
    err: list[bytes] = []
    t.submit(Stdio(stdin=None, stdout=out.append, stderr=err.append))
    t.finish()
    assert (out, err, t.blocked) == ([b"out"], [b"err"], ["evil.example"])


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("unknown frame", b"Z\0\0\0\0\0\0\0"),
        ("short exit frame", encode(b"x", b"1")),
        ("short credit", encode(b"k", b"1")),
        ("odd stream from init", encode(b"C", b"a:1", 3)),
    ],
)
def test_forged_frames_end_the_talk(talk: Make, name: str, raw: bytes) -> None:
    t = talk(lambda init: init.send_raw(raw))
    t.submit(Stdio(stdin=None))
    t.finish()
    assert isinstance(t.wire.error, ProtocolError) and t.wire.exit is None


def test_another_version_is_refused(talk: Make) -> None:
    t = talk(lambda init: None, version=2)
    t.submit(Stdio(stdin=None))
    t.finish()
    assert t.wire.error is not None and "version 2" in t.wire.error.message


def test_the_end_of_the_stream_is_seen_at_once(talk: Make) -> None:
    t = talk(lambda init: init.hang_up())
    t.submit(Stdio(stdin=None))
    t.finish()
    assert t.wire.exit is None


def test_ask_gets_a_whole_reply(talk: Make) -> None:
    def program(init: FakeInit) -> None:
        stream = init.wait_for("O")[0][0]
        init.send(b"A", b"", stream)
        assert init.wait_for("M")[0] == (stream, b"GET / HTTP/1.1\r\n\r\n")
        init.send(b"m", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", stream)
        init.send(b"m", b"ok", stream)
        init.exit()

    t = talk(program)
    t.submit(Stdio(stdin=None))
    t.until(lambda: t.wire.is_ready)
    exchange = Exchange(t.wire, t.wire.window, b"GET / HTTP/1.1\r\n\r\n")
    exchange.number = t.wire.open_stream(exchange, 8080)
    t.until(lambda: exchange.is_done)
    assert exchange.reply is not None and exchange.reply.endswith(b"ok")


def test_a_tunnel_carries_both_ways_with_half_close(talk: Make) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    big = os.urandom(600_000)

    def echo() -> None:
        peer, _ = server.accept()
        with peer:
            got = b""
            while data := peer.recv(65536):
                got += data
            peer.sendall(got[::-1])

    def program(init: FakeInit) -> None:
        init.send(b"C", f"api.test:{port}".encode(), 2)
        sent = returned = 0
        while sent < len(big):
            if sent - returned <= 196608 - 65536:
                init.send(b"m", big[sent : sent + 65536], 2)
                sent += 65536
            else:
                returned = sum(int.from_bytes(p, "big") for _, p in init.wait_for("K"))
        init.send(b"q", b"", 2)
        got = 0
        count = 0
        while got < len(big):
            frames = init.wait_for("M", count + 1)
            fresh = sum(len(p) for _, p in frames[count:])
            count, got = len(frames), got + fresh
            init.send(b"K", fresh.to_bytes(4, "big"), 2)
        init.wait_for("Q")
        init.exit()

    thread = threading.Thread(target=echo)
    thread.start()
    t = talk(program, allow=(f"API.test:{port}",), addresses=[(socket.AF_INET, ("127.0.0.1", port))])
    t.submit(Stdio(stdin=None))
    t.finish()
    thread.join(10)
    server.close()
    assert b"".join(payload for _, payload in t.init.got["M"]) == big[::-1]


@pytest.mark.parametrize("host", ["other.test:443", "api.test:80", "api.test", "169.254.169.254:443"])
def test_any_other_host_is_reset(talk: Make, host: str) -> None:
    def program(init: FakeInit) -> None:
        init.send(b"C", host.encode(), 2)
        assert init.wait_for("R") == [(2, b"")]
        init.exit(3)

    t = talk(program, allow=("api.test:443",), addresses=[])
    t.submit(Stdio(stdin=None))
    t.finish()
    assert t.wire.exit is not None and t.wire.exit.code == 3


def test_an_allowed_name_that_leads_nowhere_is_reset(talk: Make) -> None:
    def program(init: FakeInit) -> None:
        init.send(b"C", b"api.test:443", 2)
        assert init.wait_for("R") == [(2, b"")]
        init.exit(3)

    t = talk(program, allow=("api.test:443",), addresses=[])
    t.submit(Stdio(stdin=None))
    t.finish()
    assert t.wire.exit is not None and t.wire.exit.code == 3
