"""Programs that have a vendor's address in their code, unmodified, with a model beside them and no network."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import JITNEY, Jitney

pytestmark = [pytest.mark.engine, pytest.mark.model]
PROGRAMS = Path(__file__).with_name("programs")

RESOLVE = """import socket
try:
    print(socket.gethostbyname("api.openai.com"))
except OSError as error:
    print(error)
print(socket.socket().connect_ex(("127.0.0.1", 443)) != 0)
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    """One of the programs, alone in a folder: beside them lies Jitney's own pyproject.toml."""
    return lambda name: Path(shutil.copy(PROGRAMS / name, tmp_path))


Program = Callable[[str], Path]


def test_python_by_three_clients(jitney: Jitney, program: Program) -> None:
    done = jitney("run", "--model", "smollm2", program("by_hand.py"), "urllib", "requests", "httpx")
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"urllib True\nrequests True\nhttpx True\n"


def test_vendors_put_the_same_paths_below_different_ones(jitney: Jitney, program: Program) -> None:
    done = jitney("run", "--model", "smollm2", program("vendors.py"))
    assert done.returncode == 0, done.stderr
    told = done.stdout.decode().splitlines()
    assert len(told) == 6
    for line in told:
        assert line.endswith("['content']" if "anthropic" in line else "['choices']"), line


OTHERS = [
    ("fixed.go", ""),
    ("fetch.mjs", ""),
    ("deno.ts", "deno"),
    ("bun.ts", "bun"),
    ("curl.sh", ""),
    ("net_http.rb", ""),
    ("curl.php", ""),
    ("lwp.pl", ""),
    ("Ask.java", ""),
    ("Ask.kt", ""),
]


@pytest.mark.slow
@pytest.mark.parametrize("name, language", OTHERS, ids=[name for name, _ in OTHERS])
def test_other_languages(name: str, language: str, jitney: Jitney, program: Program) -> None:
    options = ["--lang", language] if language else []
    done = jitney("run", "--model", "smollm2", *options, program(name))
    assert done.returncode == 0, done.stderr
    assert b'"content"' in done.stdout, done.stdout


def test_without_redirect_the_name_is_refused(jitney: Jitney, program: Program) -> None:
    done = jitney("run", "--model", "smollm2", "--no-redirect", program("by_hand.py"), "urllib")
    assert done.returncode == 1
    assert b"blocked: api.openai.com" in done.stderr


def test_without_a_model_the_name_is_refused(jitney: Jitney, program: Program) -> None:
    done = jitney("run", "--no-model", program("by_hand.py"), "urllib")
    assert done.returncode == 1
    assert b"--allow-host api.openai.com" in done.stderr


def test_the_decision_is_shown_with_its_place(jitney: Jitney, program: Program) -> None:
    told = jitney("explain", "--model", "smollm2", program("by_hand.py")).stdout.decode()
    (line,) = [line for line in told.splitlines() if line.startswith("redirect")]
    assert "https://api.openai.com leads to the model" in line
    assert line.endswith("by_hand.py:10")
    planned = jitney("plan", "--model", "smollm2", program("by_hand.py")).stdout.decode()
    assert "redirect https://api.openai.com leads to it, for by_hand.py:10" in planned
    off = jitney("plan", "--model", "smollm2", "--no-redirect", program("by_hand.py")).stdout.decode()
    assert "redirect" not in off


def test_another_sandbox_sees_nothing_of_it(
    tmp_path: Path, jitney: Jitney, assert_nothing_left: Callable[[], None]
) -> None:
    """While one has the vendor's name lead to its model, another one, with a model too, gets it refused."""
    held = tmp_path / "held.py"
    held.write_text(f'URL = "https://api.openai.com"\n{RESOLVE}print("up", flush=True)\ninput()\n{RESOLVE}')
    (tmp_path / "plain.py").write_text(RESOLVE.replace("api.openai.com", '" + "api.openai.com'))
    argv: list[str | Path] = [JITNEY, "run", "--model", "smollm2", "--redirect", "api.openai.com", held]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(3)] == [b"127.0.0.1\n", b"False\n", b"up\n"]
        other = jitney("run", "--model", "smollm2", tmp_path / "plain.py")
        assert other.stdout == b"[Errno -2] Name or service not known\nTrue\n", other.stderr
        assert process.communicate(b"\n")[0] == b"127.0.0.1\nFalse\n"
    assert process.returncode == 0
