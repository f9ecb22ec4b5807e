"""`jitney ls`: the models in the Store."""

from __future__ import annotations

import argparse

import msgspec

from jitney.cli.common import settings
from jitney.cli.models import ago, meant, record, rows
from jitney.cli.report import human_size
from jitney.models.storage.holdings import ID, Holding, holdings, is_used, made_of, total_bytes
from jitney.models.storage.store import Store
from jitney.supply import store

CACHED = ("REFERENCE", "OF", "SIZE")
HEAD = ("NAME", "ID", "SIZE", "FORMAT", "QUANT", "MODIFIED", "USED", "NOTES")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("references", metavar="REF", nargs="*", help="only these")
    parser.add_argument(
        "--cached",
        action="store_true",
        help="what other tools have on this machine; jitney pull takes it from there",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="whole IDs only")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    if arguments.cached:
        return _cached(arguments)
    if arguments.references:
        kept, found = meant(config, arguments.references)
    else:
        kept = store(config)
        found = _in_order(holdings(kept))
    if arguments.json:
        print(msgspec.json.encode([record(one, used_now=is_used(kept, one)) for one in found]).decode())
    elif arguments.quiet:
        print("\n".join(one.id for one in found), end="\n" if found else "")
    else:
        print(rows([HEAD, *(_row(kept, one) for one in found)]))
        if found and not arguments.references:
            print(f"\n{human_size(total_bytes(kept))} in all, what models share counted once")
    return 0


def _cached(arguments: argparse.Namespace) -> int:
    from jitney.models.sources import caches

    found = caches.every()
    if arguments.json:
        print(msgspec.json.encode(found).decode())
    elif arguments.quiet:
        print("\n".join(one.reference for one in found), end="\n" if found else "")
    else:
        print(rows([CACHED, *((one.reference, one.tool, human_size(one.bytes)) for one in found)]))
    return 0


def _in_order(found: list[Holding]) -> list[Holding]:
    """What was converted from a model stands below it; what nothing is left of, at the end."""
    sources = [one for one in found if not one.made_from]
    listed = [made for source in sources for made in [source, *made_of(found, source)]]
    ids = {one.id for one in listed}
    return listed + [one for one in found if one.id not in ids]


def _row(kept: Store, one: Holding) -> tuple[str, ...]:
    notes = [
        "in use" if is_used(kept, one) else "",
        "pinned" if one.pinned else "",
        f"converted from {one.made_from[:ID]}" if one.made_from else "",
        "signed" if one.weights.signed else "",
    ]
    return (
        one.name,
        one.id[:ID],
        human_size(one.weights.bytes),
        one.weights.format,
        one.weights.info.quantisation,
        ago(one.pulled),
        ago(one.used),
        ", ".join(note for note in notes if note),
    )
