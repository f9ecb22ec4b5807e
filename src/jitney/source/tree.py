"""Where the bytes of a source lie: on disk or, for standard input and tests, in memory."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from jitney.errors import SourceError

CHUNK = 256 << 10


class Stat(msgspec.Struct, frozen=True):
    """A regular file. target: where a link to it leads, relative to the root; empty: it is no link."""

    size: int
    executable: bool = False
    target: str = ""


class Tree(Protocol):
    """Paths are clean (see paths.py). What lies outside the root or is no regular file does not exist
    here."""

    def stat(self, path: str) -> Stat | None: ...
    def folder(self, path: str) -> tuple[list[str], list[str]] | None: ...
    def chunks(self, path: str) -> Iterator[bytes]: ...
    def identity(self, path: str) -> str: ...
    def host_path(self, path: str) -> Path | None: ...
    def lay(self, path: str, data: bytes) -> None: ...


class MemoryTree:
    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}

    def lay(self, path: str, data: bytes) -> None:
        """A file that is made of others: a notebook's script."""
        self._files[path] = data

    def stat(self, path: str) -> Stat | None:
        data = self._files.get(path)
        return None if data is None else Stat(len(data), data.startswith(b"#!"))

    def folder(self, path: str) -> tuple[list[str], list[str]] | None:
        head = f"{path}/" if path else ""
        inside = [name[len(head) :] for name in self._files if name.startswith(head)]
        files = sorted(name for name in inside if "/" not in name)
        folders = sorted({name.partition("/")[0] for name in inside if "/" in name})
        return (files, folders) if inside or not path else None

    def chunks(self, path: str) -> Iterator[bytes]:
        yield self._files[path]

    def identity(self, path: str) -> str:
        return path

    def host_path(self, path: str) -> Path | None:
        return None


class DiskTree:
    """A folder on disk. Links are followed only to what lies under the root, and only to regular files and
    folders."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self._head = self.root.rstrip("/") + "/"
        self._laid: dict[str, bytes] = {}
        self._folders: dict[str, str | None] = {}

    def lay(self, path: str, data: bytes) -> None:
        """A file that is not on the disk, made of others. It stands in no folder's list, but it can be read and goes along."""
        self._laid[path] = data

    def _real(self, path: str) -> str | None:
        real = os.path.realpath(self._head + path)
        return real if real == self.root or real.startswith(self._head) else None

    def stat(self, path: str) -> Stat | None:
        if path in self._laid:
            return Stat(len(self._laid[path]), False)
        # One question a file: where its folder leads is asked once. Before bytes are read, all of it is asked anew.
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = self._real(folder)
        above = self._folders[folder]
        real = None if above is None else f"{above.rstrip('/')}/{name}"
        try:
            info = os.lstat(real or "")
            if stat.S_ISLNK(info.st_mode):
                real = self._real(path)
                info = os.lstat(real or "")
        except OSError:
            return None
        if real is None:
            return None
        if not stat.S_ISREG(info.st_mode):
            return None
        target = "" if real == self._head + path else real[len(self._head) :]
        return Stat(info.st_size, bool(info.st_mode & 0o111), target)

    def folder(self, path: str) -> tuple[list[str], list[str]] | None:
        real = self._real(path)
        if real is None or not os.path.isdir(real):
            return None
        files: list[str] = []
        folders: list[str] = []
        try:
            with os.scandir(real) as entries:
                for entry in entries:
                    (folders if _is_folder(entry) else files).append(entry.name)
        except OSError as error:
            raise unreadable(path or ".", error) from error
        return sorted(files), sorted(folders)

    def chunks(self, path: str) -> Iterator[bytes]:
        if path in self._laid:
            yield self._laid[path]
            return
        real = self._real(path)
        if real is None:
            raise SourceError(f"{path} leads outside the source")
        try:
            descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise unreadable(path, error) from error
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SourceError(f"{path} is no regular file any more")
            while chunk := file.read(CHUNK):
                yield chunk

    def identity(self, path: str) -> str:
        return self._real(path) or path

    def host_path(self, path: str) -> Path | None:
        real = None if path in self._laid else self._real(path)
        return Path(real) if real is not None else None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """A link that leads to itself, or where nobody may look, is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def unreadable(path: str, error: OSError) -> SourceError:
    """Translate what the operating system says about a file of the user's."""
    if isinstance(error, PermissionError):
        return SourceError(
            f"cannot read {path}: permission denied", f"chmod u+r {path}, or run as the user who owns it"
        )
    return SourceError(f"cannot read {path}: {error.strerror or error}")
