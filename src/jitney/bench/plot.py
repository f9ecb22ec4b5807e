"""The table as a picture: a panel a column, a bar a runtime, least to most as a whisker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jitney.bench.compare import Other, plain
from jitney.bench.model import COLUMNS, Metric, Report, value
from jitney.errors import UsageError

ENDINGS = (".png", ".svg", ".pdf")
_ACROSS = 3
_OURS, _THEIRS, _MARKED = "#2b6cb0", "#9aa5b1", "#d69e2e"


def require_plot(path: Path) -> None:
    """Before anything is measured. UsageError: matplotlib is missing, or the ending is none that it writes."""
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"--plot {path}: a picture ends in {', '.join(ENDINGS)}", f"--plot {path.stem}.png")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--plot {path}: there is no folder {path.parent}", f"mkdir -p {path.parent}")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise UsageError("--plot needs matplotlib", "pip install 'jitney[bench]'") from error


def plot(report: Report, path: Path, other: Other | None = None) -> None:
    """Writes the picture. Orange: a runtime with a mark against it; grey: the published table."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = [metric for metric in COLUMNS if any(value(row, metric) for row in report.rows)]
    down = max(1, -(-len(columns) // _ACROSS))
    names = sum(not row.reason for row in report.rows)
    figure = Figure(figsize=(4.2 * _ACROSS, (1.1 + 0.42 * max(names, 2)) * down + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    wanted = report.settings
    about = f"{wanted.prompt_tokens} tokens in, {wanted.tokens} out, median of {wanted.n}, least to most"
    figure.suptitle(f"{report.model} on {report.machine.get('cpu', 'this machine')}\n{about}", fontsize=10)
    for at, metric in enumerate(columns, 1):
        _panel(figure.add_subplot(down, _ACROSS, at), report, metric, other)
    figure.savefig(path, dpi=130)


def _panel(axes: Any, report: Report, metric: Metric, other: Other | None) -> None:
    rows = [row for row in reversed(report.rows) if not row.reason]
    theirs = {plain(name): columns for name, columns in other.rows.items()} if other else {}
    for at, row in enumerate(rows):
        found = value(row, metric)
        there = theirs.get(plain(row.runtime), {}).get(metric.name)
        thick = 0.38 if theirs else 0.7
        if found is not None:
            whisker = [[found.median - found.low], [found.high - found.median]]
            where = at + (0.2 if theirs else 0)
            colour = _MARKED if row.marks else _OURS
            axes.barh(
                where, found.median, thick, color=colour, xerr=whisker, error_kw={"lw": 1, "capsize": 2}
            )
        if there is not None:
            axes.barh(at - 0.2, there, thick, color=_THEIRS)
    axes.set_yticks(range(len(rows)), [row.runtime for row in rows], fontsize=8)
    axes.set_title(f"{metric.title}, {metric.unit} ({metric.better} is better)", fontsize=9)
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlim(left=0)
