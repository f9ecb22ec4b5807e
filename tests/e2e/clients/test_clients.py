"""The vendors' own clients (contract.py) against the real thing: sandbox, gateway, llama.cpp, SmolLM2."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.model]
PROGRAM = Path(__file__).with_name("contract.py")
NAMES = re.findall(r"@check\ndef (\w+)", PROGRAM.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    """Name → what the program said of it, from one run."""
    argv = [sys.executable, "-m", "jitney", "run", "--model", "smollm2", str(PROGRAM)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
    return {rest.partition(":")[0]: f"{word} {rest}" for word, rest in lines}


@pytest.mark.parametrize("name", NAMES)
def test_a_vendors_client_is_content(told: dict[str, str], name: str) -> None:
    assert told.get(name) == f"ok {name}"
