"""The vendors' own clients, in Python (contract.py) and JavaScript (contract.mjs), against the real thing: sandbox, gateway,
llama.cpp, SmolLM2. Beside a program, and those in Python also against `jitney serve`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.model]
PYTHON = Path(__file__).with_name("contract.py")
JAVASCRIPT = Path(__file__).with_name("javascript")
IN_PYTHON = re.findall(r"@check\ndef (\w+)", PYTHON.read_text(encoding="utf-8"))
IN_JAVASCRIPT = re.findall(
    r"^  async (\w+)\(\)", (JAVASCRIPT / "contract.mjs").read_text(encoding="utf-8"), re.MULTILINE
)


def told(argv: list[str], variables: dict[str, str] | None = None) -> dict[str, str]:
    """Name → what the program said of it, from one run."""
    done = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env={**os.environ, **(variables or {})},
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
    return {rest.partition(":")[0]: f"{word} {rest}" for word, rest in lines}


def beside(program: Path) -> dict[str, str]:
    return told([sys.executable, "-m", "jitney", "run", "--model", "smollm2", str(program)])


@pytest.fixture(scope="module")
def in_python() -> dict[str, str]:
    return beside(PYTHON)


@pytest.fixture(scope="module")
def in_javascript() -> dict[str, str]:
    return beside(JAVASCRIPT)


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """`jitney serve`, and the address that it says."""
    argv = [sys.executable, "-m", "jitney", "serve", "smollm2", "--port", "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        assert child.stdout is not None
        address, heard = "", []
        for line in child.stdout:
            heard.append(line)
            found = re.search(r"http://[\d.]+:\d+", line)
            if found:
                address = found[0]
                break
        assert address, "".join(heard)
        yield address
        child.send_signal(signal.SIGINT)
        child.stdout.read()
        assert child.wait(30) in (0, 130)


@pytest.fixture(scope="module")
def against_serve(served: str) -> dict[str, str]:
    variables = {
        "OPENAI_BASE_URL": f"{served}/v1",
        "OPENAI_API_KEY": "none",
        "ANTHROPIC_BASE_URL": served,
        "ANTHROPIC_API_KEY": "none",
        "OLLAMA_HOST": served,
    }
    return told([sys.executable, str(PYTHON)], variables)


@pytest.mark.parametrize("name", IN_PYTHON)
def test_a_vendors_client_is_content(in_python: dict[str, str], name: str) -> None:
    assert in_python.get(name) == f"ok {name}"


@pytest.mark.parametrize("name", IN_JAVASCRIPT)
def test_a_vendors_client_in_javascript_is_content(in_javascript: dict[str, str], name: str) -> None:
    assert in_javascript.get(name) == f"ok {name}"


@pytest.mark.parametrize("name", IN_PYTHON)
def test_a_vendors_client_is_content_with_serve(against_serve: dict[str, str], name: str) -> None:
    assert against_serve.get(name) == f"ok {name}"
