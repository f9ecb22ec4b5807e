"""From a reference to verified weights in the Store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from jitney.errors import ModelError
from jitney.models.download import Remote, download
from jitney.models.files import Progress, disk_errors
from jitney.models.formats import check, is_pickle
from jitney.models.gate import STRICT, Gate, Policy
from jitney.models.model import Reference, WeightFile, Weights
from jitney.models.store import Store

MAX_FILES = 10_000
_SKIPPED = (".git", ".cache", "__pycache__", ".DS_Store")


def fetch(
    store: Store,
    ref: Reference,
    index: str = "",
    *,
    progress: Progress | None = None,
    on_line: Callable[[str], None] | None = None,
    policy: Policy = STRICT,
) -> Weights:
    """Weights of a reference, from the Store or from where they come from, through the gate (gate.py). index: of
    Python packages, as configured.

    Raises ModelError. A failure leaves nothing but, for downloads, the part that the next call resumes.
    """
    gate = Gate(store, policy, on_line)
    if ref.kind == "folder":
        return _from_folder(gate, ref, progress)
    if ref.kind == "file":
        return _from_file(gate, ref, progress)
    known = store.find(ref.canonical)
    if known is not None and (
        not ref.sha256 or any(file.sha256 == ref.sha256 for file in known.files) or ref.archive
    ):
        return gate.readmit(_named(known, ref))
    if on_line:
        on_line(
            f"fetching the model {ref.text}"
            + (f" ({ref.bytes / 1e6:,.0f} MB, once)" if ref.bytes else " (once)")
        )
    file = _bring(store, ref, index, progress, on_line)
    if ref.archive:
        return _from_archive(gate, ref, file)
    return store.remember(gate.admit(gate.assembled(ref, (file,))))


def on_hand(store: Store, ref: Reference) -> Weights | None:
    """The weights, if nothing needs to be fetched for them."""
    if ref.kind in ("file", "folder"):
        return fetch(store, ref)
    known = store.find(ref.canonical)
    return _named(known, ref) if known else None


def _named(weights: Weights, ref: Reference) -> Weights:
    """What the alias table says today counts, not what it said when the weights came."""
    return msgspec.structs.replace(weights, alias=ref.alias, hubs=ref.hubs)


def _bring(
    store: Store,
    ref: Reference,
    index: str,
    progress: Progress | None,
    on_line: Callable[[str], None] | None,
) -> WeightFile:
    name = Path(ref.file).name
    if ref.sha256 and store.has(ref.sha256, ref.bytes):
        return WeightFile(name=name, sha256=ref.sha256, bytes=store.blob(ref.sha256).stat().st_size)
    if ref.kind == "url":
        remote = Remote(url=ref.url, name=name, sha256=ref.sha256, bytes=ref.bytes)
        return download(store, remote, progress=progress, on_line=on_line)
    from jitney.models.package import fetch_package

    found = fetch_package(store, ref, index, progress=progress, on_line=on_line)
    return msgspec.structs.replace(found, name=name)


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
    return f"folder:{hashlib.sha256('/'.join(lines).encode()).hexdigest()}"


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


def _from_archive(gate: Gate, ref: Reference, file: WeightFile) -> Weights:
    """A zip whose members are the model; a single top folder is left out of their names."""
    import zipfile

    store = gate.store
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
    return store.remember(gate.admit(gate.assembled(ref, tuple(files))))


def _is_wanted(name: str) -> bool:
    parts = name.split("/")
    return not any(part in _SKIPPED or part == "__MACOSX" for part in parts)


def _leads_out(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ".." in name.split("/")


def _common_top(names: list[str]) -> str:
    tops = {name.split("/", 1)[0] for name in names}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in names) else ""
