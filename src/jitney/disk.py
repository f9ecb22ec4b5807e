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
from jitney.engine.protocol import LABEL, LABEL_BASE, Engine, ImageInfo
from jitney.errors import EngineError
from jitney.sandbox.deliver import LABEL_BYTES, WEIGHTS, remove_tree


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something that takes disk. name: what removes it; own_bytes: freed when it goes; used: Unix time, 0: never."""

    kind: Literal["image", "base", "resolutions", "build-cache", "weights", "volume"]
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
