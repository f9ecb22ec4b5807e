"""Download one file into the Store: streamed, hashed on the way, resumed, checked.

    wire.ask ─► buffers ─┬─► parts/NAME.part
                         └─► hashing, in a thread of its own: both release the interpreter's lock

The buffers go round: what waits for the hash bounds the memory, and all of them stay in the processor's cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from jitney.errors import ModelError
from jitney.models.model import WeightFile
from jitney.models.sources import caches, wire
from jitney.models.storage.files import Progress, disk_errors, place, room_for, sync
from jitney.models.storage.store import Store

TRIES = 4
"""Tries in a row that bring no new byte, before Jitney gives up."""
PAUSE_S = 0.5
BUFFER = 1 << 18
BUFFERS = 6
AHEAD = 1 << 25
"""Bytes that come before the kernel is told to write them."""


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """A file somewhere else. sha256: of it, as hex; git: its name as git's blob instead (SHA-1 over a header and the bytes; needs
    `bytes`); sha512, md5 (S3's): as hex; all empty: nobody said, and it is known afterwards. name: inside its model. bytes: 0 where nobody said. renew: new
    headers, where those at hand have expired."""

    url: str
    name: str = ""
    sha256: str = ""
    git: str = ""
    sha512: str = ""
    md5: str = ""
    bytes: int = 0
    headers: Mapping[str, str] = {}
    renew: Callable[[wire.RefusedError], Mapping[str, str]] | None = None

    @property
    def key(self) -> str:
        """The name of its unfinished part: the same file goes on, another one never."""
        if self.sha256 or self.git:
            return self.sha256 or f"git-{self.git}"
        return f"sha512-{self.sha512[:64]}" if self.sha512 else _url_key(wire.shown(self.url) + self.md5)

    @property
    def expected(self) -> dict[str, str]:
        """Kind of hash → what it must be."""
        stated = {"sha256": self.sha256, "git": self.git, "sha512": self.sha512, "md5": self.md5}
        return {kind: digest for kind, digest in stated.items() if digest}


def _url_key(url: str) -> str:
    return f"url-{hashlib.sha256(url.encode()).hexdigest()[:40]}"


class _Digest:
    """Hashes the buffers that it is given, in order, in a thread, and has them ready again."""

    def __init__(self, remote: Remote) -> None:
        self._sums: dict[str, Any] = {"sha256": hashlib.sha256()}
        if remote.git:
            header = f"blob {remote.bytes}\0".encode()
            self._sums["git"] = hashlib.sha1(header, usedforsecurity=False)
        if remote.sha512:
            self._sums["sha512"] = hashlib.sha512()
        if remote.md5:
            self._sums["md5"] = hashlib.md5(usedforsecurity=False)
        self._free: queue.SimpleQueue[memoryview] = queue.SimpleQueue()
        for _ in range(BUFFERS):
            self._free.put(memoryview(bytearray(BUFFER)))
        self._filled: queue.SimpleQueue[tuple[memoryview, int]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while True:
            buffer, length = self._filled.get()
            if not length:
                return
            for one in self._sums.values():
                one.update(buffer[:length])
            self._free.put(buffer)

    def through(self, read: Callable[[memoryview], int | None]) -> memoryview:
        """What `read` puts into a buffer; it is being hashed already, and must be done with before the next call."""
        buffer = self._free.get()
        length = 0
        try:
            length = read(buffer) or 0
        finally:
            if not length:
                self._free.put(buffer)
        if length:
            self._filled.put((buffer, length))
        return buffer[:length]

    def end(self) -> dict[str, str]:
        """Kind of hash → what it is. Nothing can be added afterwards."""
        self._filled.put((memoryview(b""), 0))
        self._thread.join()
        return {kind: one.hexdigest() for kind, one in self._sums.items()}


class _Part:
    """An unfinished download: its file and the running hash of what it holds."""

    def __init__(self, path: Path, remote: Remote) -> None:
        self.path = path
        self.remote = remote
        self.digest = _Digest(remote)
        self.size = 0

    def resume(self) -> None:
        """Take up what an earlier run left."""
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            while piece := self.digest.through(file.readinto):
                self.size += len(piece)

    def restart(self) -> None:
        self.path.unlink(missing_ok=True)
        self.digest.end()
        self.digest = _Digest(self.remote)
        self.size = 0


def download(
    store: Store,
    remote: Remote,
    *,
    progress: Progress | None = None,
    on_line: Callable[[str], None] | None = None,
) -> WeightFile:
    """Put a file into the Store; nothing is asked where it is there already, or in another tool's cache (caches.py).

    Raises ModelError: unreachable, refused (wire.RefusedError), cut short (with the bytes seen and expected), wrong hash, disk
    full. What arrived of a broken download is kept and resumed by the next call; with a wrong hash it is not.
    """
    say = on_line or (lambda line: None)
    with store.lock(remote.key, lambda: say("another jitney is fetching this model: waiting for it")):
        if remote.sha256 and store.has(remote.sha256, remote.bytes):
            return _file(store, remote, remote.sha256)
        if (shared := caches.bring(store, remote.sha256, remote.git, say)) is not None:
            return _file(store, remote, shared.sha256)
        parts = store.root / "parts"
        with disk_errors(store.root):
            parts.mkdir(parents=True, exist_ok=True)
            part = _Part(parts / f"{remote.key}.part", remote)
            try:
                sha256 = _received(part, progress, say)
            finally:
                part.digest.end()
            place(part.path, store.blob(sha256))
            return _file(store, remote, sha256)


def _file(store: Store, remote: Remote, sha256: str) -> WeightFile:
    return WeightFile(name=remote.name, sha256=sha256, bytes=store.blob(sha256).stat().st_size)


def _received(part: _Part, progress: Progress | None, say: Callable[[str], None]) -> str:
    """The SHA-256 of the whole, checked file."""
    part.resume()
    resumed = part.size
    _until_whole(part, progress, say)
    found = part.digest.end()
    if resumed and not _is_right(part, found):  # the older bytes may be another file's
        part.restart()
        _until_whole(part, progress, say)
        found = part.digest.end()
    if not _is_right(part, found):
        raise _wrong(part, found)
    return found["sha256"]


def _is_right(part: _Part, found: Mapping[str, str]) -> bool:
    if not part.remote.expected:
        return part.remote.bytes in (0, part.size)
    return all(found[kind] == digest for kind, digest in part.remote.expected.items())


def _wrong(part: _Part, found: Mapping[str, str]) -> ModelError:
    wanted, seen = part.remote, part.size
    part.path.unlink(missing_ok=True)
    length = f"{seen:,} bytes" + (f" of {wanted.bytes:,} expected" if wanted.bytes not in (0, seen) else "")
    for kind, expected in wanted.expected.items():
        if found[kind] != expected:
            break
    else:
        kind, expected = "sha256", "that length"
    return ModelError(
        f"{wire.shown(wanted.url)}: wrong hash: {kind} {found[kind]} ({length}), expected {expected}",
        "nothing was kept; the file was changed where it comes from, or the reference is wrong",
    )


def _until_whole(part: _Part, progress: Progress | None, say: Callable[[str], None]) -> None:
    """Try again while bytes come; TRIES times in a row without one is the end."""
    idle, headers = 0, part.remote.headers
    while True:
        before = part.size
        try:
            return _once(part, headers, progress)
        except wire.CutError as error:
            idle = 0 if part.size > before else idle + 1
            if idle >= TRIES:
                raise _given_up(part, str(error)) from error
            if error.wait_s:
                say(f"the server asks to wait {error.wait_s:.0f} s")
            time.sleep(max(error.wait_s, PAUSE_S * idle))
        except wire.RefusedError as error:
            if error.status != 401 or part.remote.renew is None or idle:
                raise
            idle += 1
            headers = part.remote.renew(error)


def _given_up(part: _Part, seen: str) -> ModelError:
    url, total = wire.shown(part.remote.url), part.remote.bytes
    if part.size:
        of = f" of {total:,}" if total else ""
        message = f"{url}: cut short: {part.size:,}{of} bytes arrived, then: {seen}"
        return ModelError(message, "what arrived is kept: run again to go on from there")
    return ModelError(
        f"{url}: {seen}", "check the address, the network and the proxy variables (HTTPS_PROXY)"
    )


def _once(part: _Part, headers: Mapping[str, str], progress: Progress | None) -> None:
    """Bring what is missing. wire.CutError when there is more to come."""
    answer = wire.ask(part.remote.url, part.size, headers)
    with contextlib.closing(answer):
        if answer.status == 416:
            if part.size and answer.total == part.size:
                return  # it was whole already
            part.restart()
            raise wire.CutError("the server has no such range")
        if part.size and not answer.continues(part.size):
            part.restart()
        _receive(part, answer, progress)


def _receive(part: _Part, answer: wire.Answer, progress: Progress | None) -> None:
    total = part.remote.bytes or answer.total
    room_for(part.path.parent, max(0, total - part.size))
    begun = part.size
    with part.path.open("ab") as file:
        try:
            while piece := part.digest.through(answer.read_into):
                file.write(piece)
                part.size += len(piece)
                begun = _begin_writing(file.fileno(), begun, part.size)
                if progress:
                    progress(part.size, total)
                if total and part.size > total:
                    break  # more than the file has: the hash will tell
        finally:
            sync(file)
    if part.size < total:
        raise wire.CutError(f"the connection ended after {part.size:,} of {total:,} bytes")


def _begin_writing(file: int, begun: int, size: int) -> int:
    """Let the kernel start to write what has come, so that the sync at the end has little left. Where the next such part begins."""
    if size - begun < AHEAD:
        return begun
    os.posix_fadvise(file, begun, size - begun, os.POSIX_FADV_DONTNEED)
    return size
