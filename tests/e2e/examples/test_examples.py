"""Every folder in examples/ is run as a user runs it, and must do what its expect.toml says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from tests.conftest import Jitney

EXAMPLES = Path(__file__).parents[3] / "examples"


class Expectation(msgspec.Struct, forbid_unknown_fields=True):
    """expect.toml. source: what is handed to `jitney run`; options: further options of it; stdout: all of it;
    contains, matches: parts and a pattern of it; stderr: a part of it. needs: engine, model.

    For the gallery in the manual: about: one sentence; language, client: what it is written in and what reaches the model;
    kind: `beside` (asks a model server), `in-process` (loads weights itself), `none`; stream: the answer comes in pieces."""

    source: str
    about: str = ""
    language: str = ""
    client: str = ""
    kind: Literal["beside", "in-process", "none"] = "none"
    stream: bool = False
    args: list[str] = []
    options: list[str] = []
    stdin: str = ""
    model: str = ""
    needs: list[str] = []
    slow: bool = False
    exit: int = 0
    stdout: str | None = None
    contains: list[str] = []
    matches: str = ""
    stderr: str = ""


def read(folder: Path) -> Expectation:
    return msgspec.convert(tomllib.loads((folder / "expect.toml").read_text(encoding="utf-8")), Expectation)


def _examples() -> Sequence[object]:
    cases = []
    for path in sorted(EXAMPLES.glob("*/expect.toml")):
        wanted = read(path.parent)
        marks = [getattr(pytest.mark, name) for name in (*wanted.needs, *(["slow"] if wanted.slow else []))]
        cases.append(pytest.param(path.parent, id=path.parent.name, marks=marks))
    return cases


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("folder", _examples())
def test_example(folder: Path, jitney: Jitney, assert_nothing_left: Callable[[], None]) -> None:
    wanted = read(folder)
    model = ["--model", wanted.model] if wanted.model else []
    arguments = ["run", *model, *wanted.options, str(folder / wanted.source), *wanted.args]

    patience = 1750 if wanted.slow else 280  # a first build may compile a library for many minutes
    done = jitney(*arguments, stdin=wanted.stdin.encode(), timeout=patience)

    out, err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == wanted.exit, err
    if wanted.stdout is not None:
        assert out == wanted.stdout
    for part in wanted.contains:
        assert part in out
    assert re.search(wanted.matches, out), out
    assert wanted.stderr in err
    assert_nothing_left()


def test_every_example_has_an_expectation_and_its_words_for_the_gallery() -> None:
    folders = [path for path in EXAMPLES.iterdir() if path.is_dir()]
    assert folders
    assert not [path.name for path in folders if not (path / "expect.toml").is_file()]
    assert not [path.name for path in folders if not (read(path).about and read(path).language)]
