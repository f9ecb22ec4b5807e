"""Job: what a box is to run, and its records (docs/protocol.md §4). It reaches init in a frame, so `inspect`
shows nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from struct import pack

import msgspec

from jitney.errors import SandboxError
from jitney.sandbox.frames import encode_long

MAX_JOB = 4 << 20
"""Bytes of all records together."""


class Relay(msgspec.Struct, frozen=True):
    """The program's loopback `port` leads to the Unix socket `path`."""

    port: int
    path: str


class Serve(msgspec.Struct, frozen=True):
    """The Unix socket `path` leads to the program's loopback `port`."""

    path: str
    port: int


class Job(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is run in a box. Times in seconds, 0: none.

    argv: complete; env: the whole environment. root: where the archives are unpacked. secrets: file name →
    value, they
    become /run/secrets/NAME, mode 0400. pty: (rows, columns) of a terminal, None: pipes. grace_s: between
    SIGTERM and
    SIGKILL. heartbeat_s: longest silence of the client. allow_hosts: `name:port`. names: lead to the box itself, to the
    ports of its relays. dns: answer (and report)
    every name.
    lo_only: refuse to start when there is a network.
    files: absolute path → bytes, mode 0444, for folders that are tmpfs.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = {}
    workdir: str = "/src"
    root: str = "/src"
    secrets: Mapping[str, bytes] = {}
    files: Mapping[str, bytes] = {}
    pty: tuple[int, int] | None = None
    deadline_s: float = 0.0
    grace_s: float = 0.0
    heartbeat_s: float = 0.0
    relays: tuple[Relay, ...] = ()
    serves: tuple[Serve, ...] = ()
    allow_hosts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    dns: bool = True
    lo_only: bool = True


def records(job: Job) -> bytes:
    """The job's records, joined. SandboxError: a NUL in a word, or more than MAX_JOB bytes."""
    data = b"".join(pack(">cI", tag, len(value)) + value for tag, value in _records(job))
    if len(data) > MAX_JOB:
        raise SandboxError(
            f"arguments and environment take {len(data)} bytes, more than {MAX_JOB}",
            "hand large input over by standard input or in a file",
        )
    return data


def job_frames(job: Job) -> Iterator[bytes]:
    return encode_long(b"J", records(job))


def split_host(text: str) -> tuple[str, int]:
    """`name:port` → name in lower case without a trailing dot, port. SandboxError when it is not that."""
    name, colon, port = text.rpartition(":")
    if not colon or not name or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise SandboxError(f"{text!r} is not a host and a port", "write it as --allow-host NAME:PORT")
    return name.lower().rstrip("."), int(port)


def _records(job: Job) -> Iterator[tuple[bytes, bytes]]:
    if not job.argv:
        raise SandboxError("nothing to run: the command is empty")
    yield b"o", _text(_root(job))
    for word in job.argv:
        yield b"a", _text(word)
    for name, value in job.env.items():
        if not name or "=" in name:
            raise SandboxError(f"{name!r} cannot be the name of an environment variable")
        yield b"e", _text(f"{name}={value}")
    yield b"d", _text(job.workdir)
    if job.pty is not None:
        yield b"p", pack(">HH", *job.pty)
    yield from _times(job)
    yield from _network(job)


def _root(job: Job) -> str:
    """Secrets and files lie outside the source's folder: then archives are unpacked below `/`, and archive.py moves
    the source's."""
    return "/" if job.secrets or job.files else job.root


def _times(job: Job) -> Iterator[tuple[bytes, bytes]]:
    if job.deadline_s:
        yield b"t", pack(">Q", _milliseconds(job.deadline_s))
    if job.grace_s:
        yield b"g", pack(">I", _milliseconds(job.grace_s))
    if job.heartbeat_s:
        yield b"b", pack(">I", _milliseconds(job.heartbeat_s))


def _network(job: Job) -> Iterator[tuple[bytes, bytes]]:
    for relay in job.relays:
        yield b"l", _text(f"{relay.port} {relay.path}")
    for serve in job.serves:
        yield b"s", _text(f"{serve.path} {serve.port}")
    for host in job.allow_hosts:
        name, port = split_host(host)
        yield b"h", _text(f"{name} {port}")
    for name in job.names:
        yield b"m", _text(name)
    if job.dns:
        yield b"n", b"\x01"
    if job.lo_only:
        yield b"u", b"\x01"


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _text(text: str) -> bytes:
    """As the operating system would pass it: words that were not UTF-8 come back as the bytes they were."""
    data = text.encode("utf-8", "surrogateescape")
    if 0 in data:
        raise SandboxError(f"{text[:40]!r} contains a NUL character, which no command line can carry")
    return data
