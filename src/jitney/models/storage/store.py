"""The Store: verified weights on the host, content-addressed, shared by all runs, safe with many processes.

    store/
      blobs/sha256/HEX    the files, named by their hash, mode 0444
      refs/HEX.json       reference → Weights (HEX: SHA-256 of the canonical reference)
      parts/HEX.part      unfinished downloads, resumed by the next try; one process at a time, by lock
      locks/              held while something is fetched, removed (`removal`) or used (`use-HEX`)
      used/HEX pins/HEX   when a model was used last, which ones stay (HEX: of its digest)
      views/KEY/          trees of hard links for mounting (layout.py)

A blob exists only whole and verified: bytes arrive in `parts/`, are checked, synced, then renamed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import msgspec

from jitney.errors import ModelError
from jitney.findings import Finding
from jitney.models.model import WeightFile, Weights
from jitney.models.storage.files import (
    Progress,
    copy_hashed,
    disk_errors,
    locked,
    place,
    room_for,
    sha256_of,
    sync,
    write_whole,
)
from jitney.models.storage.holds import hold
from jitney.models.storage.views import drop_views

SCHEMA = 2
"""Of the notes. Raise it when more is known of a model than before."""


class _Noted(msgspec.Struct, frozen=True):
    schema: int = 1


class Store:
    """root: `Config.data / "store"`; made when the first blob arrives."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # what is there

    def blob(self, sha256: str) -> Path:
        """Where a blob lies or would lie."""
        return self.root / "blobs" / "sha256" / sha256

    def has(self, sha256: str, size: int = 0) -> bool:
        """Whether a blob is there, with this size in bytes where one is given."""
        try:
            return self.blob(sha256).stat().st_size == size or size == 0
        except FileNotFoundError:
            return False

    def find(self, ref: str) -> Weights | None:
        """The weights of a canonical reference, if all their files are here. What an older Jitney noted of them is looked at
        anew, from the files: it knew less, and they pass today's gate (gate.py) first."""
        note = self._ref(ref)
        weights = self._read(note)
        if weights is None or _schema(note) == SCHEMA:
            return weights
        return self._renewed(weights, ref)

    def _renewed(self, weights: Weights, ref: str) -> Weights | None:
        """None: they would not be taken today."""
        from jitney.models.model import Reference
        from jitney.models.safety.gate import Gate

        made = "?recipe=" in ref  # its own conversion checked it, and described it by what it was made from
        if not made:
            asked = Reference(
                kind="file",
                text=weights.alias or ref,
                path=weights.ref,
                alias=weights.alias,
                hubs=weights.hubs,
            )
            gate = Gate(self)
            try:
                weights = gate.admit(gate.assembled(asked, weights.files))
            except ModelError:
                return None
        return self.remember(weights, ref)

    def all(self) -> list[Weights]:
        """Everything that a reference leads to and that is whole."""
        return [weights for _, weights in self.notes()]

    def _read(self, note: Path) -> Weights | None:
        try:
            weights = msgspec.json.decode(note.read_bytes(), type=Weights)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return weights if all(self.has(file.sha256, file.bytes) for file in weights.files) else None

    def _ref(self, ref: str) -> Path:
        return self.root / "refs" / f"{hashlib.sha256(ref.encode()).hexdigest()}.json"

    def path(self, weights: Weights) -> Path:
        """The blob of the main file."""
        return self.blob(weights.file(weights.main).sha256)

    # taking in

    def lock(self, name: str, on_wait: Callable[[], None] | None = None) -> AbstractContextManager[None]:
        """Held by one process at a time. on_wait: called once when another one holds it."""
        return locked(self.root / "locks" / name, on_wait)

    def remember(self, weights: Weights, ref: str = "") -> Weights:
        """Let `weights.ref`, or `ref`, lead to files that are all here. Raises ModelError: one was removed meanwhile."""
        with disk_errors(self.root), self.lock("removal"):
            missing = [file.name for file in weights.files if not self.has(file.sha256, file.bytes)]
            if missing:
                raise ModelError(f"{missing[0]}: a file of the model left the Store meanwhile", "run again")
            note = msgspec.json.encode({"schema": SCHEMA, **msgspec.to_builtins(weights)})
            write_whole(self._ref(ref or weights.ref), msgspec.json.format(note))
        return weights

    def add_stream(
        self, source: BinaryIO, sha256: str = "", total: int = 0, progress: Progress | None = None
    ) -> WeightFile:
        """Take in all bytes of `source`; sha256: of them, if known. The name in the result is empty."""
        parts = self.root / "parts"
        with disk_errors(self.root):
            parts.mkdir(parents=True, exist_ok=True)
            room_for(parts, total)
            part = parts / f"stream-{os.getpid()}-{os.urandom(6).hex()}"
            try:
                with part.open("wb") as target:
                    digest, size = copy_hashed(source, target, progress, total)
                    sync(target)
                _require(digest, sha256, size, total)
                place(part, self.blob(digest))
            finally:
                part.unlink(missing_ok=True)
        return WeightFile(name="", sha256=digest, bytes=size)

    def add_file(self, path: Path, sha256: str = "", progress: Progress | None = None) -> WeightFile:
        """Take in a copy of a file of the user's."""
        try:
            source = path.open("rb")
        except OSError as error:
            raise ModelError(f"{path}: {error.strerror}") from error
        with source:
            return self.add_stream(source, sha256, path.stat().st_size, progress)

    def adopt(self, path: Path, sha256: str) -> WeightFile:
        """Take over a file that is Jitney's own and on the Store's disk; it is hashed, then moved."""
        with disk_errors(self.root):
            digest, size = sha256_of(path)
            _require(digest, sha256, size, 0)
            with path.open("rb") as file:
                os.fsync(file.fileno())
            place(path, self.blob(digest))
        return WeightFile(name="", sha256=digest, bytes=size)

    # looking after

    def hold(self, weights: Weights) -> None:
        """Let nobody remove these weights while this process lives, and remember that they were used now."""
        with contextlib.suppress(PermissionError):  # somebody else's Store: it is theirs to look after
            hold(self.use_lock(weights.digest))
        with contextlib.suppress(OSError):  # a Store that cannot be written loses only the order
            mark = self.root / "used" / _hex(weights.digest)
            mark.parent.mkdir(exist_ok=True)
            mark.touch()

    def use_lock(self, digest: str) -> Path:
        return self.root / "locks" / f"use-{_hex(digest)}"

    def used(self, digest: str) -> float:
        """Unix time of the last use, 0: never."""
        try:
            return (self.root / "used" / _hex(digest)).stat().st_mtime
        except OSError:
            return 0.0

    def pin(self, digest: str, *, pinned: bool = True) -> None:
        path = self.root / "pins" / _hex(digest)
        with disk_errors(self.root):
            path.parent.mkdir(parents=True, exist_ok=True)
            if pinned:
                path.touch()
            else:
                path.unlink(missing_ok=True)

    def is_pinned(self, digest: str) -> bool:
        return (self.root / "pins" / _hex(digest)).exists()

    def notes(self) -> list[tuple[Path, Weights]]:
        """Every reference that leads to whole files: its note, and the weights."""
        paths = sorted((self.root / "refs").glob("*.json"))
        return [(path, weights) for path in paths if (weights := self._read(path)) is not None]

    def verify(self, only: Collection[str] | None = None, progress: Progress | None = None) -> list[Finding]:
        """Hash every blob again, or those of these hashes. A bad one is told and removed: the next run fetches it anew."""
        found = (self._verified(path, progress) for path in self.blobs() if only is None or path.name in only)
        return [finding for finding in found if finding is not None]

    def _verified(self, path: Path, progress: Progress | None) -> Finding | None:
        with self.lock(path.name):
            try:
                digest, size = sha256_of(path, progress)
            except FileNotFoundError:  # removed meanwhile
                return None
            if digest == path.name:
                return None
            drop_views(self.root, {path.stat().st_ino})
            path.unlink(missing_ok=True)
        message = f"{path.name[:12]}: {size:,} bytes with the hash {digest[:12]}… were removed from the Store"
        hint = "run again: it is fetched anew"
        return Finding(level="error", code="store.hash", message=message, hint=hint, file=path.name)

    def blobs(self) -> Iterator[Path]:
        folder = self.root / "blobs" / "sha256"
        return iter(sorted(folder.iterdir())) if folder.is_dir() else iter(())


def _schema(note: Path) -> int:
    try:
        return msgspec.json.decode(note.read_bytes(), type=_Noted).schema
    except (FileNotFoundError, msgspec.DecodeError):
        return 0


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")


def _require(digest: str, sha256: str, size: int, total: int) -> None:
    if sha256 and digest != sha256:
        expected = f" and {total:,} bytes" if total and total != size else ""
        raise ModelError(
            f"the model has the wrong hash: sha256 {digest} ({size:,} bytes), expected {sha256}{expected}",
            "nothing was kept; the file was changed where it comes from, or the reference is wrong",
        )
