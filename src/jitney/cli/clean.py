"""`jitney clean`: what takes disk, with sizes; removed after asking. Only what has Jitney's label or lies in its folders."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import msgspec

from jitney import disk
from jitney.cli.common import connected, settings
from jitney.cli.report import human_size
from jitney.cli.sizes import family_lines
from jitney.config import Config
from jitney.engine.protocol import Engine
from jitney.errors import BusyError, UsageError
from jitney.family import Family, family
from jitney.sandbox.sweep import sweep

KINDS = ("images", "bases", "caches", "weights")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="*", type=_kind, metavar="WHAT", help=f"{', '.join(KINDS)} or all")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="only show, and what the images share")
    parser.add_argument("--json", action="store_true")


def _kind(text: str) -> str:
    if text not in (*KINDS, "all"):
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(KINDS)}, all")
    return text


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    wanted = set(KINDS if "all" in arguments.what else arguments.what or ("images", "caches"))
    with connected(config) as engine:
        left = sweep(engine)
        items = _items(engine, config, wanted)
        images = family(engine) if arguments.dry_run else Family()
        if arguments.json:
            print(msgspec.json.encode({"swept": left, "items": items, "images": images}).decode())
        else:
            _show(items, left)
            print("\n".join(("", *family_lines(images))) + "\n" if images.members else "", end="")
        if arguments.dry_run or not items:
            return 0
        if not arguments.yes and not _agreed(items):
            return 1
        freed = sum(item.own_bytes for item in items if _remove(engine, config, item))
    if not arguments.json:
        print(f"freed {human_size(freed)}")
    return 0


def _items(engine: Engine, config: Config, wanted: set[str]) -> list[disk.Item]:
    kinds = {
        "image": "images",
        "base": "bases",
        "weights": "weights",
        "volume": "weights",
        "resolutions": "caches",
    }
    found = [item for item in disk.images(engine, config) if not item.in_use]
    found += disk.folders(config) + disk.volumes(engine)
    chosen = [item for item in found if kinds[item.kind] in wanted]
    if "caches" in wanted:
        chosen += disk.stale(engine, config)
        chosen += [
            disk.Item(kind="build-cache", name=cache.id, own_bytes=cache.size_bytes)
            for cache in engine.build_caches()
            if not cache.in_use
        ]
    return chosen


def _show(items: list[disk.Item], swept: int) -> None:
    if swept:
        print(f"removed {swept} leftovers of dead runs")
    for item in items:
        print(f"{human_size(item.own_bytes):>9}  {item.kind:<12} {item.name}")
    print(f"{human_size(sum(item.own_bytes for item in items)):>9}  in all" if items else "nothing to clean")


def _agreed(items: list[disk.Item]) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            "nobody to ask: standard input is not a terminal", "jitney clean --yes, or --dry-run to look"
        )
    return input(f"remove these {len(items)}? [y/N] ").strip().lower() in ("y", "yes")


def _remove(engine: Engine, config: Config, item: disk.Item) -> bool:
    if item.kind in ("image", "base"):
        return disk.remove_image(engine, config, item.name)
    if item.kind == "volume":
        return disk.remove_volume(engine, item.name)
    if item.kind == "stale":
        return disk.remove_stale(engine, item.name)
    if item.kind == "build-cache":
        return engine.remove_build_cache(item.name) > 0
    if item.kind == "weights":
        return _remove_store(Path(item.name))
    shutil.rmtree(Path(item.name))
    return True


def _remove_store(root: Path) -> bool:
    """The whole Store, but not while a run uses a model of it: then only the others go."""
    from jitney.models.storage.holdings import holdings, remove
    from jitney.models.storage.store import Store

    store = Store(root)
    busy = False
    for one in holdings(store):
        try:
            remove(store, one)
        except BusyError as error:
            busy = True
            print(f"kept: {error.message}", file=sys.stderr)
    if not busy:
        shutil.rmtree(root)
    return not busy
