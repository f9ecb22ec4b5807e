"""Weights of the Store written out: a file, or a folder of files. What is there is never overwritten."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from jitney.errors import UsageError
from jitney.models.model import Weights
from jitney.models.storage.files import disk_errors, room_for
from jitney.models.storage.store import Store


def require_free(target: Path) -> None:
    """UsageError: something lies at `target` that writing there would change. A folder to write into may be there, empty."""
    if target.is_dir():
        if any(target.iterdir()):
            raise UsageError(f"{target} is a folder with something in it", "say another place with -o")
    elif os.path.lexists(target):
        raise UsageError(f"{target} is there already, and is not overwritten", "say another place with -o")
    elif not target.absolute().parent.is_dir():
        raise UsageError(
            f"{target}: there is no folder {target.absolute().parent}", f"mkdir -p {target.absolute().parent}"
        )


def write_out(store: Store, weights: Weights, target: Path) -> Path:
    """Copies: what the user does with them is nothing to the Store. One file goes to `target` itself, unless that is a
    folder; several make a folder of it, which appears whole or not at all. Returns where it lies."""
    require_free(target)
    single = len(weights.files) == 1
    into_folder = target.is_dir()
    if single and into_folder:
        target = target / Path(weights.main).name
    part = target.absolute().with_name(f".{target.name}.{os.getpid()}.part")
    with disk_errors(target.parent):
        room_for(target.absolute().parent, weights.bytes)
        try:
            if single:
                _copy(store, weights.files[0].sha256, part)
            else:
                for file in weights.files:
                    (part / file.name).parent.mkdir(parents=True, exist_ok=True)
                    _copy(store, file.sha256, part / file.name)
            part.rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
            if part.is_file():
                part.unlink()
    return target


def _copy(store: Store, sha256: str, target: Path) -> None:
    shutil.copyfile(store.blob(sha256), target)
