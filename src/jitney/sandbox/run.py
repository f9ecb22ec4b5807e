"""Session: the boxes of one run, from creation to gone. What is started here is ended here.

with Session(engine) as session:
    box = session.park(box_spec(plan, image))      create, attach, start; init waits
    session.submit(box, job, Stdio(), archive)     nothing blocks yet
    outcome = session.wait(box)                    the loop runs: streams, signals, relays
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from jitney.engine import connect
from jitney.engine.protocol import LABEL, LABEL_OWNER, LABEL_RUN, Attachment, ContainerSpec, Engine
from jitney.errors import EngineError, EngineGone, SandboxError
from jitney.sandbox import outcome as verdicts
from jitney.sandbox.ask import Exchange
from jitney.sandbox.call import Call
from jitney.sandbox.egress import Egress, Resolve, Tunnel, resolve
from jitney.sandbox.frames import ProtocolError, encode
from jitney.sandbox.guard import Guard, Reconnect
from jitney.sandbox.initvolume import fill_volume, is_missing_init
from jitney.sandbox.job import Job, job_frames
from jitney.sandbox.loop import Loop
from jitney.sandbox.outcome import Outcome
from jitney.sandbox.owner import owner
from jitney.sandbox.stdio import Stdio
from jitney.sandbox.wire import Wire

if TYPE_CHECKING:
    from jitney.sandbox.signals import Conduct

START_TRIES = 4
GONE_WAIT_S = 2.0
"""How long the engine is asked about a box whose stream ended without a word."""

_guards: list[Guard] = []
"""Guards that have not left yet; collected at the next session."""


class Box:
    """One started container and the conversation with it."""

    def __init__(self, container: str, wire: Wire, attachment: Attachment) -> None:
        self.container = container
        self.wire = wire
        self.attachment = attachment
        self.job: Job | None = None
        self.egress: Egress | None = None
        self.hung_up = 0
        self.outcome: Outcome | None = None


def _silent(_text: str) -> None:
    pass


class Session:
    """One run id, its boxes and its guard.

    reconnect: how the guard reaches the engine once the client is dead. on_blocked: told the name of each
    refused host
    at once. say: told lines for the user. resolver: names of allowed hosts → addresses.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        reconnect: Reconnect = connect,
        on_blocked: Callable[[str], None] = _silent,
        say: Callable[[str], None] = _silent,
        resolver: Resolve = resolve,
    ) -> None:
        self.run = os.urandom(8).hex()
        self._engine = engine
        self._reconnect = reconnect
        self._on_blocked = on_blocked
        self._say = say
        self._resolver = resolver
        self._loop = Loop()
        self._boxes: list[Box] = []
        self._created: list[str] = []
        self._is_clean = True
        self._guard: Guard | None = None

    def __enter__(self) -> Session:
        _guards[:] = [guard for guard in _guards if not guard.reap()]
        self._guard = Guard(self.run, self._reconnect)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every box and let go; the guard looks after it that all is gone. Twice is harmless."""
        if self._guard is None:
            return
        for box in self._boxes:
            box.wire.close()
        for container in self._created:
            self._remove(container)
        self._loop.close()
        self._guard.release(is_clean=self._is_clean)
        _guards.append(self._guard)
        self._guard = None

    @property
    def labels(self) -> Mapping[str, str]:
        """What everything of this run carries, for those who make something of it themselves."""
        self._note_asked()
        return self._labels()

    def _labels(self) -> dict[str, str]:
        return {LABEL: "run", LABEL_RUN: self.run, LABEL_OWNER: owner()}

    def _note_asked(self) -> None:
        """Before anything is asked for: an interrupted create may still make something."""
        assert self._guard is not None, "inside the with block"
        self._is_clean = False
        self._guard.note_asked()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Around a request that makes something. One that is interrupted stays asked for; one that is refused is not."""
        self._note_asked()
        try:
            yield
        except EngineGone:
            raise
        except EngineError:
            self._note_got()
            raise
        self._note_got()

    def _note_got(self) -> None:
        assert self._guard is not None, "inside the with block"
        self._guard.note_got()

    def volume(self, name: str, options: Mapping[str, str] | None = None) -> str:
        """A volume that goes with the run; returns its full name."""
        full = self._full(name)
        with self._asking():
            self._engine.create_volume(full, self._labels(), options)
        return full

    def volume_name(self, name: str) -> str:
        """The full name of a volume that the caller makes, with `labels`, for this run."""
        self._note_asked()
        return self._full(name)

    def _full(self, name: str) -> str:
        return f"jitney-{self.run}-{name}"

    def tell(self, text: str) -> None:
        """A line for the user, about what takes its time."""
        self._say(text)

    def note_file(self, path: str) -> None:
        """A temporary file or folder that the guard removes should the client be killed."""
        assert self._guard is not None, "inside the with block"
        self._guard.note_file(path)

    # a box's life

    def park(self, spec: ContainerSpec) -> Box:
        """Create, attach, start. init waits for a job."""
        labelled = msgspec.structs.replace(spec, labels={**self._labels(), **spec.labels})
        for attempt in range(START_TRIES):
            try:
                return self._start(labelled)
            except EngineError as error:
                if not is_missing_init(error) or attempt + 1 == START_TRIES:
                    raise
                time.sleep(0.1 * attempt)
                with self._asking():
                    fill_volume(self._engine, labelled)
        raise AssertionError("the loop returns or raises")

    def _start(self, spec: ContainerSpec) -> Box:
        with self._asking():
            container = self._engine.create(spec)
        self._created.append(container)
        attachment: Attachment | None = None
        try:
            attachment = self._engine.attach(container)
            self._engine.start(container, meanwhile=_load_the_rest)
        except BaseException:
            if attachment is not None:
                attachment.close()
            self._remove(container)
            self._created.remove(container)
            raise
        self._created.remove(container)  # from here on its leash and AutoRemove end it
        wire = Wire(self._loop, attachment, self._host_stream, self._on_blocked)
        box = Box(container, wire, attachment)
        self._boxes.append(box)
        return box

    def submit(self, box: Box, job: Job, stdio: Stdio, archive: Iterable[bytes] | None = None) -> None:
        """Hand over the job. archive: a tar whose members are relative to job.root. Returns at once; `wait`
        drives it."""
        assert box.job is None, "a box is used once"
        box.job = job
        box.egress = Egress(self._loop, job.allow_hosts, self._resolver)
        box.wire.submit(_script(job, archive), stdio)
        if job.heartbeat_s:
            box.wire.beat(job.heartbeat_s / 3)

    def ask(self, box: Box, port: int, request: bytes, timeout_s: float) -> bytes | None:
        """One small HTTP exchange with 127.0.0.1:port inside; None: refused, cut, or not in time. Other
        boxes go on."""
        end = time.monotonic() + timeout_s
        self._loop.run(lambda: box.wire.is_ready or box.wire.is_over, timeout_s)
        if not box.wire.is_ready or box.wire.is_over:
            return None
        exchange = Exchange(box.wire, box.wire.window, request)
        exchange.number = box.wire.open_stream(exchange, port)
        self._loop.run(lambda: exchange.is_done or box.wire.is_over, max(0.0, end - time.monotonic()))
        exchange.give_up()
        return exchange.reply

    @property
    def loop(self) -> Loop:
        """For those who watch something beside the boxes."""
        return self._loop

    def call(self, box: Box, port: int, request: bytes) -> Call:
        """An HTTP exchange with 127.0.0.1:port inside whose answer is read as it comes; drive it by `serve_until`."""
        return Call(box.wire, box.wire.window, request).open(box.wire.open_stream, port)

    def serve_until(self, is_done: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Let the boxes go on until is_done() or the time is over; says whether is_done()."""
        return self._loop.run(is_done, timeout_s)

    def serve_for(self, seconds: float) -> None:
        """Let the boxes go on for so long: between two questions."""
        self._loop.run(lambda: False, seconds)

    def serve_until_over(self, box: Box, timeout_s: float) -> bool:
        """Let the boxes go on until this one is over; says whether it is."""
        return self._loop.run(lambda: box.wire.is_over, timeout_s)

    def is_over(self, box: Box) -> bool:
        return box.wire.is_over

    def wait(self, box: Box, *, signals: bool = True) -> Outcome:
        """Drive everything until this box is over. signals: the client's signals are the program's (main
        thread only)."""
        from jitney.sandbox.signals import Caught, Conduct
        from jitney.sandbox.terminal import Terminal

        terminal = Terminal(0) if box.job is not None and box.job.pty is not None else None
        conduct = Conduct(
            self._loop, box.wire, terminal, self._say, lambda number: self._hang_up(box, number)
        )
        try:
            if terminal is not None:
                terminal.raw()
            if signals:
                with Caught(self._loop, conduct.on_signal):
                    return self._wait(box, conduct)
            return self._wait(box, conduct)
        finally:
            if terminal is not None:
                terminal.restore()

    def end(self, box: Box) -> None:
        """End a box that is not over: its leash is cut, it is gone within 0.1 s. Twice is harmless."""
        box.wire.close()

    def _wait(self, box: Box, conduct: Conduct) -> Outcome:
        if box.outcome is None:
            wire = box.wire
            self._loop.run(lambda: _is_finished(wire) or wire.ending.output_broken)
            if not _is_finished(wire):
                conduct.output_broke()
                self._loop.run(lambda: _is_finished(wire))
            try:
                box.outcome = self._conclude(box)
            except ProtocolError as error:
                box.outcome = verdicts.broken(wire.ending, error.message)
            wire.close()
        return box.outcome

    def _conclude(self, box: Box) -> Outcome:
        ending = box.wire.ending
        if box.wire.error is not None:
            raise box.wire.error
        if box.wire.exit is not None:
            return verdicts.conclude(box.wire.exit, ending)
        if box.hung_up:
            return verdicts.hung_up(ending, box.hung_up)
        if not box.wire.is_ready:
            words = box.attachment.stderr_tail.decode("utf-8", "replace").strip()
            if words:
                raise ProtocolError(f"the sandbox's init did not start: {words}")
        try:
            info = self._engine.wait_removed(box.container, GONE_WAIT_S)
        except EngineError:
            return verdicts.gone(ending, engine_lives=False, code=0, oom_killed=False)
        code, oom = (max(0, info.code), info.oom_killed) if info is not None else (0, False)
        return verdicts.gone(ending, engine_lives=True, code=code, oom_killed=oom)

    def _hang_up(self, box: Box, number: int) -> None:
        if not box.wire.is_over:
            box.hung_up = number
            box.wire.close()

    def _host_stream(self, wire: Wire, number: int, text: str) -> Tunnel | None:
        for box in self._boxes:
            if box.wire is wire and box.egress is not None:
                return box.egress.host_stream(wire, wire.window, number, text)
        return None

    def _remove(self, container: str) -> None:
        try:
            self._engine.remove(container)
        except EngineError:  # the guard tries again
            return


def _load_the_rest() -> None:
    """What a box needs once it runs: imported while the engine starts it, which takes longer."""
    import jitney.sandbox.archive
    import jitney.sandbox.signals
    import jitney.sandbox.terminal  # noqa: F401


def _is_finished(wire: Wire) -> bool:
    return wire.is_over and not wire.has_unwritten_output


def _script(job: Job, archive: Iterable[bytes] | None) -> Iterator[bytes]:
    from jitney.sandbox.archive import archive_frames

    yield from job_frames(job)
    yield from archive_frames(job, archive)
    yield encode(b"G")


__all__ = ["Box", "Job", "Outcome", "SandboxError", "Session", "Stdio"]
