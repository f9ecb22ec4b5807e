"""An init in Python on a socket pair: what docs/protocol.md says, without processes. Runs in a thread of the
test."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable

from jitney.sandbox.frames import TO_INIT, Decoder, encode

CREDIT = 1 << 20
WINDOW = 256 << 10


class PairAttachment:
    """An Attachment over one end of a socket pair."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        self.eof = False
        self.stderr_tail = b""

    def fileno(self) -> int:
        return self._end.fileno()

    def recv_stdout(self) -> bytes:
        try:
            data = self._end.recv(256 << 10)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        self.eof = not data
        return data

    def send(self, data: bytes | memoryview) -> int:
        try:
            return self._end.send(data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        self._end.close()


class FakeInit:
    """Says ready, gathers what the client sends, and calls `program(self)` in its thread after `G`.

    `fed` bytes of D are gathered and their credit returned at once unless `hold_credit`.
    """

    def __init__(
        self, program: Callable[[FakeInit], None], *, hold_credit: bool = False, version: int = 1
    ) -> None:
        ours, self._end = socket.socketpair()
        self.attachment = PairAttachment(ours)
        self.kinds: list[str] = []
        self.job = b""
        self.archive = b""
        self.fed = bytearray()
        self.most_unreturned = 0
        self.got: dict[str, list[tuple[int, bytes]]] = {}
        self.go = threading.Event()
        self.input_ended = threading.Event()
        self.changed = threading.Condition()
        self._hold = hold_credit
        self._unreturned = 0
        self._is_gone = False
        self._lock = threading.Lock()
        self.send(b"r", struct.pack(">HII", version, CREDIT, WINDOW))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._program = threading.Thread(target=self._run, args=(program,), daemon=True)
        self._reader.start()
        self._program.start()

    def send(self, kind: bytes, payload: bytes = b"", stream: int = 0) -> None:
        with self._lock:
            self._end.sendall(encode(kind, payload, stream))

    def send_raw(self, data: bytes) -> None:
        with self._lock:
            self._end.sendall(data)

    def exit(self, code: int = 0, signal: int = 0, cause: bytes = b"e", flags: int = 0) -> None:
        self.send(b"x", struct.pack(">BBBBIQQQ", code, signal, cause[0], flags, 1024, 1000, 2000, 3000))

    def give_credit(self, amount: int) -> None:
        with self.changed:
            self._unreturned -= amount
        self.send(b"k", amount.to_bytes(4, "big"))

    def wait_for(self, kind: str, count: int = 1) -> list[tuple[int, bytes]]:
        """Frames of a type, once there are so many."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.got.get(kind, [])) >= count, 10), (
                f"no {kind} frame came"
            )
            return list(self.got[kind])

    def hang_up(self) -> None:
        self._end.shutdown(socket.SHUT_RDWR)

    def join(self) -> None:
        self._program.join(10)
        assert not self._program.is_alive()
        self.hang_up() if self._reader.is_alive() else None
        self._reader.join(10)
        self._end.close()

    def _run(self, program: Callable[[FakeInit], None]) -> None:
        if self.go.wait(10) and not self._is_gone:
            try:
                program(self)
            except OSError:
                return

    def _read(self) -> None:
        self._serve()
        self._is_gone = not self.go.is_set()
        self.go.set()

    def _serve(self) -> None:
        decoder = Decoder(TO_INIT, frozenset())
        while data := self._recv():
            try:
                for kind, stream, payload in decoder.feed(data):
                    self._take(chr(kind), stream, bytes(payload))
            except OSError:  # the client hung up while it was answered
                return

    def _recv(self) -> bytes:
        try:
            return self._end.recv(65536)
        except OSError:
            return b""

    def _take(self, kind: str, stream: int, payload: bytes) -> None:
        if not self.kinds or self.kinds[-1] != kind:
            self.kinds.append(kind)
        if kind == "J":
            self.job += payload
        elif kind == "F":
            self.archive += payload
        elif kind == "D":
            self._feed(payload)
        elif kind == "E":
            self.input_ended.set()
        elif kind == "G":
            self.send(b"g", (42).to_bytes(4, "big"))
            self.go.set()
        with self.changed:
            self.got.setdefault(kind, []).append((stream, payload))
            self.changed.notify_all()

    def _feed(self, payload: bytes) -> None:
        self.fed += payload
        with self.changed:
            self._unreturned += len(payload)
        self.most_unreturned = max(self.most_unreturned, self._unreturned)
        if not self._hold:
            self.give_credit(len(payload))
