"""References that lead to a list of files elsewhere: the list is made, then all of it is brought."""

from __future__ import annotations

from pathlib import Path

import msgspec

from jitney.models.model import Reference
from jitney.models.safety.gate import Gate
from jitney.models.sources.listing import bring
from jitney.models.storage.brought import Brought, Unreachable
from jitney.models.storage.files import Progress


def brought(gate: Gate, ref: Reference, memory: int, progress: Progress | None) -> Brought:
    """All files of an `hf`, `ollama`, `oci` or `s3` reference. memory: bytes that the model may take, 0: not known. ModelError."""
    if ref.kind == "hf":
        return _from_hub(gate, ref, memory, progress)
    if ref.kind == "s3":
        from jitney.models.sources.s3 import fetch_s3

        files = fetch_s3(gate.store, ref, memory, progress, gate.say)
        return Brought(files=files)
    from jitney.models.sources.artifact import fetch_artifact

    return fetch_artifact(gate.store, ref, progress, gate.say)


def _from_hub(gate: Gate, ref: Reference, memory: int, progress: Progress | None) -> Brought:
    from jitney.models.sources.hub import hub_errors, hub_listing

    try:
        listing = hub_listing(ref, memory, gate.say, pickles=gate.policy.allow_pickle)
    except Unreachable:
        if found := _from_cache(gate, ref, memory):
            return found
        raise
    gate.say(f"{len(listing.remotes)} files, {listing.bytes / 1e6:,.0f} MB")
    with hub_errors(ref):
        files = bring(gate.store, listing, progress, gate.say)
    return Brought(files=files, revision=listing.revision, licence=listing.licence)


def _from_cache(gate: Gate, ref: Reference, memory: int) -> Brought | None:
    """What the hub's own library has downloaded on this machine, where the hub cannot be asked."""
    from jitney.models.sources.caches import hub_snapshot, take
    from jitney.models.sources.selection import Asked, select

    found = hub_snapshot(ref.package, ref.version)
    if found is None:
        return None
    sizes = {name: path.stat().st_size for name, path in found.files.items()}
    asked = Asked(
        text=ref.text,
        file=ref.file,
        quantisation=ref.quantisation,
        memory=memory,
        pickles=gate.policy.allow_pickle,
    )
    chosen = select(sizes, asked)
    gate.say(
        f"{ref.text}: the hub cannot be asked; it is taken from the cache of its library, as it was downloaded there"
    )
    files = []
    for name in chosen.files:
        taken = take(gate.store, found.files[name], _stated(found.files[name]), gate.say)
        if taken is None:
            return None
        files.append(msgspec.structs.replace(taken, name=name.removeprefix(chosen.root)))
    return Brought(files=tuple(files), revision=found.commit)


def _stated(blob: Path) -> str:
    """The library names large files by their SHA-256, small ones by git's name."""
    return blob.name if len(blob.name) == 64 else ""
