"""A terminal in the box, and the client's own one around it: raw meanwhile, put back afterwards."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import msgspec
import pytest

from .conftest import RunBox

pytestmark = pytest.mark.engine

CLIENT = """
import sys
from jitney.engine import connect
from jitney.plan.model import SandboxPlan
from jitney.sandbox.box import box_spec
from jitney.sandbox.job import Job
from jitney.sandbox.run import Session
from jitney.sandbox.stdio import Stdio
from jitney.sandbox.terminal import window_size
with Session(connect()) as session:
    box = session.park(box_spec(SandboxPlan(memory_bytes=128 << 20), sys.argv[1]))
    session.submit(box, Job(argv=tuple(sys.argv[2:]), env={"PATH": "/bin"}, pty=window_size(0)), Stdio())
    outcome = session.wait(box)
sys.exit(outcome.exit_code)
"""


class Typist(msgspec.Struct):
    """Somebody at a terminal: `fd` is its other side."""

    fd: int
    process: subprocess.Popen[bytes]
    seen: bytes = b""

    def wait_for(self, words: bytes) -> None:
        end = time.monotonic() + 15
        while words not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.fd], [], [], 0.2)[0]:
                self.seen += os.read(self.fd, 65536)

    def type(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process.send_signal(signal.SIGWINCH)

    @property
    def is_raw(self) -> bool:
        return not termios.tcgetattr(self.fd)[3] & termios.ICANON


@pytest.fixture
def typist(image: str) -> Iterator[Typist]:
    ours, theirs = pty.openpty()
    script = (
        "trap 'echo got-int' INT; trap 'stty size' WINCH; stty size; "
        'while true; do read line && echo "said $line"; [ "$line" = end ] && exit 4; done'
    )
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, image, "sh", "-c", script], stdin=theirs, stdout=theirs, stderr=theirs
    )
    yield Typist(ours, process)
    process.kill()
    process.wait()
    os.close(ours)
    os.close(theirs)


def test_a_terminal_works_and_is_put_back(typist: Typist) -> None:
    typist.wait_for(b"33 99")
    assert typist.is_raw
    typist.type("grüß\r".encode())
    typist.wait_for("said grüß".encode())
    typist.type(b"\x03")
    typist.wait_for(b"got-int")
    typist.resize(40, 120)
    typist.type(b"\r")
    typist.wait_for(b"40 120")
    typist.type(b"end\r")
    assert typist.process.wait(10) == 4
    assert not typist.is_raw


def test_the_terminal_is_put_back_when_everything_ends_early(typist: Typist) -> None:
    typist.wait_for(b"33 99")
    assert typist.is_raw
    typist.process.send_signal(signal.SIGHUP)
    assert typist.process.wait(10) == 129
    assert not typist.is_raw


def test_colours_and_terminal_are_seen_by_the_program(run_box: RunBox) -> None:
    ran = run_box("sh", "-c", "[ -t 0 ] && [ -t 1 ] && stty size", pty=(5, 6))
    assert ran.stdout == b"5 6\r\n"
    assert run_box("sh", "-c", "[ -t 0 ] || [ -t 1 ] || echo no").stdout == b"no\n"
