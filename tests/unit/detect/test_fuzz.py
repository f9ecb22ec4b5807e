"""Broken manifests and sources never give a traceback: a Detection, or an error with words."""

from __future__ import annotations

import random

import pytest

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.errors import JitneyError
from jitney.source import Source

SEEDS: dict[str, bytes] = {
    "main.py": b"import os, openai\nfrom .x import y\nM = os.getenv('A', 'b')\nopenai.chat(model=M)\n",
    "main.go": b'package main\nimport ("fmt"; "C")\nconst model = "x"\n//go:embed *.txt\nfunc main() { fmt.Println(`a`) }\n',
    "requirements.txt": b"openai>=1\n-r more.txt\n-e ./lib\na @ git+https://h/x\nb==1 --hash=sha256:00\n",
    "pyproject.toml": b"[project]\nname='x'\nrequires-python='>=3.11'\ndependencies=['rich']\n[tool.poetry.dependencies]\nx='^1'\n",
    "Pipfile": b"[packages]\nopenai='*'\n[requires]\npython_version='3.12'\n",
    "environment.yml": b"dependencies:\n  - python=3.12\n  - pip:\n    - rich\n",
    "setup.cfg": b"[options]\ninstall_requires =\n    rich>1\n",
    "setup.py": b"from setuptools import setup\nsetup(install_requires=['a'])\n",
    "go.mod": b"module a.b/c\ngo 1.24\nrequire (\n x.y/z v1\n)\nreplace x.y/z => ../q\n",
    "go.work": b"go 1.24\nuse (\n ./a\n)\n",
    "Procfile": b"web: uvicorn main:app --port $PORT\n",
    ".python-version": b"3.12\n",
    ".dockerignore": b"*.log\n!a[b-c].log\n**/x\n",
    "mise.toml": b"[tools]\npython='3.12'\n",
}
SPICE = (
    b"\0",
    b"\xff",
    b"\n",
    b"'",
    b'"',
    b"[",
    b"]",
    b"(",
    b"{",
    b"..",
    b"/",
    b"\\",
    b"=",
    b"\xef\xbb\xbf",
    b"a" * 300,
)


def mutate(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 6)):
        at = chance.randint(0, len(data))
        cut = chance.choice((0, 0, 1, 5, len(data)))
        data = data[:at] + chance.choice((*SPICE, bytes([chance.randint(0, 255)]))) + data[at + cut :]
    return data


def survive(rounds: int, seed: int) -> int:
    """How many mutants were detected rather than refused."""
    chance = random.Random(seed)
    detected = 0
    for _ in range(rounds):
        chosen = chance.sample(sorted(SEEDS), chance.randint(1, 5))
        files: dict[str, str | bytes] = {
            name: mutate(SEEDS[name], chance) if chance.random() < 0.7 else SEEDS[name] for name in chosen
        }
        entry = chance.choice(["", *(name for name in chosen if name.endswith((".py", ".go")))])
        try:
            detect(Source.from_mapping(files, entry), Wishes())
            detected += 1
        except JitneyError as error:
            assert error.message
    return detected


def test_a_thousand_mutants() -> None:
    assert survive(1_000, 1) > 100


@pytest.mark.slow
def test_ten_thousand_mutants() -> None:
    assert survive(10_000, 2) > 1_000
