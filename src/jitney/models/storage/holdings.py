"""What the Store holds, model by model: one holding for each digest, whatever references lead to it. Found, pinned, removed.

Removing is safe with many processes: references go first, then views, then blobs that nothing else wants; `remember` and this
take the same lock, and a model that a living process uses (holds.py) is left alone.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from jitney.errors import BusyError, ModelError
from jitney.models.model import Alias, WeightFile, Weights
from jitney.models.storage.files import disk_errors
from jitney.models.storage.holds import alone
from jitney.models.storage.store import Store
from jitney.models.storage.views import drop_views

ID = 12
"""Digits of a digest that people read and write."""
_MADE = re.compile(r"[a-z0-9-]+://(?P<source>[0-9a-f]{64})\?recipe=[0-9a-f]+(?:&.*)?")
_REVISION = re.compile(r"@(?:[0-9a-f]{40}|sha256:[0-9a-f]{64})(?=:|$)")
"""Of a repository or an image: the ID tells revisions apart."""
_STAMP = re.compile(r"(?:file|folder):.*")


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """A model in the Store. refs: all that lead to it, the most telling first; notes: their files. pulled, used: Unix times
    (used 0: never). made_from: digest of the weights that it was converted from, as hex. own_bytes: what it alone takes."""

    weights: Weights
    refs: tuple[str, ...]
    notes: tuple[str, ...]
    pulled: float
    used: float
    pinned: bool
    made_from: str
    own_bytes: int

    @property
    def id(self) -> str:
        return self.weights.digest.removeprefix("sha256:")

    @property
    def name(self) -> str:
        """What a user would call it."""
        own = "" if self.made_from else self.refs[0]
        return self.weights.alias or re.sub(_REVISION, "", own) or self.weights.main


def holdings(store: Store) -> list[Holding]:
    """All models, the newest first."""
    groups: dict[str, list[tuple[Path, Weights]]] = {}
    for note, weights in store.notes():
        groups.setdefault(weights.digest, []).append((note, weights))
    owners = _owners(groups)
    found = [_holding(store, digest, rows, owners) for digest, rows in groups.items()]
    return sorted(found, key=lambda one: (-one.pulled, one.id))


def _owners(groups: Mapping[str, list[tuple[Path, Weights]]]) -> dict[str, set[str]]:
    """Blob → digests of the models that have it."""
    owners: dict[str, set[str]] = {}
    for digest, rows in groups.items():
        for file in rows[0][1].files:
            owners.setdefault(file.sha256, set()).add(digest)
    return owners


def _holding(
    store: Store, digest: str, rows: list[tuple[Path, Weights]], owners: Mapping[str, set[str]]
) -> Holding:
    rows = sorted(rows, key=lambda row: (bool(_STAMP.fullmatch(row[1].ref)), not row[1].alias, row[1].ref))
    weights = rows[0][1]
    made = next((found for _, one in rows if (found := _MADE.fullmatch(one.ref))), None)
    return Holding(
        weights=weights,
        refs=tuple(dict.fromkeys(_readable(one.ref) for _, one in rows)),
        notes=tuple(note.name for note, _ in rows),
        pulled=max(_changed(note) for note, _ in rows),
        used=store.used(digest),
        pinned=store.is_pinned(digest),
        made_from=made["source"] if made else "",
        own_bytes=sum(file.bytes for file in _unique(weights.files) if owners[file.sha256] == {digest}),
    )


def _unique(files: Iterable[WeightFile]) -> list[WeightFile]:
    return list({file.sha256: file for file in files}.values())


def _changed(note: Path) -> float:
    try:
        return note.stat().st_mtime
    except OSError:
        return 0.0


def _readable(ref: str) -> str:
    """The path in what remembers a file of the user's (fetch.py: path, device, inode, size, times), or a folder (path, hash)."""
    if ref.startswith("folder:"):
        return ref.removeprefix("folder:").rsplit(" ", 1)[0]
    return ref.removeprefix("file:").rsplit(" ", 5)[0] if ref.startswith("file:") else ref


def total_bytes(store: Store) -> int:
    """Of all files that a reference leads to; a shared one counts once."""
    files = (file for _, weights in store.notes() for file in weights.files)
    return sum(file.bytes for file in _unique(files))


def find(store: Store, text: str, table: Mapping[str, Alias], cwd: Path) -> list[Holding]:
    """The models that a user's word means: a name, a reference, a path, or the beginning of an ID (4 digits or more).

    What was converted from a model goes by its name too, and stands behind it. Raises ModelError: nothing does (near names),
    or an ID that several begin with.
    """
    every = holdings(store)
    found = _by_name(store, every, text, table, cwd) or _by_id(every, text)
    if found:
        return found + [made for one in found for made in made_of(every, one) if made not in found]
    raise ModelError(f"{text}: there is no such model in the Store", _near(every, text))


def made_of(every: Iterable[Holding], source: Holding) -> list[Holding]:
    """What was converted from a model, and from that, each behind what it was made from."""
    found: list[Holding] = []
    _gather(list(every), source, found)
    return found


def _gather(every: list[Holding], source: Holding, found: list[Holding]) -> None:
    for one in every:
        if one.made_from == source.id and one is not source and one not in found:
            found.append(one)
            _gather(every, one, found)


def _by_name(
    store: Store, every: list[Holding], text: str, table: Mapping[str, Alias], cwd: Path
) -> list[Holding]:
    from jitney.models.reference import parse

    own = [one for one in every if not one.made_from]
    wanted = {text}
    with contextlib.suppress(ModelError):
        canonical = parse(text, table, cwd).canonical
        wanted.add(canonical)
        if known := store.find(canonical):  # a branch or a tag is noted beside what it led to
            return [one for one in own if one.weights.digest == known.digest]
    exact = [one for one in own if wanted & {*one.refs, one.name, one.weights.ref, one.weights.alias}]
    return exact or [one for one in own if text.lower() in {hub.lower() for hub in one.weights.hubs}]


def _by_id(every: list[Holding], text: str) -> list[Holding]:
    digits = text.lower().removeprefix("sha256:")
    if not re.fullmatch(r"[0-9a-f]{4,64}", digits):
        return []
    found = [one for one in every if one.id.startswith(digits)]
    if len(found) > 1:
        ids = ", ".join(f"{one.id[:ID]} ({one.name})" for one in found[:4])
        raise ModelError(f"{text}: {len(found)} models have an ID that begins so: {ids}", "give more digits")
    return found


def _near(every: list[Holding], text: str) -> str:
    from difflib import get_close_matches

    names = list(dict.fromkeys(one.name for one in every))
    near = get_close_matches(text, names, 2, 0.5)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"jitney ls shows what is there; jitney pull {text} brings it" if text else "jitney ls"


def is_used(store: Store, one: Holding) -> bool:
    """False also where the Store is somebody else's, and may not be asked."""
    try:
        with alone(store.use_lock(one.weights.digest)) as free:
            return not free
    except PermissionError:
        return False


def is_any_used(store: Store) -> bool:
    """Whether a living process uses anything, known by a reference or not."""
    for path in (store.root / "locks").glob("use-*"):
        with alone(path) as free:
            if not free:
                return True
    return False


def remove(store: Store, one: Holding) -> int:
    """Take a model out of the Store; bytes freed. Raises BusyError while a living process uses it."""
    with disk_errors(store.root), store.lock("removal"), alone(store.use_lock(one.weights.digest)) as free:
        if not free:
            raise BusyError(
                f"{one.name} ({one.id[:ID]}) is in use by a run on this machine",
                "jitney ps lists what runs, jitney stop ends it; then try again",
            )
        for note in one.notes:
            (store.root / "refs" / note).unlink(missing_ok=True)
        wanted = {file.sha256 for _, weights in store.notes() for file in weights.files}
        gone = [file for file in _unique(one.weights.files) if file.sha256 not in wanted]
        drop_views(store.root, {inode for file in gone if (inode := _inode(store.blob(file.sha256)))})
        freed = sum(_remove_blob(store.blob(file.sha256)) for file in gone)
        store.pin(one.weights.digest, pinned=False)
        (store.root / "used" / one.id).unlink(missing_ok=True)
    return freed


def _remove_blob(path: Path) -> int:
    """Bytes that are free now: none where another tool's cache has the same file."""
    try:
        state = path.stat()
    except FileNotFoundError:
        return 0
    path.unlink(missing_ok=True)
    return state.st_size if state.st_nlink == 1 else 0


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0
