"""The table in its forms, and a published one beside it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from jitney.bench import plot
from jitney.bench.compare import beside, read
from jitney.bench.model import Quality, Report, Row, Settings, Spread
from jitney.bench.table import as_csv, markdown, number, text
from jitney.errors import UsageError

REPORT = Report(
    model="smollm2",
    settings=Settings(n=3),
    machine={"cpu": "A CPU", "cores": "2", "memory_gb": "8.0", "load": "0.1"},
    rows=(
        Row(
            runtime="llama.cpp",
            format="gguf",
            quantisation="Q4_1",
            image_bytes=70_000_000,
            weights_bytes=98_000_000,
            values={
                "ms_per_token": Spread(median=20.0, low=18.0, high=31.5, n=3),
                "peak_memory_mb": Spread(median=336.4, low=335, high=337, n=3),
            },
            quality=Quality(right=17, of=24, perplexity=14.2),
        ),
        Row(
            runtime="transformers",
            format="safetensors",
            values={"ms_per_token": Spread(median=90.0, low=90.0, high=90.0, n=1)},
            quality=Quality(right=3, of=24),
            marks=("answers worse",),
        ),
        Row(runtime="nim", reason="needs an NVIDIA GPU"),
    ),
    notes=("energy: none",),
)


def test_the_text_says_all() -> None:
    shown = text(REPORT)
    for words in (
        "20 (18–31.5)",
        "336 (335–337)",
        "17 of 24, ppl 14.2",
        "3 of 24",
        "transformers (safetensors) *",
        "* transformers: answers worse",
        "nim: not measured: needs an NVIDIA GPU",
        "energy: none",
        "medians of 3",
        "168",
    ):
        assert words in shown
    assert "energy\n" not in shown.split("energy: none")[0], "a column that nobody has is not shown"


def test_the_csv_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "here.csv"
    path.write_text(as_csv(REPORT))
    rows = list(csv.DictReader(io.StringIO(as_csv(REPORT))))
    assert [row["runtime"] for row in rows] == ["llama.cpp", "transformers", "nim"]
    assert (rows[0]["ms_per_token_high"], rows[0]["right"], rows[2]["reason"]) == (
        "31.5",
        "17",
        "needs an NVIDIA GPU",
    )
    pairs = [pair for pair in beside(REPORT, read(path)) if pair.here is not None]
    assert len(pairs) == 4
    assert {pair.ratio for pair in pairs} == {1.0} or all(
        abs((pair.ratio or 0) - 1) < 0.001 for pair in pairs
    )


def test_a_published_table_beside_ours(tmp_path: Path) -> None:
    path = tmp_path / "published.csv"
    path.write_text("Framework,TPOT (ms),Memory (GB),Stars\nLlama-CPP,10,0.2,5\nMLC-LLM,~8 ± 1,,9\n")
    pairs = {
        (pair.runtime, pair.metric.name): (pair.here, pair.there, pair.ratio)
        for pair in beside(REPORT, read(path))
    }
    assert pairs == {
        ("llama.cpp", "ms_per_token"): (20.0, 10.0, 2.0),
        ("llama.cpp", "peak_memory_mb"): (336.4, 200.0, pytest.approx(1.682)),
        ("MLC-LLM", "ms_per_token"): (None, 8.0, None),
    }
    shown = text(REPORT, read(path))
    assert "beside published.csv" in shown
    assert "2.00 ×" in shown


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        ("", "names no runtime"),
        ("runtime,stars\na,5\n", "nothing that is measured"),
        ("ms_per_token\n5\n", "names no runtime"),
        ("runtime,ms_per_token\na,fast\n", "'fast' is no number"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "t.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError) as caught:
        read(path)
    assert words in caught.value.message
    assert "runtime,peak_memory_mb" in caught.value.hint


def test_markdown_is_a_table_of_equal_rows() -> None:
    lines = [line for line in markdown(REPORT).splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    assert len(lines) == 4
    assert "needs an NVIDIA GPU" in markdown(REPORT)


@pytest.mark.parametrize(
    ("value", "want"), [(0.01234, "0.0123"), (12.345, "12.3"), (123.4, "123"), (12345.6, "12,346")]
)
def test_three_digits(value: float, want: str) -> None:
    assert number(value) == want


def test_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    plot.require_plot(path)
    plot.plot(REPORT, path)
    plain = path.read_bytes()
    assert plain[:8] == b"\x89PNG\r\n\x1a\n"
    other = tmp_path / "t.csv"
    other.write_text("runtime,ms_per_token\nllama.cpp,10\n")
    plot.plot(REPORT, path, read(other))
    assert path.read_bytes() != plain


@pytest.mark.parametrize(("name", "words"), [("a.doc", "a picture ends in"), ("nowhere/a.png", "no folder")])
def test_a_picture_that_cannot_be(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        plot.require_plot(tmp_path / name)
