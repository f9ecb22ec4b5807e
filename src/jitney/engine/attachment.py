"""An attached container: Docker's multiplexed stream taken apart.

Each piece has a head of 8 bytes: stream (1 stdout, 2 stderr), three zero bytes, length (big-endian u32).
"""

from __future__ import annotations

import socket

STDERR_TAIL = 16 << 10
READ_SIZE = 256 << 10
HEAD = 8
STDERR = 2


class Demultiplexer:
    """Bytes in, in any pieces; stdout out; the end of stderr is kept in `stderr_tail`."""

    def __init__(self) -> None:
        self.stderr_tail = b""
        self._head = b""
        self._stream = 0
        self._left = 0

    def feed(self, data: memoryview) -> bytes:
        """What of `data` is stdout, joined."""
        pieces: list[memoryview] = []
        at = 0
        end = len(data)
        while at < end:
            if not self._left:
                at = self._take_head(data, at)
                continue
            piece = data[at : at + self._left]
            at += len(piece)
            self._left -= len(piece)
            if self._stream == STDERR:
                self.stderr_tail = (self.stderr_tail + bytes(piece))[-STDERR_TAIL:]
            else:
                pieces.append(piece)
        return b"".join(pieces)

    def _take_head(self, data: memoryview, at: int) -> int:
        wanted = HEAD - len(self._head)
        self._head += bytes(data[at : at + wanted])
        if len(self._head) == HEAD:
            self._stream = self._head[0]
            self._left = int.from_bytes(self._head[4:])
            self._head = b""
        return min(at + wanted, len(data))


class SocketAttachment:
    """An Attachment over the hijacked socket. Never blocks: wait for `fileno()` with select.

    stderr_tail: the last 16 KiB of the container's standard error.
    """

    def __init__(self, connection: socket.socket, early: bytes) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._early = early
        self._buffer = bytearray(READ_SIZE)
        self._view = memoryview(self._buffer)
        self._stdout = Demultiplexer()
        self._deaf = False
        self.eof = False
        self.stderr_tail = b""

    def fileno(self) -> int:
        return self._socket.fileno()

    def recv_stdout(self) -> bytes:
        """At most 256 KiB of stdout; b"" where nothing is there yet, or (see `eof`) ever will be."""
        if self._early:
            early, self._early = self._early, b""
            return self._take(memoryview(early))
        try:
            count = self._socket.recv_into(self._buffer)
        except BlockingIOError:
            return b""
        except OSError:
            count = 0
        if not count:
            self.eof = True
            return b""
        return self._take(self._view[:count])

    def _take(self, data: memoryview) -> bytes:
        stdout = self._stdout.feed(data)
        self.stderr_tail = self._stdout.stderr_tail
        return stdout

    def send(self, data: bytes | memoryview) -> int:
        """How many bytes were taken; 0 where none can be now. Once the container is over, all is taken and
        dropped: the reader sees `eof`."""
        if self._deaf:
            return len(data)
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self._deaf = True
            return len(data)

    def close(self) -> None:
        """Lets go of the container; its stdin ends. Harmless twice."""
        self.eof = True
        self._socket.close()
