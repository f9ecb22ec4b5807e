"""The Store stays within its budget: the longest unused models go, never a pinned one, one in use, or one just asked for."""

from __future__ import annotations

from collections.abc import Collection

from jitney.errors import BusyError
from jitney.models.holdings import Holding, holdings, remove, total_bytes
from jitney.models.store import Store


def shrink(store: Store, budget: int, keep: Collection[str] = ()) -> list[Holding]:
    """Remove models until all of them are within `budget` bytes (0: no bound). keep: digests. Returns what went."""
    if not budget or total_bytes(store) <= budget:
        return []
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


def candidates(store: Store, keep: Collection[str] = ()) -> list[Holding]:
    """What may go, the longest unused first; one that was never used counts from when it came."""
    free = [one for one in holdings(store) if not one.pinned and one.weights.digest not in keep]
    return sorted(free, key=lambda one: (max(one.used, one.pulled), one.id))
