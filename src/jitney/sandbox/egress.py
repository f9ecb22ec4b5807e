"""Egress: connections of the program to allowed hosts, made by the client, for one box.

    program ── 127.77.0.n ── init ══ stream C ══ Tunnel ── socket ── the host itself
TLS is the program's own: nothing is read here. The name is checked against the job's list again and resolved
on this side.
"""

from __future__ import annotations

import errno
import socket
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jitney.errors import SandboxError
from jitney.sandbox.job import split_host
from jitney.sandbox.loop import READ, WRITE, Loop
from jitney.sandbox.streams import Post, Window

Address = tuple[int, Any]
"""Address family, and the address as that family's sockets take it."""

Resolve = Callable[[str, int], list[Address]]

_READ_SIZE = 65536


def resolve(host: str, port: int, pinned: Mapping[str, str] | None = None) -> list[Address]:
    """The host's addresses as this machine knows them, or the one that is pinned for `host:port`; empty: there are none.

    A name of the world that leads to this machine itself, or to where a cloud's metadata service lies, is a trick (DNS
    rebinding): such addresses count only when they are pinned, by the user's own word.
    """
    own = (pinned or {}).get(f"{host}:{port}", "")
    try:
        found = socket.getaddrinfo(own or host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    addresses = [(int(family), address) for family, _, _, _, address in found]
    return [one for one in addresses if own or not _is_near(str(one[1][0]))]


def _is_near(address: str) -> bool:
    """Link-local, loopback or unspecified, also when written as IPv6."""
    plain = address.lower().removeprefix("::ffff:")
    return plain in ("::", "::1") or plain.startswith(
        ("127.", "0.", "169.254.", "fe8", "fe9", "fea", "feb", "fd00:ec2:")
    )


class Egress:
    """The hosts that one job may reach. `host_stream` refuses (None) everything else."""

    def __init__(self, loop: Loop, allow_hosts: Iterable[str], resolver: Resolve = resolve) -> None:
        self._loop = loop
        self._allowed = {split_host(host) for host in allow_hosts}
        self._resolver = resolver

    def host_stream(self, post: Post, window: int, number: int, text: str) -> Tunnel | None:
        try:
            host, port = split_host(text)
        except SandboxError:
            return None
        if (host, port) not in self._allowed:
            return None
        addresses = self._resolver(host, port)
        return Tunnel(self._loop, post, number, window, addresses) if addresses else None


class Tunnel:
    """One connection: tries the addresses in turn, then passes bytes both ways within the windows, with
    half-close."""

    def __init__(self, loop: Loop, post: Post, number: int, window: int, addresses: list[Address]) -> None:
        self._loop = loop
        self._post = post
        self._number = number
        self._addresses = deque(addresses)
        self._inbound = Window(window)
        self._outbound = window
        self._waiting: deque[bytes] = deque()
        self._is_connected = False
        self._has_box_ended = False
        self._has_host_ended = False
        self._socket: socket.socket | None = None
        self._loop.after(0, self._connect)  # not at once: a refusal must come after the stream is known

    # from the box

    def opened(self) -> None:
        pass

    def data(self, piece: bytes | memoryview) -> None:
        self._inbound.arrive(len(piece))
        self._waiting.append(bytes(piece))
        self._write()

    def ended(self) -> None:
        self._has_box_ended = True
        self._write()

    def credit(self, amount: int) -> None:
        self._outbound += amount
        self._watch()

    def resume(self) -> None:
        self._watch()

    def reset(self) -> None:
        """The box is done with it."""
        self._number = 0
        self._close()

    # towards the host

    def _connect(self) -> None:
        self._close_socket()
        if not self._number:
            return
        if not self._addresses:
            self._refuse()
            return
        family, address = self._addresses.popleft()
        try:
            self._socket = socket.socket(family, socket.SOCK_STREAM)
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = self._socket.connect_ex(address)
        except OSError as error:
            code = error.errno or errno.EINVAL
        if code in (0, errno.EINPROGRESS) and self._socket is not None:
            self._loop.watch(self._socket.fileno(), WRITE, self._on_event)
        else:
            self._connect()

    def _on_event(self, events: int) -> None:
        if self._socket is None:
            return
        if not self._is_connected:
            if self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._connect()
                return
            self._is_connected = True
        if events & WRITE:
            self._write()
        if events & READ and self._socket is not None:
            self._read()

    def _write(self) -> None:
        while self._waiting and self._is_connected and self._socket is not None:
            try:
                sent = self._socket.send(self._waiting[0])
            except BlockingIOError:
                break
            except OSError:
                self._refuse()
                return
            back = self._inbound.take(sent)
            if back:
                self._post.post(b"K", back.to_bytes(4, "big"), self._number)
            self._waiting[0] = self._waiting[0][sent:]
            if not self._waiting[0]:
                self._waiting.popleft()
        if self._has_box_ended and not self._waiting and self._is_connected:
            self._shut()
        self._watch()

    def _shut(self) -> None:
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_WR)
            except OSError as error:
                if error.errno != errno.ENOTCONN:
                    raise
        if self._has_host_ended:
            self._finish()

    def _read(self) -> None:
        assert self._socket is not None
        if self._outbound <= 0 or self._post.is_full:
            self._watch()
            return
        try:
            data = self._socket.recv(min(_READ_SIZE, self._outbound))
        except BlockingIOError:
            return
        except OSError:
            self._refuse()
            return
        if data:
            self._outbound -= len(data)
            self._post.post(b"M", data, self._number)
            self._watch()
            return
        self._has_host_ended = True
        self._post.post(b"Q", b"", self._number)
        if self._has_box_ended and not self._waiting:
            self._finish()
        else:
            self._watch()

    def _watch(self) -> None:
        if self._socket is None or not self._is_connected:
            return
        events = WRITE if self._waiting else 0
        if self._outbound > 0 and not self._has_host_ended and not self._post.is_full:
            events |= READ
        self._loop.watch(self._socket.fileno(), events, self._on_event)

    # ends

    def _finish(self) -> None:
        number, self._number = self._number, 0
        self._close()
        self._post.drop_stream(number)

    def _refuse(self) -> None:
        number, self._number = self._number, 0
        self._close()
        if number:
            self._post.post(b"R", b"", number)
            self._post.drop_stream(number)

    def _close(self) -> None:
        self._waiting.clear()
        self._addresses.clear()
        self._close_socket()

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._loop.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None
