"""The image family: who stands on whom, what each adds, each layer counted once."""

from __future__ import annotations

from jitney.cli.sizes import family_lines
from jitney.engine.fake import FakeEngine
from jitney.engine.protocol import LABEL, LABEL_BASE
from jitney.family import family

MB = 1_000_000
IMAGES = [
    ("jitney-debian/debian:13-full", "base", "", 80),
    ("jitney-debian/rust:1.85-build", "base", "jitney-debian/debian:13-build", 900),
    ("jitney-debian/debian:13-build", "base", "jitney-debian/debian:13-full", 430),
    ("jitney-debian/ruby:3.3-run", "base", "jitney-debian/debian:13-full", 112),
    ("jitney/run:a", "image", "jitney-debian/ruby:3.3-run", 115),
    ("jitney/run:b", "image", "jitney-debian/ruby:3.3-run", 112),
    ("jitney/run:c", "image", "", 6),
]


def machine() -> FakeEngine:
    engine = FakeEngine()
    for tag, kind, base, size in IMAGES:
        engine.add_image(tag, {LABEL: kind} | ({LABEL_BASE: base} if base else {}), size * MB)
    engine.add_image("jitney-x/model:1", {LABEL: "probe"}, 5 * MB)
    return engine


def test_who_stands_on_whom() -> None:
    found = family(machine())
    assert [
        (one.name.rpartition("/")[2], one.parent.rpartition("/")[2], one.adds_bytes // MB)
        for one in found.members
    ] == [
        ("debian:13-full", "", 80),
        ("debian:13-build", "debian:13-full", 350),
        ("rust:1.85-build", "debian:13-build", 470),
        ("ruby:3.3-run", "debian:13-full", 32),
        ("run:a", "ruby:3.3-run", 3),
        ("run:b", "ruby:3.3-run", 0),
        ("run:c", "", 6),
    ]
    assert (
        found.total_bytes
        == sum(one.adds_bytes for one in found.members)
        == (80 + 350 + 470 + 32 + 3 + 6) * MB
    )


def test_as_a_table() -> None:
    assert family_lines(family(machine()))[1:] == [
        "    80 MB      80 MB  debian:13-full",
        "   350 MB     430 MB    debian:13-build",
        "   470 MB     900 MB      rust:1.85-build",
        "    32 MB     112 MB    ruby:3.3-run",
        "   3.0 MB                 2 programs, at most 3.0 MB each",
        "   6.0 MB             1 program",
        "   941 MB             in all",
    ]


def test_nothing_there() -> None:
    assert family(FakeEngine()).members == ()
