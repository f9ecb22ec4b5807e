"""`jitney rm REF…`: models out of the Store, with what was converted from them. Never one that a run uses."""

from __future__ import annotations

import argparse
import sys

import msgspec

from jitney.cli.common import settings
from jitney.cli.models import meant, short
from jitney.cli.report import human_size, write_error
from jitney.errors import BusyError, UsageError
from jitney.models.storage.budget import sweep
from jitney.models.storage.holdings import Holding, holdings, remove
from jitney.supply import store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "references", metavar="REF", nargs="*", help="names, references or IDs, as jitney ls has them"
    )
    parser.add_argument("--all", action="store_true", help="all but the pinned ones, after asking")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    if bool(arguments.references) == arguments.all:
        raise UsageError("say which models, or --all", "jitney ls lists them")
    if arguments.all:
        kept = store(config)
        found = [one for one in holdings(kept) if not one.pinned]
        if found and not arguments.yes and not _agreed(found):
            return 1
    else:
        kept, found = meant(config, arguments.references)
    code, removed = 0, []
    for one in found:
        try:
            freed = remove(kept, one)
        except BusyError as error:
            write_error(error)
            code = error.exit_code
            continue
        removed.append({"name": one.name, "id": one.id, "freed": freed})
        if not arguments.json:
            shared = " (another model or another tool has the rest)" if freed < one.weights.bytes else ""
            print(f"removed {short(one)}: {human_size(freed)} freed{shared}")
    left = sweep(kept)  # archives that were unpacked, what was refused: nothing leads to them
    if arguments.json:
        print(msgspec.json.encode(removed).decode())
    elif left:
        print(f"removed what no model needs any more: {human_size(left)} freed")
    return code


def _agreed(found: list[Holding]) -> bool:
    for one in found:
        print(f"{human_size(one.own_bytes):>9}  {short(one)}", file=sys.stderr)
    if not sys.stdin.isatty():
        raise UsageError("nobody to ask: standard input is not a terminal", "jitney rm --all --yes")
    return input(f"remove these {len(found)}? [y/N] ").strip().lower() in ("y", "yes")
