"""Disk stays bounded: what Jitney has built and kept, how old, how large, and what goes first.

The engine keeps no time of last use, so each run touches a small file named after the image's tag.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from jitney.config import Config
from jitney.engine.protocol import LABEL, LABEL_BASE, LABEL_RUN, Engine, ImageInfo
from jitney.errors import EngineError
from jitney.sandbox.deliver import LABEL_BYTES, WEIGHTS, remove_tree

STALE_S = 3600.0


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something that takes disk. name: what removes it; own_bytes: freed when it goes; used: Unix time, 0: never."""

    kind: Literal["image", "base", "resolutions", "build-cache", "weights", "volume", "stale"]
    name: str
    own_bytes: int
    used: float = 0.0
    in_use: bool = False


def mark_used(config: Config, tag: str) -> None:
    """Remember that the image was used now. A cache folder that cannot be written loses only the order."""
    path = _mark(config, tag)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError:
        return


def images(engine: Engine, config: Config) -> list[Item]:
    """Jitney's images and bases, the longest unused first."""
    busy = {box.image for box in engine.containers()}
    every = [image for image in engine.images() if image.labels.get(LABEL) in ("image", "base", "init", "uv")]
    sizes = {tag: image.size_bytes for image in every for tag in image.tags}
    items = [_item(image, sizes, busy, config) for image in every]
    return sorted(items, key=lambda item: (item.used, item.name))


def _item(image: ImageInfo, sizes: dict[str, int], busy: set[str], config: Config) -> Item:
    name = image.tags[0] if image.tags else image.id
    own = image.size_bytes - sizes.get(image.labels.get(LABEL_BASE, ""), 0)
    return Item(
        kind="image" if image.labels.get(LABEL) == "image" else "base",
        name=name,
        own_bytes=max(own, 0),
        used=_used(config, name),
        in_use=bool({image.id, *image.tags} & busy),
    )


def shrink(engine: Engine, config: Config, keep: Iterable[str] = ()) -> list[Item]:
    """Remove program images, the longest unused first, until all of them are within the budget. Returns what went.

    keep: tags that stay whatever happens. Bases stay: every new image needs one. What is in use stays.
    """
    items = [item for item in images(engine, config) if item.kind == "image"]
    total = sum(item.own_bytes for item in items)
    kept = set(keep)
    gone: list[Item] = []
    for item in items:
        if total <= config.disk_budget_bytes:
            break
        if item.in_use or item.name in kept or not remove_image(engine, config, item.name):
            continue
        total -= item.own_bytes
        gone.append(item)
    return gone


def volumes(engine: Engine) -> list[Item]:
    """Weights that were sent to an engine that does not see this machine's files."""
    return [
        Item(kind="volume", name=volume.name, own_bytes=int(volume.labels[LABEL_BYTES]))
        for volume in engine.volumes()
        if volume.labels.get(LABEL) == WEIGHTS and volume.labels.get(LABEL_BYTES, "").isdigit()
    ]


def stale(engine: Engine, config: Config) -> list[Item]:
    """What nothing leads to any more: volumes of former inits; blobs without a reference, views of blobs that are gone.

    Nothing of the Store while something runs, and nothing that is younger than STALE_S: somebody may be fetching it.
    """
    from jitney.sandbox.initvolume import PREFIX, init_binary, volume_name

    arch = engine.abilities().arch
    size, current = len(init_binary(arch)), volume_name(arch)
    found = [
        Item(kind="stale", name=volume.name, own_bytes=size)
        for volume in engine.volumes()
        if volume.labels.get(LABEL) == "init" and volume.name.startswith(PREFIX) and volume.name != current
    ]
    if not any(LABEL_RUN in box.labels for box in engine.containers()):
        found += _stale_weights(config.data / "store")
    return found


def _stale_weights(root: Path) -> list[Item]:
    from jitney.models.storage.store import Store

    store = Store(root)
    wanted = {file.sha256 for weights in store.all() for file in weights.files}
    blobs = [blob for blob in store.blobs() if blob.name not in wanted and _is_old(blob)]
    living = {blob.stat().st_ino for blob in store.blobs() if blob not in blobs}
    found = [Item(kind="stale", name=str(blob), own_bytes=blob.stat().st_size) for blob in blobs]
    for view in sorted((root / "views").glob("*")):
        held = [
            path.stat()
            for path in view.rglob("*")
            if path.is_file() and "refs" not in path.relative_to(view).parts
        ]
        if _is_old(view) and not {stat.st_ino for stat in held} <= living:
            alone = sum(stat.st_size for stat in held if stat.st_nlink == 1)
            found.append(Item(kind="stale", name=str(view), own_bytes=alone))
    return found


def _is_old(path: Path) -> bool:
    return time.time() - path.stat().st_ctime > STALE_S


def remove_stale(engine: Engine, name: str) -> bool:
    """name: an absolute path, or a volume's. False where a box uses it."""
    import shutil

    if not name.startswith("/"):
        return remove_volume(engine, name)
    path = Path(name)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return True


def remove_volume(engine: Engine, name: str) -> bool:
    """False where a box uses it."""
    try:
        remove_tree(engine, name)
    except EngineError:
        return False
    return True


def remove_image(engine: Engine, config: Config, name: str) -> bool:
    """False where the engine refuses: a container that is not ours uses it, or another client was quicker."""
    try:
        engine.remove_image(name)
    except EngineError:
        return False
    _mark(config, name).unlink(missing_ok=True)
    return True


def remove_used_image(engine: Engine, config: Config, name: str, patience_s: float = 3.0) -> bool:
    """Remove the image of a box that is just going: the engine still counts it for some 40 ms."""
    end = time.monotonic() + patience_s
    while not remove_image(engine, config, name):
        if time.monotonic() > end:
            return False
        time.sleep(0.03)
    return True


def folders(config: Config) -> list[Item]:
    """What lies on the host: kept resolutions and the Store of weights."""
    found = []
    for kind, path in (("resolutions", config.cache), ("weights", config.data / "store")):
        size = folder_bytes(path)
        if size:
            found.append(Item(kind=kind, name=str(path), own_bytes=size))  # type: ignore[arg-type]  # two literals
    return found


def folder_bytes(path: Path) -> int:
    """Bytes of the files below a folder; a file with several names counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            stat = os.lstat(os.path.join(folder, name))  # noqa: PTH118  (a tight loop over many files)
            if (stat.st_dev, stat.st_ino) not in seen:
                seen.add((stat.st_dev, stat.st_ino))
                total += stat.st_size
    return total


def _mark(config: Config, tag: str) -> Path:
    return config.cache / "used" / tag.replace("/", "_").replace(":", "_")


def _used(config: Config, tag: str) -> float:
    try:
        return _mark(config, tag).stat().st_mtime
    except OSError:
        return 0.0
