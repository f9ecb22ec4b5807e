"""References that lead to a list of files elsewhere: the list is made, then all of it is brought."""

from __future__ import annotations

from jitney.models.brought import Brought
from jitney.models.files import Progress
from jitney.models.gate import Gate
from jitney.models.listing import bring
from jitney.models.model import Reference


def brought(gate: Gate, ref: Reference, memory: int, progress: Progress | None) -> Brought:
    """All files of an `hf`, `ollama`, `oci` or `s3` reference. memory: bytes that the model may take, 0: not known. ModelError."""
    if ref.kind == "hf":
        return _from_hub(gate, ref, memory, progress)
    if ref.kind == "s3":
        from jitney.models.s3 import fetch_s3

        files = fetch_s3(gate.store, ref, memory, progress, gate.say)
        return Brought(files=files)
    from jitney.models.artifact import fetch_artifact

    return fetch_artifact(gate.store, ref, progress, gate.say)


def _from_hub(gate: Gate, ref: Reference, memory: int, progress: Progress | None) -> Brought:
    from jitney.models.hub import hub_errors, hub_listing

    listing = hub_listing(ref, memory, gate.say, pickles=gate.policy.allow_pickle)
    with hub_errors(ref):
        files = bring(gate.store, listing, progress, gate.say)
    return Brought(files=files, revision=listing.revision, licence=listing.licence)
