"""`jitney pull REF…`: models into the Store, checked on arrival; pinned, or locked to their bytes, where asked."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import msgspec

from jitney import supply
from jitney.cli.common import settings
from jitney.cli.models import fields
from jitney.cli.parser import add_output_options, add_safety_options
from jitney.cli.report import Report, human_size
from jitney.config import Config
from jitney.errors import UsageError
from jitney.models.model import Weights
from jitney.models.storage import lockfile

EPILOG = """\
Without REF: all models of the lock file. What lies in the cache of the Hugging Face hub or of Ollama on this machine is
taken from there without a download, and without a copy where the file system allows it."""
_EVERY_S = 0.1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "references", metavar="REF", nargs="*", help="org/repo[@rev][:QUANT], ollama://…, a file …"
    )
    parser.add_argument(
        "--pin",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="keep it, whatever the budget of the Store; or no longer",
    )
    parser.add_argument(
        "--lock",
        action="store_true",
        help="write the hashes of its files to jitney.lock here: other machines then get the same bytes",
    )
    parser.add_argument(
        "--cached",
        action="store_true",
        help="all models that the hub's cache and Ollama's store have on this machine, shared without a copy",
    )
    parser.add_argument("--lock-file", metavar="FILE", help="another lock file than ./jitney.lock")
    add_safety_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    report = Report(quiet=arguments.quiet, json=arguments.json, timings=arguments.timings)
    path = Path(arguments.lock_file or lockfile.NAME)
    if arguments.lock:
        # what the lock says now is about to be replaced, so it must not decide what is fetched
        config = msgspec.structs.replace(config, lock_file="")
    elif path.is_file():
        config = msgspec.structs.replace(config, lock_file=str(path.absolute()))
    elif arguments.lock_file:
        raise UsageError(f"--lock-file {path}: there is no such file", "jitney pull --lock REF… writes it")
    references = [*arguments.references, *(_of_caches() if arguments.cached else ())]
    for reference in references or _of_lock(path):
        weights = _pull(reference, arguments, config, report)
        if arguments.lock:
            lockfile.write(path, reference, weights)
            report.say(f"{path}: {reference} is locked to {weights.digest[:19]}…")
        _tell(reference, weights, arguments, report)
    report.finish()
    return 0


def _of_caches() -> list[str]:
    from jitney.models.sources import caches

    return caches.require_known(caches.every())


def _of_lock(path: Path) -> list[str]:
    names = list(lockfile.read(path))
    if not names:
        raise UsageError(
            "which model? there is no REF, and no lock file with models here",
            "jitney pull smollm2      or:  jitney pull org/repo:Q4_K_M",
        )
    return names


def _pull(reference: str, arguments: argparse.Namespace, config: Config, report: Report) -> Weights:
    shown = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal shown
        if time.monotonic() - shown > _EVERY_S:
            shown = time.monotonic()
            of = f" of {human_size(total)}" if total else ""
            report.progress(f"{reference}: {human_size(done)}{of}")

    with report.phase("pull"):
        weights = supply.fetch_model(reference, config, report, progress=progress, renew=True)
    report.clear()
    if arguments.pin is not None:
        supply.store(config).pin(weights.digest, pinned=arguments.pin)
    return weights


def _tell(reference: str, weights: Weights, arguments: argparse.Namespace, report: Report) -> None:
    record = fields(weights)
    report.event("pulled", reference=reference, **record)
    if arguments.json:
        return
    if arguments.quiet:
        print(record["id"])
        return
    info = weights.info
    what = " ".join(word for word in (weights.format, info.quantisation, info.licence) if word)
    print(f"{reference}  {str(record['id'])[:12]}  {human_size(weights.bytes)}  {what}")
