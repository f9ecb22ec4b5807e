"""What other tools have on this machine already: the cache of the Hugging Face hub, and Ollama's store.

    $HF_HUB_CACHE, $HF_HOME/hub, ~/.cache/huggingface/hub     models--ORG--NAME/{blobs,refs,snapshots}
    $OLLAMA_MODELS, ~/.ollama/models, /usr/share/ollama/…     manifests/HOST/NAMESPACE/NAME/TAG, blobs/sha256-HEX

A file is hashed first: a cache is a claim. Then it is shared with the Store, not copied: as a clone where the file system has
them (btrfs, xfs), else as a hard link; a copy is made, and said, where neither works. The tool's own file is never changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from jitney.errors import ModelError
from jitney.models.model import WeightFile
from jitney.models.sources.hosts import ollama_registry
from jitney.models.storage.files import CHUNK, READABLE, disk_errors, place, sha256_of
from jitney.models.storage.store import Store

FICLONE = 0x40049409
"""ioctl of Linux: share another file's blocks (linux/fs.h)."""
MAX_MANIFEST = 4 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[\w.-]+(?:/[\w.-]+)*")

Say = Callable[[str], None]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A repository of the hub as far as it was downloaded. files: name → where its bytes lie."""

    commit: str
    files: Mapping[str, Path]


def hub_cache(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the hub's library keeps what it downloads, by its own variables."""
    if given := environ.get("HF_HUB_CACHE") or environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(given).expanduser()
    home = environ.get("HF_HOME")
    if home:
        return Path(home).expanduser() / "hub"
    above = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(above).expanduser() / "huggingface" / "hub"


def ollama_stores(environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The user's, and the service's."""
    if given := environ.get("OLLAMA_MODELS"):
        return (Path(given).expanduser(),)
    return (Path.home() / ".ollama" / "models", Path("/usr/share/ollama/.ollama/models"))


def hub_snapshot(repo: str, revision: str = "") -> Snapshot | None:
    """What lies there of `org/name` at a branch, a tag or a commit (empty: main); None: nothing."""
    if (
        not _WORD.fullmatch(repo)
        or (revision and not _WORD.fullmatch(revision))
        or ".." in f"{repo}{revision}"
    ):
        return None
    folder = hub_cache() / f"models--{repo.replace('/', '--')}"
    try:
        commit = (folder / "refs" / (revision or "main")).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        commit = revision
    top = folder / "snapshots" / commit
    if not commit or "/" in commit or not top.is_dir():
        return None
    blobs = (folder / "blobs").resolve()
    files = {
        path.relative_to(top).as_posix(): path.resolve()
        for path in sorted(top.rglob("*"))
        if path.is_file() and path.resolve().parent == blobs
    }
    return Snapshot(commit=commit, files=files) if files else None


def ollama_manifest(host: str, name: str, tag: str) -> bytes | None:
    """As Ollama keeps it: for its own models, host is its registry and name `library/…`."""
    path = f"{host}/{name}/{tag}"
    if not re.fullmatch(r"[\w.:-]+(?:/[\w.-]+)+", path) or ".." in path:
        return None
    for root in ollama_stores():
        file = root / "manifests" / path
        try:
            if file.is_file() and file.stat().st_size <= MAX_MANIFEST:
                return file.read_bytes()
        except OSError:
            continue
    return None


def cached_blob(sha256: str) -> Path | None:
    """Where a file that should have this hash lies in one of the caches."""
    return next(_named(sha256), None) if _SHA256.fullmatch(sha256) else None


def cached_git_blob(sha1: str) -> Path | None:
    """A small file of the hub, by its name as git has it."""
    return next(_of_hub(sha1), None) if re.fullmatch(r"[0-9a-f]{40}", sha1) else None


def _named(sha256: str) -> Iterator[Path]:
    yield from _of_hub(sha256)
    for root in ollama_stores():
        path = root / "blobs" / f"sha256-{sha256}"
        if _is_there(path):
            yield path


def _of_hub(name: str) -> Iterator[Path]:
    root = hub_cache()
    if root.is_dir():
        yield from (path for path in sorted(root.glob(f"models--*/blobs/{name}")) if _is_there(path))


def _is_there(path: Path) -> bool:
    try:
        return path.is_file() and os.access(path, os.R_OK)
    except OSError:
        return False


def bring(store: Store, sha256: str, git: str, say: Say) -> WeightFile | None:
    """A file of known hash from one of the caches, if one has it whole. sha256 or git: hex, the other may be empty."""
    found = cached_blob(sha256) if sha256 else cached_git_blob(git)
    if found is None:
        return None
    if git and not sha256 and _git_name(found) != git:
        say(f"{found}: not the bytes that its name says: it is downloaded instead")
        return None
    return take(store, found, sha256, say)


def _git_name(path: Path) -> str:
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def take(store: Store, path: Path, sha256: str, say: Say) -> WeightFile | None:
    """Share a file of another tool's with the Store. sha256: that it must have, if known. None, and said: it has another."""
    parts = store.root / "parts"
    part = parts / f"cached-{os.getpid()}-{os.urandom(6).hex()}"
    with disk_errors(store.root):
        parts.mkdir(parents=True, exist_ok=True)
        try:
            how = _share(path, part)
            digest, size = sha256_of(part if how else path)
            if sha256 and digest != sha256:
                say(f"{path}: not the bytes that its name says: it is downloaded instead")
                return None
            if not how:
                say(f"{path}: copied, for it cannot be shared with {store.root}")
                return store.add_file(path, digest)
            _settle(part, store.blob(digest), how)
        finally:
            part.unlink(missing_ok=True)
    return WeightFile(name="", sha256=digest, bytes=size)


def _share(path: Path, part: Path) -> str:
    """`clone` or `link`; empty: neither works. A link is taken only where nobody else can write, and all can read."""
    real = path.resolve()
    if _clone(real, part):
        return "clone"
    state = real.stat()
    private = state.st_mode & 0o022 or not state.st_mode & 0o004 or state.st_uid not in (os.geteuid(), 0)
    if private:
        return ""
    try:
        os.link(real, part)
    except OSError:  # another file system, or one without links
        return ""
    return "link"


def _clone(path: Path, part: Path) -> bool:
    try:
        with path.open("rb") as source, part.open("wb") as target:
            fcntl.ioctl(target.fileno(), FICLONE, source.fileno())
    except OSError:
        part.unlink(missing_ok=True)
        return False
    return True


def _settle(part: Path, blob: Path, how: str) -> None:
    """A clone is the Store's own; a link keeps the mode that its owner gave it."""
    if how == "clone" or part.stat().st_mode & 0o777 == READABLE:
        place(part, blob)
        return
    blob.parent.mkdir(parents=True, exist_ok=True)
    part.replace(blob)


class Cached(msgspec.Struct, frozen=True, kw_only=True):
    """A model that another tool has. reference: by which `jitney pull` takes it; bytes: of its files."""

    reference: str
    tool: str
    bytes: int


def every() -> list[Cached]:
    """All whole models that lie in the caches."""
    return [*_hub_models(), *_ollama_models()]


def _hub_models() -> Iterator[Cached]:
    for folder in sorted(hub_cache().glob("models--*")):
        repo = folder.name.removeprefix("models--").replace("--", "/", 1)
        snapshot = hub_snapshot(repo)
        if snapshot is not None:
            size = sum(path.stat().st_size for path in snapshot.files.values())
            yield Cached(reference=f"hf://{repo}", tool="Hugging Face", bytes=size)


class _Layer(msgspec.Struct, frozen=True):
    size: int = 0


class _Manifest(msgspec.Struct, frozen=True):
    layers: tuple[_Layer, ...] = ()


def _ollama_models() -> Iterator[Cached]:
    for root in ollama_stores():
        for path in sorted((root / "manifests").glob("*/*/*/*")):
            host, space, name, tag = path.relative_to(root / "manifests").parts
            try:
                size = sum(one.size for one in msgspec.json.decode(path.read_bytes(), type=_Manifest).layers)
            except (OSError, msgspec.DecodeError):
                continue
            short = name if space == "library" else f"{space}/{name}"
            whole = short if host == ollama_registry() else f"{host}/{space}/{name}"
            yield Cached(reference=f"ollama://{whole}:{tag}", tool="Ollama", bytes=size)


def require_known(names: list[Cached]) -> list[str]:
    """Their references. Raises ModelError: there are none."""
    if not names:
        places = ", ".join(str(path) for path in (hub_cache(), *ollama_stores()))
        raise ModelError("no other tool has models on this machine", f"looked in {places}")
    return [one.reference for one in names]
