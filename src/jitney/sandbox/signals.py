"""Signals of the client, as if the program ran on this machine.

    INT  to the program; the second is passed on with a warning, the third kills
    TERM to the program; after a grace, it is killed            HUP   everything ends
    QUIT USR1 USR2  to the program                              WINCH the program's terminal changes its size
    TSTP the program is stopped, then the client; CONT lets both go on
They arrive in the loop through a pipe, never in the middle of something.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from types import FrameType, TracebackType

from jitney.sandbox.loop import READ, Loop
from jitney.sandbox.outcome import Ending
from jitney.sandbox.terminal import Terminal, window_size
from jitney.sandbox.wire import Wire

TERM_GRACE_S = 5.0
KILL_WAIT_S = 3.0
"""How long a killed program may take to be gone before the leash is cut."""

_CAUGHT = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
    signal.SIGTSTP,
)


class Caught:
    """Installs handlers that only wake the loop; `on_signal` is called from it. Outside the main thread:
    nothing."""

    def __init__(self, loop: Loop, on_signal: Callable[[int], None]) -> None:
        self._loop = loop
        self._on_signal = on_signal
        self._old: dict[int, object] = {}
        self._old_wakeup = -1
        self._pair: tuple[socket.socket, socket.socket] | None = None

    def __enter__(self) -> None:
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        try:
            self._old_wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        except ValueError:  # not the main thread
            reader.close()
            writer.close()
            return
        self._pair = (reader, writer)
        for number in _CAUGHT:
            self._old[number] = signal.getsignal(number)
            if self._old[number] is not signal.SIG_IGN or number == signal.SIGWINCH:  # nohup stays nohup
                signal.signal(number, _wake)
        self._loop.watch(reader.fileno(), READ, self._on_readable)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pair is None:
            return
        for number, old in self._old.items():
            signal.signal(number, old if old is not None else signal.SIG_DFL)  # type: ignore[arg-type]  # from getsignal
        signal.set_wakeup_fd(self._old_wakeup)
        self._loop.forget(self._pair[0].fileno())
        for end in self._pair:
            end.close()

    def _on_readable(self, _events: int) -> None:
        assert self._pair is not None
        for number in self._pair[0].recv(512):
            self._on_signal(number)


def _wake(_number: int, _frame: FrameType | None) -> None:
    """Exists so that the wake-up descriptor is written."""


class Conduct:
    """What each signal means for one program. say: a line for the user; hang_up: cut the leash, with this
    exit signal."""

    def __init__(
        self,
        loop: Loop,
        wire: Wire,
        terminal: Terminal | None,
        say: Callable[[str], None],
        hang_up: Callable[[int], None],
    ) -> None:
        self._loop = loop
        self._wire = wire
        self._terminal = terminal
        self._say = say
        self._hang_up = hang_up
        self._interrupts = 0

    @property
    def ending(self) -> Ending:
        return self._wire.ending

    def on_signal(self, number: int) -> None:
        if self._wire.is_over:
            self._let_go(number)
        elif number == signal.SIGINT:
            self._interrupt()
        elif number == signal.SIGTERM:
            self._terminate()
        elif number == signal.SIGHUP:
            self._hang_up(number)
        elif number == signal.SIGWINCH:
            self._resize()
        elif number == signal.SIGTSTP:
            self._stop()
        else:
            self._pass_on(number)

    def output_broke(self) -> None:
        """Nobody reads the program's output: SIGPIPE, and an end for programs that ignore it."""
        self._wire.send_signal(signal.SIGPIPE)
        self._loop.after(0.2, self._kill)

    def _let_go(self, number: int) -> None:
        """The program is over, and its last output waits for a reader: do not wait any longer."""
        if number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            self._wire.close()

    def _pass_on(self, number: int) -> None:
        self.ending.asked = number
        self._wire.send_signal(number)

    def _interrupt(self) -> None:
        self._interrupts += 1
        if self._interrupts >= 3:
            self._say("killed")
            self._kill()
            return
        if self._interrupts == 2:
            self._say("the program was asked twice to end; Ctrl-C once more kills it")
        self._pass_on(signal.SIGINT)

    def _terminate(self) -> None:
        self._pass_on(signal.SIGTERM)
        self._loop.after(TERM_GRACE_S, self._kill)

    def _kill(self) -> None:
        if self._wire.is_over:
            return
        self._wire.send_signal(signal.SIGKILL)
        self._loop.after(KILL_WAIT_S, lambda: self._hang_up(signal.SIGKILL))

    def _resize(self) -> None:
        size = window_size(0) or window_size(1)
        if size is not None and self._terminal is not None:
            self._wire.post(b"W", size[0].to_bytes(2, "big") + size[1].to_bytes(2, "big"))

    def _stop(self) -> None:
        """The program first, then the client itself; both go on together."""
        self._wire.send_signal(signal.SIGSTOP)
        if self._terminal is not None:
            self._terminal.restore()
        caught = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, caught)
        if self._terminal is not None:
            self._terminal.raw()
        self._wire.send_signal(signal.SIGCONT)
