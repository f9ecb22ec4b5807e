"""`jitney verify [REF…]`: hash what lies in the Store again; check signatures where keys are trusted, and the lock file."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from jitney.cli.common import settings
from jitney.cli.models import meant, record
from jitney.cli.parser import add_safety_options
from jitney.cli.report import human_size
from jitney.config import Config
from jitney.errors import JitneyError
from jitney.findings import Finding
from jitney.models.safety.gate import Gate
from jitney.models.storage import lockfile
from jitney.models.storage.holdings import ID, Holding, holdings, is_used
from jitney.models.storage.store import Store
from jitney.supply import policy, store


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one model; no findings: all is as it should be."""

    one: Holding
    findings: tuple[Finding, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "references", metavar="REF", nargs="*", help="only these; else every file of the Store"
    )
    parser.add_argument("--json", action="store_true")
    add_safety_options(parser)


def run(arguments: argparse.Namespace) -> int:
    config = settings(arguments)
    if arguments.references:
        kept, found = meant(config, arguments.references)
        bad = kept.verify({file.sha256 for one in found for file in one.weights.files})
    else:
        kept = store(config)
        found = holdings(kept)
        bad = kept.verify()
    verdicts = [Verdict(one=one, findings=tuple(_findings(kept, one, bad, config))) for one in found]
    ours = {file.sha256 for one in found for file in one.weights.files}
    stray = [finding for finding in bad if finding.file not in ours]
    if arguments.json:
        rows = [
            {**record(each.one, used_now=is_used(kept, each.one)), "findings": each.findings}
            for each in verdicts
        ]
        print(msgspec.json.encode({"models": rows, "findings": stray}).decode())
    else:
        _show(verdicts, stray)
    return 1 if stray or any(each.findings for each in verdicts) else 0


def _findings(kept: Store, one: Holding, bad: list[Finding], config: Config) -> list[Finding]:
    names = {file.sha256: file.name for file in one.weights.files}
    found = [
        msgspec.structs.replace(finding, message=f"{names[finding.file]}: {finding.message}")
        for finding in bad
        if finding.file in names
    ]
    if found:
        return found
    try:
        lockfile.require(Path(config.lock_file or lockfile.NAME), one.weights, (one.name, *one.refs))
        if not one.made_from:
            Gate(kept, policy(config)).readmit(one.weights)
    except JitneyError as error:
        found.append(Finding(level="error", code="model.unsafe", message=error.message, hint=error.hint))
    return found


def _show(verdicts: list[Verdict], stray: list[Finding]) -> None:
    for each in verdicts:
        weights = each.one.weights
        count = f"{len(weights.files)} file{'s' if len(weights.files) > 1 else ''}"
        if not each.findings:
            print(
                f"ok   {each.one.id[:ID]}  {each.one.name}  {weights.format}, {count}, {human_size(weights.bytes)}"
            )
        for finding in each.findings:
            print(f"BAD  {each.one.id[:ID]}  {each.one.name}  {finding.message}")
            print(f"     {finding.hint}" if finding.hint else "", end="\n" if finding.hint else "")
    for finding in stray:
        print(f"BAD  {finding.message}")
    if not verdicts and not stray:
        print("the Store is empty")
