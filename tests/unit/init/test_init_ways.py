"""Streams, relays, allowed hosts and names: bytes, half-closes, resets, windows."""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import time
from pathlib import Path

import pytest

from .initbox import WINDOW, Box, frame, job, py, record, run, sh

ECHO = """
import socket, threading
def serve(c):
    while True:
        d = c.recv(65536)
        if not d: break
        c.sendall(d)
    c.shutdown(socket.SHUT_WR); c.close()
s = socket.create_server(('127.0.0.1', 8000), backlog=512)
print('up', flush=True)
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
"""


def dial(stream: int, port: int) -> bytes:
    return frame("O", struct.pack(">H", port), stream)


def credit(stream: int, size: int) -> bytes:
    return frame("K", struct.pack(">I", size), stream)


def test_a_stream_into_the_box_with_half_close() -> None:
    with Box() as box:
        box.send(py(ECHO))
        box.until("o")
        box.send(dial(1, 8000))
        assert box.until("AR").type == "A"
        box.send(frame("M", b"ping", 1))
        assert box.until("m", 1).payload == b"ping"
        box.send(frame("M", b"last", 1) + frame("Q", b"", 1))
        assert box.until("m", 1).payload == b"last"
        assert box.until("qR", 1).type == "q"
        box.send(dial(1, 8000))
        assert box.until("AR").type == "A", "the id is free again"


def test_nobody_listens() -> None:
    with Box() as box:
        box.send(sh("echo on; sleep 100"))
        box.until("o")
        began = time.monotonic()
        box.send(dial(1, 8000))
        assert box.until("AR", 1).type == "R"
        assert time.monotonic() - began < 0.5


def test_200_streams_at_once_carry_32_mib_within_their_windows() -> None:
    count, size = 200, 160 * 1024
    data = [os.urandom(size) for _ in range(count)]
    got = {1 + 2 * i: b"" for i in range(count)}
    open_, ended = 0, 0
    with Box() as box:
        box.send(py(ECHO))
        box.until("o")
        for stream in got:
            box.send(dial(stream, 8000))
        for f in box.each(60):
            if f.type == "A":
                open_ += 1
                body = data[f.stream // 2]
                box.send(b"".join(frame("M", body[i : i + 65536], f.stream) for i in range(0, size, 65536)))
                box.send(frame("Q", b"", f.stream))
            elif f.type == "m":
                got[f.stream] += f.payload
                box.send(credit(f.stream, len(f.payload)))
            elif f.type == "q":
                ended += 1
                if ended == count:
                    break
            else:
                assert f.type == "K"
    assert open_ == count
    assert all(got[1 + 2 * i] == data[i] for i in range(count))


def test_32_mib_through_one_stream_both_ways_within_the_window() -> None:
    size, sent, window, got = 32 << 20, 0, WINDOW, 0
    body = os.urandom(1 << 20)
    there, back = hashlib.sha256(), hashlib.sha256()
    with Box() as box:
        box.send(py(ECHO))
        box.until("o")
        box.send(dial(7, 8000))
        box.until("A")
        while got < size:
            while window >= 65536 and sent < size:
                piece = body[sent % len(body) :][:65536]
                there.update(piece)
                box.send(frame("M", piece, 7))
                sent, window = sent + 65536, window - 65536
            f = box.until("mK", 7)
            if f.type == "K":
                window += struct.unpack(">I", f.payload)[0]
            else:
                back.update(f.payload)
                got += len(f.payload)
                box.send(credit(7, len(f.payload)))
    assert back.digest() == there.digest()


def test_init_keeps_to_the_window() -> None:
    with Box() as box:
        box.send(py(ECHO.replace("d = c.recv(65536)", "d = b'x' * 65536")))
        box.until("o")
        box.send(dial(1, 8000))
        box.until("A")
        got = 0
        while got < WINDOW:
            got += len(box.until("m", 1).payload)
        assert got == WINDOW
        with pytest.raises(AssertionError, match="nothing more came"):
            box.until("m", 1, timeout=0.5)
        box.send(credit(1, 1000))
        assert len(box.until("m", 1).payload) == 1000


def test_a_reset_reaches_the_program_and_one_of_the_program_the_client() -> None:
    script = """
import socket, struct
s = socket.create_server(('127.0.0.1', 8000))
print('up', flush=True)
c = s.accept()[0]
try: c.recv(1); print('eof', flush=True)
except ConnectionResetError: print('reset', flush=True)
c = s.accept()[0]
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); c.close()
s.accept()
"""
    with Box() as box:
        box.send(py(script))
        box.until("o")
        box.send(dial(1, 8000))
        box.until("A")
        box.send(frame("R", b"", 1))
        assert box.until("o").payload == b"reset\n"
        box.send(dial(3, 8000))
        if box.until("AR", 3).type == "A":  # it may be reset before init saw that it was there
            box.until("R", 3)


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        (dial(2, 8000), b"even id"),
        (dial(1, 8000) + dial(1, 8000), b"in use"),
        (dial(1, 8000) + frame("M", b"x" * 65536, 1) * 300, b"than its window"),
        (dial(1, 8000) + frame("Q", b"", 1) * 2, b"ended twice"),
        (dial(1, 8000) + frame("Q", b"", 1) + frame("M", b"x", 1), b"after its end"),
        (dial(1, 8000) + credit(1, 1), b"never sent"),
        (frame("M", b"x"), b"stream id"),
        (frame("D", b"x", 1), b"stream id"),
        (frame("O", b"x", 1), b"wrong length"),
        (frame("S", b"\x00"), b"signal"),
        (frame("S", b"\x20"), b"signal"),
        (frame("G"), b"before the start"),
        (frame("J", b""), b"before the start"),
        (frame("r"), b"unknown type"),
        (b"H\x01" + bytes(6), b"reserved"),
        (b"M\x00\x00\x01\x00\x01\x00\x01", b"longer"),
    ],
)
def test_frames_that_break_the_protocol(frames: bytes, why: bytes) -> None:
    silent = ECHO.replace("d = c.recv(65536)", "import time; time.sleep(100)")
    with Box() as box:
        box.send(py(silent))
        box.until("o")
        box.send(frames)
        exit_, said = box.end()
    assert (exit_.code, exit_.cause) == (125, "!")
    assert why in said["!"]


def test_frames_for_streams_that_are_gone_are_ignored() -> None:
    gone = frame("M", b"x", 9) + frame("Q", b"", 9) + frame("R", b"", 9) + credit(9, 5)
    assert run(sh("sleep 0.2; exit 3") + gone)[0].code == 3


def relay_record(tag: str, *words: object) -> bytes:
    return record(tag, " ".join(map(str, words)).encode())


def test_two_boxes_joined_by_a_socket(tmp_path: Path) -> None:
    """A server's box listens on a Unix socket, a program's box on its loopback, v4 and v6."""
    door = tmp_path / "door"
    client = """
import socket
for host in '127.0.0.1', '::1', 'localhost':
    c = socket.create_connection((host if host != 'localhost' else '127.0.0.1', 8080))
    c.sendall(b'x' * 3_000_000); c.shutdown(socket.SHUT_WR)
    n = 0
    while d := c.recv(65536): n += len(d)
    print(n)
"""
    with Box() as server, Box() as box:
        server.send(
            py(
                ECHO.replace("c.sendall(d)", "got.append(d)")
                .replace("    c.shutdown", "    c.sendall(b''.join(got))\n    c.shutdown")
                .replace("def serve(c):", "def serve(c):\n    got = []"),
                relay_record("s", door, 8000),
            )
        )
        server.until("o")
        box.send(py(client, relay_record("l", 8080, door)))
        # The server's init moves its bytes by itself; its frames need not be read for that.
        exit_, said = box.end()
    assert exit_.code == 0, said
    assert said["o"].split() == [b"3000000"] * 3


def test_200_connections_through_a_relay(tmp_path: Path) -> None:
    door = tmp_path / "door"
    client = """
import socket
cs = [socket.create_connection(('127.0.0.1', 8080)) for _ in range(200)]
for i, c in enumerate(cs): c.sendall(b'%03d' % i)
print(sum(c.recv(3) == b'%03d' % i for i, c in enumerate(cs)))
"""
    with Box() as server, Box() as box:
        server.send(py(ECHO, relay_record("s", door, 8000)))
        server.until("o")
        box.send(py(client, relay_record("l", 8080, door)))
        assert box.end()[1]["o"] == b"200\n"


CONNECT = """
import socket, time
began = time.monotonic()
try:
    c = socket.create_connection(('127.0.0.1', 8080)); print('data', c.recv(1))
except OSError as e: print(type(e).__name__)
assert time.monotonic() - began < .5
"""


def test_a_refused_connection_reaches_the_peer_at_once(tmp_path: Path) -> None:
    door = tmp_path / "door"
    with Box() as server, Box() as box:
        server.send(sh("echo on; sleep 100", relay_record("s", door, 8000)))
        server.until("o")
        box.send(py(CONNECT, relay_record("l", 8080, door)))
        exit_, said = box.end()
    assert exit_.code == 0, said
    assert said["o"] == b"ConnectionResetError\n"


def test_a_relay_whose_socket_is_not_there_resets_at_once(tmp_path: Path) -> None:
    exit_, said = run(py(CONNECT, relay_record("l", 8080, tmp_path / "none")))
    assert exit_.code == 0, said
    assert said["o"] == b"ConnectionResetError\n"


def test_an_answer_that_comes_before_the_question_is_over_is_kept(tmp_path: Path) -> None:
    """The server answers and closes at once; the program still gets the answer."""
    door = tmp_path / "door"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(door))
    server.listen()
    script = "import socket\nc = socket.create_connection(('127.0.0.1', 8080))\nprint(c.recv(99), c.recv(1))"
    with Box() as box:
        box.send(py(script, relay_record("l", 8080, door)))
        box.flush()
        connection, _ = server.accept()
        connection.sendall(b"no")
        connection.close()
        assert box.end()[1]["o"] == b"b'no' b''\n"
    server.close()


@pytest.mark.parametrize(
    ("relays", "why"),
    [
        (
            relay_record("l", 8080, "/none/door"),
            b"cannot relay to /none/door:8080: No such file or directory",
        ),
        (
            relay_record("s", "/none/door", 8080),
            b"cannot listen on /none/door:8080: No such file or directory",
        ),
        (relay_record("l", 8080, "/tmp/a") * 2, b"cannot listen on 127.0.0.1:8080: Address in use"),
    ],
)
def test_relays_that_cannot_be_had(relays: bytes, why: bytes) -> None:
    exit_, said = run(sh("echo never", relays))
    assert (exit_.code, exit_.cause) == (125, "!")
    assert said["!"] == why
    assert "o" not in said


def test_an_allowed_host_becomes_a_stream() -> None:
    script = """
import socket
c = socket.create_connection(('API.example.com.', 443))
print(c.getpeername()[0])
c.sendall(b'hello'); c.shutdown(socket.SHUT_WR)
print(c.recv(99), c.recv(99))
"""
    with Box() as box:
        box.send(py(script, record("h", b"api.example.com 443") + record("h", b"api.example.com 80")))
        opened = box.until("C")
        assert (opened.payload, opened.stream % 2) == (b"api.example.com:443", 0)
        assert box.until("m", opened.stream).payload == b"hello"
        assert box.until("q", opened.stream)
        box.send(frame("M", b"answer", opened.stream) + frame("Q", b"", opened.stream))
        exit_, said = box.end()
    assert exit_.code == 0
    assert said["o"] == b"127.77.0.1\nb'answer' b''\n"


def test_a_host_that_the_client_cannot_reach_is_a_reset() -> None:
    script = "import socket\nc = socket.create_connection(('a.example', 1))\nc.recv(1)"
    with Box() as box:
        box.send(py(script, record("h", b"a.example 1")))
        box.send(frame("R", b"", box.until("C").stream))
        exit_, said = box.end()
    assert exit_.code == 1
    assert b"ConnectionResetError" in said["e"]


def test_what_was_sent_before_the_end_of_the_program_reaches_the_host() -> None:
    script = "import socket, os\nsocket.create_connection(('a.example', 1)).sendall(b'bye')\nos._exit(0)"
    _, said = run(py(script, record("h", b"a.example 1")))
    assert said["m2"] == b"bye"


def test_a_refused_name_is_told_once_and_fails_fast() -> None:
    script = """
import socket, time
for name in 'evil.example', 'EVIL.example.', 'other.example':
    began = time.monotonic()
    try: socket.getaddrinfo(name, 443)
    except socket.gaierror as e: print(e.errno, time.monotonic() - began < .1)
print(socket.gethostbyname('localhost'), socket.gethostbyname(socket.gethostname()))
"""
    exit_, said = run(py(script, record("n", b"\x01")))
    assert exit_.code == 0, said
    assert said["o"] == b"-2 True\n" * 3 + b"127.0.0.1 127.0.0.1\n"
    assert said["b"] == b"evil.exampleother.example"


def test_a_name_of_its_own_leads_to_a_relay_of_the_box(tmp_path: Path) -> None:
    """By name and port, as a program calls a vendor; other names stay refused, and nothing becomes a stream."""
    door = tmp_path / "door"
    script = """
import socket
for name in 'vendor.example', 'VENDOR.Example.':
    c = socket.create_connection((name, 443)); c.sendall(b'hello'); c.shutdown(socket.SHUT_WR)
    print(c.getpeername()[0], c.recv(99))
try: socket.getaddrinfo('sub.vendor.example', 443)
except socket.gaierror as e: print(e.errno)
"""
    with Box() as server, Box() as box:
        server.send(py(ECHO, relay_record("s", door, 8000)))
        server.until("o")
        box.send(py(script, relay_record("l", 443, door) + record("m", b"Vendor.example.")))
        exit_, said = box.end()
    assert exit_.code == 0, said
    assert said["o"] == b"127.0.0.1 b'hello'\n" * 2 + b"-2\n"
    assert said["b"] == b"sub.vendor.example"
    assert "C" not in said


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (record("m", b"a b"), b"bad job: a name of its own is not a host name"),
        (record("m", b""), b"bad job: a name of its own is not a host name"),
        (
            b"".join(record("m", b"n%d.example" % n) for n in range(65)),
            b"bad job: more than 64 names of its own",
        ),
        (
            record("m", b"A.example") + record("h", b"a.example 443"),
            b"bad job: a name is both its own and an allowed host's",
        ),
    ],
)
def test_names_that_cannot_be_had(names: bytes, why: bytes) -> None:
    exit_, said = run(sh("echo never", names))
    assert (exit_.code, exit_.cause, said["!"]) == (125, "!", why)


@pytest.mark.parametrize("interface", [False, True])
def test_only_loopback(interface: bool) -> None:
    prelude = "ip link set lo up" + (
        " && ip link add b0 type bridge && ip link set b0 up" if interface else ""
    )
    with Box(prelude=prelude) as box:
        box.send(job("true", extra=record("u", b"\x01")) + frame("G"))
        exit_, said = box.end()
    assert exit_.code == (125 if interface else 0), said
    assert ("!" in said) == interface
