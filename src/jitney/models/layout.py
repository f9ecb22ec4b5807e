"""Trees of hard links to blobs, in the layouts that libraries expect, for a read-only mount at /models.

    /models
      huggingface/hub/models--ORG--NAME/refs/main                 the revision, 40 hexadecimal digits
      huggingface/hub/models--ORG--NAME/snapshots/REVISION/FILE   where hub libraries look (candle: below $HOME/.cache)
      files/FILE                                                  plain paths

A view is named by the hash of what it holds: built once, shared by all runs that want the same, never changed.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from jitney.engine.protocol import VolumeMount
from jitney.errors import ModelError
from jitney.models.model import Weights
from jitney.models.storage.files import READABLE, disk_errors
from jitney.models.storage.store import Store

MODELS_DIR = "/models"
HUB = "huggingface/hub"
FILES = "files"
MAX_NAME = 200
_WRITABLE = "/tmp/huggingface"  # noqa: S108  inside the sandbox, where /tmp is its own


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """Weights under the name by which a program asks. repo: `org/name`, empty: only as plain files. file: the
    one file asked for there, perhaps with `*`; empty: all under their own names."""

    weights: Weights
    repo: str = ""
    file: str = ""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """path: the tree on the host. main: where the first model's main file lies inside the sandbox."""

    key: str
    path: str
    main: str

    def mounts(self, home: str = "") -> tuple[VolumeMount, ...]:
        """Read-only mounts. home: also below it, where some libraries look, `.cache/huggingface/hub`."""
        mounts = [VolumeMount(kind="bind", source=self.path, target=MODELS_DIR)]
        if home:
            cache = f"{home}/.cache"
            options = "exec,size=67108864,uid=65532,gid=65532,mode=0700"
            mounts.append(VolumeMount(kind="tmpfs", target=cache, readonly=False, options=options))
            hub = VolumeMount(kind="bind", source=f"{self.path}/{HUB}", target=f"{cache}/{HUB}")
            mounts.append(hub)
        return tuple(mounts)

    def env(self) -> dict[str, str]:
        """Variables that keep libraries at the view and off the network; what they write goes to /tmp."""
        return {
            "HF_HOME": f"{MODELS_DIR}/{HUB.removesuffix('/hub')}",
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "HF_DATASETS_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_MODULES_CACHE": f"{_WRITABLE}/modules",
            "HF_DATASETS_CACHE": f"{_WRITABLE}/datasets",
            "HF_ASSETS_CACHE": f"{_WRITABLE}/assets",
            "HF_XET_CACHE": f"{_WRITABLE}/xet",
            "JITNEY_MODEL": self.main,
        }


def library_view(store: Store, wants: tuple[Want, ...]) -> View:
    """The tree for these wants, built unless it is there; they stay while this process lives.

    Raises ModelError (disk full, a blob removed meanwhile).
    """
    assert wants, "a view of nothing"
    for want in wants:
        store.hold(want.weights)
    tree = _tree(wants)
    lines = "".join(f"{path} {content}\n" for path, content in sorted(tree.items()))
    key = hashlib.sha256(lines.encode()).hexdigest()[:32]
    path = store.root / "views" / key
    main = f"{MODELS_DIR}/{FILES}/{wants[0].weights.main}"
    if not path.is_dir():
        with disk_errors(store.root), store.lock(f"view-{key}"):
            if not path.is_dir():
                _build(store, tree, path)
    return View(key=key, path=str(path), main=main)


def _tree(wants: tuple[Want, ...]) -> dict[str, str]:
    """Path in the view → `blob:HEX` or `text:…`."""
    revisions: dict[str, str] = {}
    for want in wants:
        revisions[want.repo] = _revision(revisions.get(want.repo, "") + want.weights.digest + want.file)
    tree: dict[str, str] = {}
    for want in wants:
        for file in want.weights.files:
            tree.setdefault(f"{FILES}/{file.name}", f"blob:{file.sha256}")
        if want.repo:
            folder = f"{HUB}/models--{want.repo.replace('/', '--')}"
            tree[f"{folder}/refs/main"] = f"text:{revisions[want.repo]}"
            for name, sha256 in _names(want):
                tree[f"{folder}/snapshots/{revisions[want.repo]}/{name}"] = f"blob:{sha256}"
    return tree


def _revision(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _names(want: Want) -> Iterator[tuple[str, str]]:
    """All files under their own names, and the main one under the name that was asked for."""
    own = {file.name: file.sha256 for file in want.weights.files}
    yield from own.items()
    asked = asked_name(want.file, want.weights)
    if asked and asked not in own and len(asked) < MAX_NAME and "\0" not in asked:
        yield asked, own[want.weights.main]


def asked_name(file: str, weights: Weights) -> str:
    """The name in the view for `file`, which may have `*` and `?`: an own name that matches, else one that would."""
    if not any(sign in file for sign in "*?["):
        return file
    for own in weights.files:
        if fnmatch.fnmatch(own.name, file):
            return own.name
    return file.replace("*", "model").replace("?", "x") if "[" not in file else ""


def _build(store: Store, tree: dict[str, str], path: Path) -> None:
    import shutil

    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        for name, content in tree.items():
            target = temporary / name
            if name.startswith("/") or ".." in name.split("/"):
                raise ModelError(f"{name}: the name of a model's file leads out of its folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            kind, _, value = content.partition(":")
            if kind == "text":
                target.write_text(value, encoding="ascii")
            else:
                _link(store.blob(value), target)
        _open_folders(temporary)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _link(blob: Path, target: Path) -> None:
    """A hard link; a copy where the file system has none."""
    import shutil

    try:
        os.link(blob, target)
    except FileNotFoundError as error:
        raise ModelError(
            f"{blob.name[:12]}: a file of the model left the Store meanwhile", "run again"
        ) from error
    except OSError:
        shutil.copyfile(blob, target)
        target.chmod(0o444)


def _open_folders(top: Path) -> None:
    """Whatever the umask was: the sandbox's user must be able to look inside. What can be read keeps its mode: it may be the
    same file as one in another tool's cache."""
    for folder, _, names in os.walk(top):
        Path(folder).chmod(0o755)
        for name in names:
            path = Path(folder, name)
            if path.stat().st_mode & READABLE != READABLE:
                path.chmod(READABLE)


def view_tar(view: View) -> Iterator[bytes]:
    """The tree as an uncompressed tar, in constant memory, for daemons that do not see this machine's files. A file with
    several names travels once."""
    import tarfile

    top = Path(view.path)
    sent: dict[int, str] = {}
    for path in sorted(top.rglob("*")):
        info = tarfile.TarInfo(path.relative_to(top).as_posix())
        info.mode, info.mtime = (0o755, 0) if path.is_dir() else (0o444, 0)
        info.type = tarfile.DIRTYPE if path.is_dir() else tarfile.REGTYPE
        if path.is_file():
            first = sent.setdefault(path.stat().st_ino, info.name)
            if first == info.name:
                info.size = path.stat().st_size
            else:
                info.type, info.linkname = tarfile.LNKTYPE, first
        yield info.tobuf(tarfile.PAX_FORMAT)
        if info.size:
            with path.open("rb") as file:
                while piece := file.read(1 << 20):
                    yield piece
            yield bytes(-info.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def view_bytes(view: View) -> int:
    """What the tree takes; a file with several names counts once."""
    stats = [path.stat() for path in Path(view.path).rglob("*") if path.is_file()]
    return sum({stat.st_ino: stat.st_size for stat in stats}.values())
