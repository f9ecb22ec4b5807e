"""A Report as text for a terminal, as CSV (which `--compare` reads again), as Markdown for a page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from jitney.bench.compare import Other, beside
from jitney.bench.model import COLUMNS, Metric, Report, Row, Spread, value

NOTHING = "–"
WIDE = 200


def text(report: Report, other: Other | None = None, width: int = WIDE) -> str:
    """The table, what has to be known of it, and a published one beside it."""
    from rich.console import Console
    from rich.table import Table

    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    columns = _shown(report)
    made = Table(box=None, pad_edge=False)
    made.add_column("runtime", no_wrap=True)
    for metric in columns:
        made.add_column(f"{metric.title}\n{metric.unit}", justify="right")
    made.add_column("right\nanswers", justify="right")
    for row in report.rows:
        if not row.reason:
            made.add_row(_name(row), *(_cell(value(row, metric)) for metric in columns), _right(row))
    console.print(_title(report), soft_wrap=True)
    if made.row_count:
        console.print(made)
    for line in _below(report):
        console.print(line, soft_wrap=True)
    if other is not None:
        console.print(f"\nbeside {other.name}")
        console.print(_beside(report, other))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _title(report: Report) -> str:
    wanted = report.settings
    known = report.machine
    cpu = known.get("cpu") or known.get("arch", "")
    return (
        f"{report.model}: {wanted.prompt_tokens} tokens in, {wanted.tokens} out, {wanted.threads} thread"
        f"{'s' if wanted.threads > 1 else ''}, medians of {wanted.n} (least to most)\n"
        f"{cpu}, {known.get('cores', '?')} cores, {known.get('memory_gb', '?')} GB, load {known.get('load', '?')}"
    )


def _shown(report: Report) -> list[Metric]:
    """Columns in which somebody has a value."""
    return [metric for metric in COLUMNS if any(value(row, metric) for row in report.rows)]


def _name(row: Row) -> str:
    kind = row.quantisation or row.format
    return f"{row.runtime} ({kind}){' *' if row.marks else ''}" if kind else row.runtime


def _cell(found: Spread | None) -> str:
    if found is None:
        return NOTHING
    if found.n == 1:
        return number(found.median)
    return f"{number(found.median)} ({number(found.low)}–{number(found.high)})"


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _right(row: Row) -> str:
    """With the perplexity where it is known."""
    if row.quality is None:
        return NOTHING
    told = f"{row.quality.right} of {row.quality.of}"
    return f"{told}, ppl {number(row.quality.perplexity)}" if row.quality.perplexity else told


def _below(report: Report) -> Iterator[str]:
    for row in report.rows:
        for mark in row.marks:
            yield f"* {row.runtime}: {mark}"
    for row in report.rows:
        if row.reason:
            yield f"{row.runtime}: not measured: {row.reason}"
    yield from report.notes


def _beside(report: Report, other: Other) -> object:
    from rich.table import Table

    made = Table(box=None, pad_edge=False)
    for title in ("runtime", "what"):
        made.add_column(title, no_wrap=True)
    for title in ("here", "there", "ratio"):
        made.add_column(title, justify="right")
    for pair in beside(report, other):
        here = NOTHING if pair.here is None else number(pair.here)
        there = NOTHING if pair.there is None else number(pair.there)
        ratio = NOTHING if pair.ratio is None else f"{pair.ratio:.2f} ×"
        made.add_row(pair.runtime, f"{pair.metric.title} ({pair.metric.unit})", here, there, ratio)
    return made


def as_csv(report: Report) -> str:
    """A line a runtime: medians, and `_low`, `_high` beside each."""
    file = io.StringIO()
    names = [
        name for metric in COLUMNS for name in (metric.name, f"{metric.name}_low", f"{metric.name}_high")
    ]
    head = ["runtime", "format", "quantisation", *names, "right", "questions", "perplexity", "reason"]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    for row in report.rows:
        cells: list[object] = [row.runtime, row.format, row.quantisation]
        for metric in COLUMNS:
            found = value(row, metric)
            cells += (
                [f"{number:.6g}" for number in (found.median, found.low, found.high)]
                if found
                else ["", "", ""]
            )
        told = row.quality
        cells += (
            [told.right, told.of, f"{told.perplexity:.4g}" if told.perplexity else ""]
            if told
            else ["", "", ""]
        )
        writer.writerow([*cells, row.reason])
    return file.getvalue()


def markdown(report: Report) -> str:
    """For docs/runtimes.md."""
    columns = _shown(report)
    lines = [
        f"| runtime | {' | '.join(f'{metric.title} ({metric.unit})' for metric in columns)} | right answers |",
        f"| --- |{' --: |' * (len(columns) + 1)}",
    ]
    lines += [
        f"| {_name(row)} | {' | '.join(_cell(value(row, metric)) for metric in columns)} | {_right(row)} |"
        for row in report.rows
        if not row.reason
    ]
    below = [f"- {line.removeprefix('* ')}" for line in _below(report)]
    return (
        "\n".join([_title(report).replace("\n", "; "), "", *lines, *([""] if below else []), *below]) + "\n"
    )
