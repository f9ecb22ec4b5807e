"""The Store stays within its budget: what nothing leads to goes first, then the longest unused models, never a pinned one, one in
use, or one just asked for."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path

from jitney.errors import BusyError
from jitney.models.storage.holdings import Holding, holdings, is_any_used, remove
from jitney.models.storage.store import Store
from jitney.models.storage.views import drop_views

STALE_S = 3600.0
"""A blob that nothing leads to may be part of what somebody is fetching, for so long."""


def shrink(store: Store, budget: int, keep: Collection[str] = ()) -> list[Holding]:
    """Remove models until all files are within `budget` bytes (0: no bound). keep: digests. Returns which models went."""
    if not budget or total_bytes(store) <= budget:
        return []
    sweep(store)
    gone: list[Holding] = []
    for one in candidates(store, keep):
        if total_bytes(store) <= budget:
            break
        try:
            remove(store, one)
        except BusyError:
            continue
        gone.append(one)
    return gone


def total_bytes(store: Store) -> int:
    """Of all blobs."""
    return sum(_size(path) for path in store.blobs())


def candidates(store: Store, keep: Collection[str] = ()) -> list[Holding]:
    """What may go, the longest unused first; one that was never used counts from when it came."""
    free = [one for one in holdings(store) if not one.pinned and one.weights.digest not in keep]
    return sorted(free, key=lambda one: (max(one.used, one.pulled), one.id))


def sweep(store: Store) -> int:
    """Remove blobs that no reference leads to: of archives that were unpacked, of models that were refused. Bytes freed."""
    freed = 0
    with store.lock("removal"):
        wanted = {file.sha256 for weights in store.all() for file in weights.files}
        for path in store.blobs():
            if path.name in wanted or not _is_old(path):
                continue
            try:
                state = path.stat()
            except FileNotFoundError:  # verify was quicker
                continue
            if state.st_nlink > 1 and is_any_used(store):
                continue  # a view shows it, and a box may look at that
            drop_views(store.root, {state.st_ino})
            path.unlink(missing_ok=True)
            freed += state.st_size
    return freed


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_ctime > STALE_S
    except FileNotFoundError:
        return False
