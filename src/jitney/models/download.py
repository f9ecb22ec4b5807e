"""Download one file of known hash into the Store: streamed, hashed on the way, resumed."""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from jitney.errors import ModelError
from jitney.models.files import CHUNK, Progress, disk_errors, place, room_for, sync
from jitney.models.store import Store

if TYPE_CHECKING:
    import httpx

TRIES = 4
"""Tries in a row that bring no new byte, before Jitney gives up."""
PAUSE_S = 0.5
SILENCE_S = 60.0
"""Without a byte for so long, a connection counts as lost."""
_RETRIED = (408, 425, 429, 500, 502, 503, 504)


class _CutError(Exception):
    """The connection broke or the server is busy; what arrived is kept. `message`: what was seen."""


class _Part:
    """An unfinished download: its file and the running hash of what it holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.digest = hashlib.sha256()
        self.size = 0

    def resume(self) -> None:
        """Take up what an earlier run left."""
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            while piece := file.read(CHUNK):
                self.digest.update(piece)
                self.size += len(piece)

    def restart(self) -> None:
        self.path.unlink(missing_ok=True)
        self.digest = hashlib.sha256()
        self.size = 0

    def take(self, file: BinaryIO, piece: bytes) -> None:
        file.write(piece)
        self.digest.update(piece)
        self.size += len(piece)


def download(
    store: Store,
    url: str,
    sha256: str,
    *,
    size: int = 0,
    progress: Progress | None = None,
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Put the blob `sha256` into the Store. size: bytes expected, 0 where nobody said.

    Raises ModelError: unreachable, refused, cut short (with the bytes seen and expected), wrong hash, disk
    full. What arrived of a broken download is kept and resumed by the next call; with a wrong hash it is not.
    """
    say = on_line or (lambda line: None)
    with store.lock(sha256, lambda: say("another jitney is fetching this model: waiting for it")):
        if store.has(sha256, size):
            return
        parts = store.root / "parts"
        with disk_errors(store.root):
            parts.mkdir(parents=True, exist_ok=True)
            part = _Part(parts / f"{sha256}.part")
            part.resume()
            resumed = part.size
            _until_whole(part, url, size, progress)
            if part.digest.hexdigest() != sha256 and resumed:  # the older bytes may be another file's
                part.restart()
                _until_whole(part, url, size, progress)
            _finish(part, store.blob(sha256), url, sha256, size)


def _finish(part: _Part, target: Path, url: str, sha256: str, size: int) -> None:
    digest, seen = part.digest.hexdigest(), part.size
    if digest != sha256:
        part.restart()
        length = f"{seen:,} bytes" + (f" of {size:,} expected" if size and seen != size else "")
        raise ModelError(
            f"{url}: wrong hash: sha256 {digest} ({length}), expected {sha256}",
            "nothing was kept; the file was changed where it comes from, or the reference is wrong",
        )
    place(part.path, target)


def _until_whole(part: _Part, url: str, size: int, progress: Progress | None) -> None:
    """Try again while bytes come; TRIES times in a row without one is the end."""
    import httpx

    limits = httpx.Timeout(SILENCE_S, connect=30.0)
    with httpx.Client(
        timeout=limits, follow_redirects=True, headers={"Accept-Encoding": "identity"}
    ) as client:
        idle = 0
        while True:
            before = part.size
            try:
                return _once(client, part, url, size, progress)
            except (_CutError, httpx.TransportError) as error:
                idle = 0 if part.size > before else idle + 1
                if idle >= TRIES:
                    raise _gave_up(part, url, size, error) from error
                time.sleep(PAUSE_S * idle)


def _gave_up(part: _Part, url: str, size: int, error: Exception) -> ModelError:
    what = str(error) or type(error).__name__
    if part.size:
        of = f" of {size:,}" if size else ""
        return ModelError(
            f"{url}: cut short: {part.size:,}{of} bytes arrived, then: {what}",
            "what arrived is kept: run again to go on from there",
        )
    return ModelError(
        f"{url}: {what}", "check the address, the network and the proxy variables (HTTPS_PROXY)"
    )


def _once(client: httpx.Client, part: _Part, url: str, size: int, progress: Progress | None) -> None:
    """One request. Returns when the file is whole; raises _CutError when there is more to come."""
    headers = {"Range": f"bytes={part.size}-"} if part.size else {}
    with client.stream("GET", url, headers=headers) as response:
        _require_safe(response, url)
        if response.status_code == 416:
            if part.size and _total(response) == part.size:
                return  # it was whole already
            part.restart()
            raise _CutError("the server has no such range")
        if response.status_code in _RETRIED:
            raise _CutError(f"the server answered {response.status_code}")
        if response.status_code not in (200, 206):
            raise ModelError(f"{url}: the server answered {response.status_code} {response.reason_phrase}")
        if part.size and not _continues(response, part.size):
            part.restart()
        _receive(response, part, size or _total(response), progress)


def _require_safe(response: Any, url: str) -> None:
    """A redirect must not lead from https to http."""
    if url.startswith("https://") and response.url.scheme != "https":
        raise ModelError(
            f"{url}: the server leads to {response.url.scheme}://{response.url.host}, expected https"
        )


def _continues(response: httpx.Response, offset: int) -> bool:
    found = re.match(r"bytes (\d+)-", response.headers.get("content-range", ""))
    return response.status_code == 206 and bool(found) and int(found[1]) == offset if found else False


def _total(response: httpx.Response) -> int:
    """The size of the whole file as the server states it, or 0."""
    if found := re.search(r"/(\d+)$", response.headers.get("content-range", "")):
        return int(found[1])
    length = response.headers.get("content-length", "")
    return int(length) if response.status_code == 200 and length.isdecimal() else 0


def _receive(response: httpx.Response, part: _Part, total: int, progress: Progress | None) -> None:
    room_for(part.path.parent, max(0, total - part.size))
    with part.path.open("ab") as file:
        try:
            for piece in response.iter_raw():  # as they come: a chunk size would lose the last ones
                part.take(file, piece)
                if progress:
                    progress(part.size, total)
                if total and part.size > total:
                    break  # more than the file has: the hash will tell
        finally:
            sync(file)
    if part.size < total:
        raise _CutError(f"the connection ended after {part.size:,} of {total:,} bytes")
