"""A Python file that this interpreter cannot parse still says what it imports."""

from __future__ import annotations

import ast

import pytest

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.detect.python.salvage import salvage
from jitney.source import Source

NEWER = """from openai import OpenAI
import rich

def ask[T](x: T, y: list[T) -> T:
    import numpy
    return x

client = OpenAI(base_url="http://localhost:11434/v1")
"""


def test_statements_beside_a_broken_one_are_read_at_their_lines() -> None:
    body = salvage(NEWER).body
    assert [(type(one).__name__, one.lineno) for one in body] == [
        ("ImportFrom", 1),
        ("Import", 2),
        ("Import", 5),
        ("Return", 6),
        ("Assign", 8),
    ]


def test_a_broken_file_has_packages_and_a_mode() -> None:
    found = detect(Source.from_mapping({"ask.py": NEWER + "rich.print(numpy.pi)\n"}, "ask.py"), Wishes())
    assert {one.name for one in found.packages} >= {"openai", "rich", "numpy"}
    assert (found.mode, found.frameworks) == ("local-server", ("openai",))


@pytest.mark.parametrize("text", ["", "\0", "(" * 5000, "def", '"""', "\n\n  x"])
def test_nothing_breaks_it(text: str) -> None:
    assert isinstance(salvage(text), ast.Module)
