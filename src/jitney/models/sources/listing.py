"""What a reference leads to elsewhere: files by name, size and hash, and how they are brought into the Store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

import msgspec

from jitney.errors import ModelError
from jitney.models.model import WeightFile
from jitney.models.sources.download import Remote, download
from jitney.models.storage.files import Progress
from jitney.models.storage.store import Store

Say = Callable[[str], None]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """revision: the commit or digest that these files are of. licence: as stated where they lie."""

    remotes: tuple[Remote, ...]
    revision: str = ""
    licence: str = ""

    @property
    def bytes(self) -> int:
        return sum(remote.bytes for remote in self.remotes)


def bring(store: Store, listing: Listing, progress: Progress | None, say: Say) -> tuple[WeightFile, ...]:
    """All files, in the listing's order. What is in the Store is not asked for; what arrived before a failure stays.

    Raises ModelError, also for a name that leads out of the model: lists are written by strangers.
    """
    for remote in listing.remotes:
        path = PurePosixPath(remote.name)
        if (
            not remote.name
            or path.is_absolute()
            or ".." in path.parts
            or "\\" in remote.name
            or "\0" in remote.name
        ):
            raise ModelError(
                f"a file of the model is called {remote.name[:80]!r}, which leads out of its folder"
            )
    files, before = [], 0
    for remote in listing.remotes:
        file = download(store, remote, progress=_within(progress, before, listing.bytes), on_line=say)
        files.append(file)
        before += file.bytes
    return tuple(files)


def _within(progress: Progress | None, before: int, total: int) -> Progress | None:
    if progress is None:
        return None
    tell = progress
    return lambda done, _: tell(before + done, max(total, before + done))
