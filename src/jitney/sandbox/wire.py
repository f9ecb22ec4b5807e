"""Wire: the conversation with one box, on the client's side. Sends the job and the input, takes the output
and the end.

script (J, F, f, G) ─┐
input (D, E) ────────┼─► queue ─► attachment ─► init
control, streams ────┘
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from struct import Struct

from jitney.engine.protocol import Attachment
from jitney.errors import EngineError
from jitney.sandbox.frames import MAX_PAYLOAD, VERSION, Decoder, ProtocolError, encode
from jitney.sandbox.loop import READ, WRITE, Loop
from jitney.sandbox.outcome import Ending, ExitFrame, read_exit
from jitney.sandbox.stdio import READ_SIZE, Input, Output, Stdio
from jitney.sandbox.streams import Stream

HIGH_WATER = 256 << 10
"""Bytes queued towards init above which nothing new is read for it."""

_READY = Struct(">HII")
_U32 = Struct(">I")

OpenStream = Callable[["Wire", int, str], Stream | None]


class Wire:
    """One box's frames. `exit` is set by `x`, `error` by a frame that is not allowed; `is_over`: nothing
    more will come.

    on_host: makes the stream for a connection to `host:port` that the program asks for, None: refused.
    on_blocked: told each refused name at once.
    """

    def __init__(
        self, loop: Loop, attachment: Attachment, on_host: OpenStream, on_blocked: Callable[[str], None]
    ) -> None:
        self.ending = Ending(blocked=[])
        self.exit: ExitFrame | None = None
        self.error: ProtocolError | None = None
        self.is_over = False
        self.is_ready = False
        self._loop = loop
        self._attachment = attachment
        self._on_host = on_host
        self._on_blocked = on_blocked
        self._decoder = Decoder()
        self._queue: deque[bytes | memoryview] = deque()
        self._queued = 0
        self._was_full = False
        self._script: Iterator[bytes] | None = None
        self._input: Input | None = None
        self._is_input_waiting = False
        self._credit = 0
        self._window = 0
        self._outputs: dict[str, Output] = {}
        self._streams: dict[int, Stream] = {}
        self._next_stream = 1
        self._events = 0
        self._handlers: dict[int, Callable[[int, bytes | memoryview], None]] = {
            ord(letter): handler
            for letter, handler in {
                "r": self._on_ready, "g": self._on_started, "o": self._on_output, "e": self._on_errors,
                "k": self._on_credit, "b": self._on_name, "C": self._on_connect, "m": self._on_data,
                "q": self._on_end, "R": self._on_reset, "K": self._on_window, "A": self._on_open,
                "x": self._on_exit, "!": self._on_refusal,
            }.items()
        }  # fmt: skip
        self._rewatch()

    # what the session asks for

    def submit(self, script: Iterator[bytes], stdio: Stdio) -> None:
        """Start sending the job; `script` is drawn from as there is room. An error in it comes out of the
        loop."""
        assert self._script is None and self._input is None, "one job a box"
        self._script = script
        self._input = Input(stdio.stdin)
        self._outputs = {"o": Output(stdio.stdout), "e": Output(stdio.stderr)}
        self._pump()

    def send_signal(self, number: int) -> None:
        self.post(b"S", bytes((number,)))

    def beat(self, every_s: float) -> None:
        """Heartbeats from now on, while the loop runs."""
        self.post(b"H")
        if not self.is_over:
            self._loop.after(every_s, lambda: self.beat(every_s))

    def post(self, kind: bytes, payload: bytes | memoryview = b"", stream: int = 0) -> None:
        if self.is_over:
            return
        self._enqueue(encode(kind, payload, stream))
        self._flush()
        self._rewatch()

    @property
    def is_full(self) -> bool:
        return self._queued >= HIGH_WATER

    @property
    def window(self) -> int:
        return self._window

    def open_stream(self, stream: Stream, port: int) -> int:
        """Ask init to connect to a loopback port of the box; the stream is told `opened` or `reset`."""
        number = self._next_stream
        self._next_stream += 2
        if self._next_stream > 0xFFFF:
            self._next_stream = 1
        self._streams[number] = stream
        self.post(b"O", port.to_bytes(2, "big"), number)
        return number

    def drop_stream(self, stream: int) -> None:
        self._streams.pop(stream, None)

    def close(self) -> None:
        """End the leash. What was not written yet is dropped. Twice is harmless."""
        self.is_over = True
        self._loop.forget(self._attachment.fileno() if self._events else -1)
        self._events = 0
        self._attachment.close()
        if self._is_input_waiting and self._input is not None:
            self._loop.forget(self._input.fd)
            self._is_input_waiting = False
        for output in self._outputs.values():
            if output.fd >= 0:
                self._loop.forget(output.fd)
            output.close()
        for stream in list(self._streams.values()):
            stream.reset()
        self._streams.clear()

    @property
    def has_unwritten_output(self) -> bool:
        return any(output.pending for output in self._outputs.values())

    # towards init

    def _enqueue(self, frame: bytes) -> None:
        self._queue.append(frame)
        self._queued += len(frame)
        self._was_full |= self.is_full

    def _pump(self) -> None:
        """Fill the queue from the script, then from the input, as far as there is room; send; set what is
        watched."""
        while self._script is not None and not self.is_full:
            frame = next(self._script, None)
            if frame is None:
                self._script = None
            else:
                self._enqueue(frame)
                self._flush()
        if self._script is None and self._input is not None:
            self._feed(self._input)
        self._flush()
        self._rewatch()

    def _feed(self, source: Input) -> None:
        """Input that is always ready is read here; what must be waited for is read when the loop says so."""
        while self._credit > 0 and not self.is_full and self._input is not None:
            if source.fd >= 0 and self._loop.watch(source.fd, READ, self._on_input):
                self._is_input_waiting = True
                return
            self._read_input(source)
            self._flush()
        if self._is_input_waiting:
            self._loop.forget(source.fd)
            self._is_input_waiting = False

    def _on_input(self, _events: int) -> None:
        if self._input is not None:
            self._read_input(self._input)
            self._pump()

    def _read_input(self, source: Input) -> None:
        data = source.read(min(READ_SIZE, MAX_PAYLOAD, self._credit))
        if data is None:
            return
        if data:
            self._credit -= len(data)
            self._enqueue(encode(b"D", data))
            return
        self._enqueue(encode(b"E"))
        if self._is_input_waiting:
            self._loop.forget(source.fd)
            self._is_input_waiting = False
        self._input = None

    def _flush(self) -> None:
        while self._queue and not self.is_over:
            frame = self._queue[0]
            try:
                sent = self._attachment.send(frame)
            except (EngineError, OSError):  # the stream broke: why, the session finds out
                self.is_over = True
                return
            self._queued -= sent
            if sent == len(frame):
                self._queue.popleft()
                continue
            if sent:
                self._queue[0] = memoryview(frame)[sent:]
                continue
            return

    # the loop's side

    def _rewatch(self) -> None:
        events = 0
        if not self.is_over:
            events = (0 if self.has_unwritten_output else READ) | (WRITE if self._has_more else 0)
        if events != self._events:
            self._loop.watch(self._attachment.fileno(), events, self._on_event)
            self._events = events

    @property
    def _has_more(self) -> bool:
        """Something to send, or somebody who stopped because the queue was full, even if it is empty again by now."""
        has_input = self._input is not None and not self._is_input_waiting and self._credit > 0
        return bool(self._queue) or self._was_full or self._script is not None or has_input

    def _on_event(self, events: int) -> None:
        if events & WRITE:
            self._pump()
            if not self.is_full:
                self._was_full = False
                for stream in list(self._streams.values()):
                    stream.resume()
        if events & READ:
            self._receive()
        self._rewatch()

    def _receive(self) -> None:
        try:
            chunk = self._attachment.recv_stdout()
        except (EngineError, OSError):  # as in _flush
            self.is_over = True
            return
        try:
            for kind, stream, payload in self._decoder.feed(chunk):
                self._handlers[kind](stream, payload)
        except ProtocolError as error:  # this box ends; others of the session go on
            self.error, self.is_over = error, True
        if self._attachment.eof or self.exit is not None:
            self.is_over = True
        for output in self._outputs.values():
            if output.pending and not output.flush():
                self._loop.watch(output.fd, WRITE, self._on_writable)
        self._note_broken()

    def _on_output(self, _stream: int, payload: bytes | memoryview) -> None:
        if output := self._outputs.get("o"):
            output.take(payload)

    def _on_errors(self, _stream: int, payload: bytes | memoryview) -> None:
        if output := self._outputs.get("e"):
            output.take(payload)

    def _on_writable(self, _events: int) -> None:
        for output in self._outputs.values():
            if output.pending and output.flush():
                self._loop.watch(output.fd, 0, self._on_writable)
        self._note_broken()
        self._rewatch()

    def _note_broken(self) -> None:
        output = self._outputs.get("o")
        if output is not None and output.is_broken:
            self.ending.output_broken = True

    # from init

    def _on_ready(self, _stream: int, payload: bytes | memoryview) -> None:
        if len(payload) != _READY.size:
            raise ProtocolError(f"the sandbox's first frame has {len(payload)} bytes, expected {_READY.size}")
        version, self._credit, self._window = _READY.unpack(payload)
        if version != VERSION:
            raise ProtocolError(f"the sandbox speaks version {version} of the protocol, expected {VERSION}")
        self.is_ready = True
        self._pump()

    def _on_started(self, _stream: int, _payload: bytes | memoryview) -> None:
        self.ending.started = True

    def _on_credit(self, _stream: int, payload: bytes | memoryview) -> None:
        self._credit += _u32(payload)
        self._pump()

    def _on_name(self, _stream: int, payload: bytes | memoryview) -> None:
        name = bytes(payload).decode("utf-8", "replace")
        if name not in self.ending.blocked:
            self.ending.blocked.append(name)
            self._on_blocked(name)

    def _on_exit(self, _stream: int, payload: bytes | memoryview) -> None:
        self.exit = read_exit(payload)

    def _on_refusal(self, _stream: int, payload: bytes | memoryview) -> None:
        self.ending.refusal = bytes(payload).decode("utf-8", "replace")

    def _on_connect(self, number: int, payload: bytes | memoryview) -> None:
        if number % 2 or not number or number in self._streams:
            raise ProtocolError(f"the sandbox opened a stream with the number {number}, which it may not use")
        stream = self._on_host(self, number, bytes(payload).decode("utf-8", "replace"))
        if stream is None:
            self.post(b"R", b"", number)
        else:
            self._streams[number] = stream

    def _on_open(self, number: int, _payload: bytes | memoryview) -> None:
        if stream := self._streams.get(number):
            stream.opened()

    def _on_data(self, number: int, payload: bytes | memoryview) -> None:
        if stream := self._streams.get(number):  # none: it was reset while this was under way
            stream.data(payload)

    def _on_end(self, number: int, _payload: bytes | memoryview) -> None:
        if stream := self._streams.get(number):
            stream.ended()

    def _on_reset(self, number: int, _payload: bytes | memoryview) -> None:
        if stream := self._streams.pop(number, None):
            stream.reset()

    def _on_window(self, number: int, payload: bytes | memoryview) -> None:
        amount = _u32(payload)
        if stream := self._streams.get(number):
            stream.credit(amount)


def _u32(payload: bytes | memoryview) -> int:
    if len(payload) != _U32.size:
        raise ProtocolError(f"the sandbox sent a credit of {len(payload)} bytes, expected 4")
    value: int = _U32.unpack(payload)[0]
    return value
