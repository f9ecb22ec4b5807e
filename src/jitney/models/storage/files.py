"""File work of the Store: locks between processes, hashed copies, files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from jitney.errors import ModelError

CHUNK = 1 << 20
READABLE = 0o444
"""Blobs are read by the sandbox's user and changed by nobody."""

Progress = Callable[[int, int], None]
"""Bytes so far, bytes in all (0: not known)."""


@contextlib.contextmanager
def locked(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold an exclusive lock over processes. on_wait: called once when another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait:
                on_wait()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sha256_of(path: Path, progress: Progress | None = None) -> tuple[str, int]:
    """The file's SHA-256 as hex, and its size in bytes."""
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb", buffering=0) as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
            done += len(piece)
            if progress:
                progress(done, total)
    return digest.hexdigest(), done


def copy_hashed(
    source: BinaryIO, target: BinaryIO, progress: Progress | None = None, total: int = 0
) -> tuple[str, int]:
    """Copy all of `source`; the SHA-256 of what was copied, and its size in bytes."""
    digest, done = hashlib.sha256(), 0
    while piece := source.read(CHUNK):
        target.write(piece)
        digest.update(piece)
        done += len(piece)
        if progress:
            progress(done, total)
    return digest.hexdigest(), done


def sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def place(part: Path, target: Path) -> None:
    """Make the finished `part` appear as `target`, for good: its bytes are on the disk before its name is."""
    part.chmod(READABLE)
    target.parent.mkdir(parents=True, exist_ok=True)
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_whole(path: Path, data: bytes) -> None:
    """A small file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            file.write(data)
            sync(file)
        place(part, path)
    finally:
        part.unlink(missing_ok=True)


def room_for(folder: Path, wanted: int) -> None:
    """Raises ModelError when the disk cannot hold `wanted` more bytes (and 64 MiB to spare)."""
    state = os.statvfs(folder)
    free = state.f_bavail * state.f_frsize
    if wanted and free < wanted + (64 << 20):
        raise ModelError(
            f"no room for the model: it takes {wanted:,} bytes, {free:,} are free in {folder}",
            "make room with:  jitney clean   (or put the Store elsewhere: JITNEY_DATA_DIR)",
        )


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Translate a full disk, a quota, missing rights and the like below `folder` to ModelError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise ModelError(
                f"the disk is full: {folder}", "make room with:  jitney clean   (or: JITNEY_DATA_DIR)"
            ) from error
        raise ModelError(f"{error.filename or folder}: {error.strerror or error}") from error
