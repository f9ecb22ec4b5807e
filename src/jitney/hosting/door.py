"""The gateway of a service: `jitney.serve` as a process of its own on this machine, told of its runtimes by lines.

    us ─ stdin: `gone NAME why`, `back NAME` ─► gateway ─ stdout: `listening: …`, `say: …`, `want: embeddings NAME` ─► us
Its standard input ends with us, whatever ends us, and the gateway with it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

import msgspec

from jitney.errors import BusyError, UsageError
from jitney.sandbox.loop import READ, Loop
from jitney.serve.settings import Settings, write_settings

BACKLOG = 1024
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a service listens. key: which clients have to show, empty: none; origins: of web pages that may ask."""

    host: str = "127.0.0.1"
    port: int = 8080
    key: str = ""
    origins: tuple[str, ...] = ()


def bind(address: Address) -> socket.socket:
    """A listening socket, before anything is fetched or started. UsageError: public without a key; BusyError: taken."""
    if address.host not in LOOPBACK and not address.key:
        raise UsageError(
            f"--host {address.host} would let everybody who reaches this machine use the models",
            "--api-key FILE (or JITNEY_API_KEY) asks clients for a key\n"
            "--host 127.0.0.1 (the default) serves this machine alone",
        )
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
        listener.listen(BACKLOG)
    except PermissionError as error:
        raise UsageError(
            f"port {address.port} is for root alone", "--port 8080, or any above 1023"
        ) from error
    except OSError as error:
        listener.close()
        if error.errno == 98:  # EADDRINUSE
            raise BusyError(
                f"port {address.port} is taken",
                "--port 0 takes a free one; jitney ps shows what Jitney serves",
            ) from error
        raise UsageError(f"{address.host}:{address.port}: {error.strerror}") from error
    return listener


def url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104  shown, not bound
    return f"http://{shown}:{port}"


class Door:
    """The process. on_line: hears its lines, from the loop; on_end: that it is over."""

    def __init__(
        self,
        loop: Loop,
        settings: Settings,
        listener: socket.socket,
        key: str,
        on_line: Callable[[str], None],
    ) -> None:
        self._loop = loop
        self._on_line = on_line
        self._rest = b""
        self.is_over = False
        key_fd = _pipe_with(key) if key else -1
        told = msgspec.structs.replace(
            settings, fd=listener.fileno(), api_key_fd=key_fd, has_parent=True, guarded=True, strict=True
        )
        fds = (listener.fileno(), *((key_fd,) if key_fd >= 0 else ()))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jitney.serve", write_settings(told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=fds,
            cwd="/",
            start_new_session=True,  # a terminal's Ctrl-C is ours: we drain it
            env={**os.environ, "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"},
        )
        if key_fd >= 0:
            os.close(key_fd)
        assert self._process.stdout is not None
        self._out = self._process.stdout.fileno()
        os.set_blocking(self._out, False)
        loop.watch(self._out, READ, self._on_readable)

    def tell(self, line: str) -> None:
        """One line of news. A dead gateway hears nothing."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.replace("\n", " ").encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return

    def drain(self) -> None:
        """No new requests; those under way may end. A second time: at once."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def close(self) -> int:
        """Its end, now. Returns its exit code. Twice is harmless."""
        self._forget()
        if self._process.poll() is None:
            self._process.kill()
        return self._process.wait()

    def _on_readable(self, _events: int) -> None:
        try:
            data = os.read(self._out, 65536)
        except BlockingIOError:
            return
        if not data:
            self._forget()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._on_line(line.decode("utf-8", "replace"))

    def _forget(self) -> None:
        if not self.is_over:
            self._loop.forget(self._out)
            self.is_over = True


def _pipe_with(key: str) -> int:
    """The reading end of a pipe that holds the key: it stands in no argument, no environment and no file."""
    reader, writer = os.pipe()
    data = key.encode() + b"\n"
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, max(4096, len(data)))
    os.write(writer, data)
    os.close(writer)
    return reader
