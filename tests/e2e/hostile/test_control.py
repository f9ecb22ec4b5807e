"""Running programs from outside: signals at a terminal and from other processes, `docker stop`, `jitney ps`, `jitney stop`."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jitney.engine.protocol import LABEL_RUN, Engine
from tests.conftest import JITNEY, Jitney

pytestmark = pytest.mark.engine

TICKS = """import os, signal, sys, time
def on_signal(number, frame):
    os.write(1, f"got {signal.Signals(number).name}\\n".encode())  # print may be interrupted by itself
for name in sys.argv[1:]:
    signal.signal(getattr(signal, name), on_signal)
print("up", flush=True)
while True:
    time.sleep(0.05)
    print("tick", flush=True)
"""


class Running:
    """`jitney run --json` in the background, its events read as they come. Its signals are those of a terminal: what a test
    run under nohup ignores would be inherited, and rightly honoured."""

    def __init__(self, *command: str | Path) -> None:
        line = ["/usr/bin/env", "--default-signal", JITNEY, "run", "--json", *command]
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert self.process.stdout is not None
        self._stdout = self.process.stdout
        self.id = str(self.until("started")["run"])

    def until(self, kind: str, words: str = "") -> dict[str, object]:
        """The next event of this kind, whose text has these words."""
        last: dict[str, object] = {}
        while line := self._stdout.readline():
            event: dict[str, object] = json.loads(line)
            if event["event"] == kind and words in str(event.get("text", "")):
                return event
            last = event
        raise AssertionError(f"it ended without {kind} {words}: {last}")

    def ended(self) -> dict[str, object]:
        event = self.until("exited")
        assert self.process.wait(10) == event["code"]
        return event

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._stdout.close()


@pytest.fixture
def background(tmp_path: Path, assert_nothing_left: Callable[[], None]) -> Iterator[Callable[..., Running]]:
    """`background("SIGTERM")`: a ticking program that only tells these signals; run, up, and ended in the end."""
    every: list[Running] = []
    program = tmp_path / "ticks.py"
    program.write_text(TICKS)

    def start(*ignored: str) -> Running:
        every.append(Running(program, *ignored))
        every[-1].until("output", "up")
        return every[-1]

    yield start
    for one in every:
        one.close()
    assert_nothing_left()


@pytest.mark.parametrize("name", ["SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTERM", "SIGINT"])
def test_signals_reach_a_program_that_takes_them(name: str, background: Callable[..., Running]) -> None:
    run = background(name)
    run.process.send_signal(signal.Signals[name])
    run.until("output", f"got {name}")
    run.until("output", "tick")


@pytest.mark.parametrize(
    ("name", "code"), [("SIGQUIT", 131), ("SIGUSR1", 138), ("SIGTERM", 143), ("SIGINT", 130)]
)
def test_signals_end_a_program_that_does_not(
    name: str, code: int, background: Callable[..., Running]
) -> None:
    run = background()
    run.process.send_signal(signal.Signals[name])
    ended = run.ended()
    assert (ended["cause"], ended["code"], ended["signal"]) == ("killed-by-user", code, code - 128)


def box_of(engine: Engine, run: str) -> str:
    return next(box.id for box in engine.containers({LABEL_RUN: run}))


@pytest.mark.parametrize(("ignored", "code"), [((), 143), (("SIGTERM",), 137)])
def test_a_stop_from_outside_is_told(
    ignored: tuple[str, ...], code: int, engine: Engine, background: Callable[..., Running]
) -> None:
    """As `docker stop` does it: SIGTERM to PID 1, SIGKILL after a second."""
    run = background(*ignored)
    box = box_of(engine, run.id)
    subprocess.run(["docker", "stop", "-t", "1", box], check=True, capture_output=True)
    ended = run.ended()
    assert (ended["cause"], ended["code"]) == ("killed-by-user", code)
    assert "outside" in str(ended["message"])


def test_ps_shows_it_and_stop_ends_it(
    engine: Engine, jitney: Jitney, background: Callable[..., Running]
) -> None:
    run = background()
    name = run.id
    (shown,) = [one for one in json.loads(jitney("ps", "--json").stdout) if one["run"] == name]
    assert (shown["kind"], shown["state"], Path(shown["program"]).name) == ("run", "running", "ticks.py")
    line = next(line for line in jitney("ps").stdout.decode().splitlines() if line.startswith(name))
    assert line.endswith("ticks.py")
    assert name in jitney("ps", "-q").stdout.decode().split()
    done = jitney("stop", name[:10])
    assert (done.returncode, done.stdout.decode().strip()) == (0, name)
    ended = run.ended()
    assert (ended["cause"], ended["code"]) == ("killed-by-user", 143)
    assert name not in jitney("ps", "-q").stdout.decode().split()
    assert jitney("stop", name).returncode == 2


def test_stop_removes_what_ignores_it_after_the_grace(
    engine: Engine, jitney: Jitney, background: Callable[..., Running]
) -> None:
    run = background("SIGTERM", "SIGINT", "SIGHUP")
    start = time.monotonic()
    done = jitney("stop", "--grace", "1s", run.id)
    assert done.returncode == 0
    assert 1 <= time.monotonic() - start < 6
    ended = run.ended()
    assert (ended["cause"], ended["code"]) == ("killed-by-user", 137)


class Terminal:
    """A shell's job at a terminal: its own session, the terminal in the foreground."""

    def __init__(self, *command: str | Path) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(command[0], [str(word) for word in command])
        self.seen = b""

    def type(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def wait_for(self, words: bytes) -> None:
        end = time.monotonic() + 20
        while words not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.fd], [], [], 0.2)[0]:
                self.seen += os.read(self.fd, 65536)

    def is_quiet(self, seconds: float, within: float = 10.0) -> bool:
        """Whether nothing comes for so long; what was on its way is read first, which takes a while on a busy machine."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            if not select.select([self.fd], [], [], seconds)[0]:
                return True
            os.read(self.fd, 65536)
        return False

    def status(self) -> int:
        end = time.monotonic() + 15
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return status
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    os.read(self.fd, 65536)
                except OSError:  # the other side has closed
                    time.sleep(0.05)
        raise AssertionError("it does not end")


@pytest.fixture
def terminal(tmp_path: Path, assert_nothing_left: Callable[[], None]) -> Iterator[Callable[..., Terminal]]:
    every: list[Terminal] = []
    (tmp_path / "ticks.py").write_text(TICKS)

    def start(*ignored: str) -> Terminal:
        every.append(Terminal(JITNEY, "run", "-q", tmp_path / "ticks.py", *ignored))
        every[-1].wait_for(b"up")
        return every[-1]

    yield start
    for one in every:
        try:
            os.kill(one.pid, signal.SIGKILL)
            os.waitpid(one.pid, 0)
        except (ProcessLookupError, ChildProcessError):  # it has ended
            pass
        os.close(one.fd)
    assert_nothing_left()


SHELL = """'{jitney}' run -q '{program}'; echo stopped $?; read _; fg; echo ended $?"""


def test_ctrl_z_stops_both_and_fg_lets_both_go_on(
    tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    """A shell with job control, as somebody at a terminal has it."""
    (tmp_path / "ticks.py").write_text(TICKS)
    script = SHELL.format(jitney=JITNEY, program=tmp_path / "ticks.py")
    job = Terminal("/bin/bash", "-m", "-c", script)
    job.wait_for(b"tick")
    job.type(b"\x1a")
    job.wait_for(b"stopped 148")
    assert job.is_quiet(0.5), "the program is stopped as well"
    job.seen = b""
    job.type(b"\r")
    job.wait_for(b"tick")
    job.type(b"\x03")
    job.wait_for(b"ended 130")
    assert os.waitstatus_to_exitcode(job.status()) == 0
    os.close(job.fd)
    assert_nothing_left()


@pytest.mark.parametrize(("key", "code"), [(b"\x03", 130), (b"\x1c", 131)])
def test_keys_at_a_terminal_end_the_program(key: bytes, code: int, terminal: Callable[..., Terminal]) -> None:
    job = terminal()
    job.type(key)
    assert os.waitstatus_to_exitcode(job.status()) == code


def test_a_terminal_that_closes_ends_everything(
    tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    (tmp_path / "ticks.py").write_text(TICKS)
    job = Terminal(JITNEY, "run", "-q", tmp_path / "ticks.py", "SIGHUP", "SIGTERM")
    job.wait_for(b"up")
    os.close(job.fd)
    assert os.waitstatus_to_exitcode(os.waitpid(job.pid, 0)[1]) in (129, -signal.SIGHUP)
    assert_nothing_left()
