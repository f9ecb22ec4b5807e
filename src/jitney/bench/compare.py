"""A published table beside ours: a CSV whose head names runtimes and some of our columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from jitney.bench.model import COLUMNS, Metric, Report, value
from jitney.errors import UsageError

_KNOWN = {
    "peak_memory_mb": ("peakmemory", "memory", "memorymb", "peakmemorymb", "peakmem", "rammb", "peakrammb"),
    "ms_per_token": ("mspertoken", "latencypertoken", "latencypertokenms", "tpot", "tpotms", "latencyms", "mstoken", "pertoken", "pertokenms"),
    "first_token_ms": ("firsttoken", "firsttokenms", "ttft", "ttftms", "timetofirsttokenms", "timetofirsttoken"),
    "start_s": ("startup", "startups", "starts", "coldstarts", "coldstart", "loadtimes", "loads"),
    "size_mb": ("size", "sizemb", "deploymentsize", "deploymentsizemb", "imagesizemb"),
    "prefill_tok_s": ("prefill", "prefilltoks", "prefilltokenss", "prompttoks"),
    "decode_tok_s": ("decode", "decodetoks", "toks", "tokenss", "tokenspersecond", "throughput", "throughputtoks"),
    "energy_j_per_token": ("energyjpertoken", "jpertoken", "energy", "energyjtoken"),
}  # fmt: skip
"""Heads of published tables, letters and digits alone, → our names. Units are ours: MB, ms, s, tokens a second, J."""

_THOUSAND = {"gb": 1000.0, "gib": 1073.741824, "mib": 1.048576}
_RUNTIMES = ("runtime", "framework", "engine", "backend", "system", "name")


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """name: of the file; rows: runtime as written → our column → number."""

    name: str
    rows: dict[str, dict[str, float]]


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """ratio: here / there."""

    runtime: str
    metric: Metric
    here: float | None
    there: float | None

    @property
    def ratio(self) -> float | None:
        return self.here / self.there if self.here is not None and self.there else None


def read(path: Path) -> Other:
    """UsageError: not there, no CSV, no column that we know."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--compare {path}: {error}", _HINT) from error
    reader = csv.DictReader(lines)
    heads = {head: _column(head) for head in reader.fieldnames or () if head}
    runtime = next((head for head in heads if plain(head) in _RUNTIMES), None)
    known = {head: found for head, found in heads.items() if found is not None}
    if runtime is None or not known:
        raise UsageError(
            f"--compare {path}: its head names no runtime, or nothing that is measured here", _HINT
        )
    rows: dict[str, dict[str, float]] = {}
    for number, row in enumerate(reader, 2):
        name = (row.get(runtime) or "").strip()
        if name:
            rows[name] = {
                column: factor * _number(row[head], f"{path}:{number} {head}")
                for head, (column, factor) in known.items()
                if (row.get(head) or "").strip() not in ("", "-", "–", "n/a", "N/A")
            }
    return Other(name=path.name, rows=rows)


_HINT = f"its first line names columns: runtime,{','.join(metric.name for metric in COLUMNS)} (any of them)"


def _column(head: str) -> tuple[str, float] | None:
    """Our name and the factor to our unit."""
    if head.endswith(("_low", "_high")):
        return None
    short = plain(head)
    names = {metric.name for metric in COLUMNS}
    if head in names:
        return head, 1.0
    for unit, factor in _THOUSAND.items():
        if short.endswith(unit) and (found := _column(short.removesuffix(unit) + "mb")):
            return found[0], factor
    return next(((name, 1.0) for name, others in _KNOWN.items() if short in others), None)


def _number(text: str, where: str) -> float:
    found = re.fullmatch(r"\s*[~≈]?\s*(\d[\d,]*(?:\.\d+)?|\.\d+)(?:\s*±.*)?\s*", text)
    if found is None:
        raise UsageError(f"--compare {where}: {text!r} is no number", _HINT)
    return float(found[1].replace(",", ""))


def plain(text: str) -> str:
    """Letters and digits, lower case: `Llama.cpp` and `llama-cpp` are one."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def beside(report: Report, other: Other) -> Iterator[Pair]:
    """Each runtime of either table, column by column; theirs that we have not measured, too."""
    theirs = {plain(name): (name, columns) for name, columns in other.rows.items()}
    for row in report.rows:
        _, columns = theirs.pop(plain(row.runtime), ("", {}))
        for metric in COLUMNS:
            found = value(row, metric)
            if metric.name in columns:
                here = found.median if found else None
                yield Pair(runtime=row.runtime, metric=metric, here=here, there=columns[metric.name])
    for name, columns in theirs.values():
        for metric in COLUMNS:
            if metric.name in columns:
                yield Pair(runtime=name, metric=metric, here=None, there=columns[metric.name])
