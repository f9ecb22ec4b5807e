"""What a run of a cached program imports: no more than it uses, since its start is part of what users wait for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine

CLIENT = """
import sys
before = set(sys.modules)
from jitney.cli import main
code = main(["run", *sys.argv[1:]])
print(*sorted(set(sys.modules) - before), sep="\\n")
sys.exit(code)
"""

UNUSED = (
    "asyncio", "base64", "bz2", "concurrent", "configparser", "csv", "dataclasses", "difflib", "email", "h11", "html", "http",
    "httpx", "importlib.metadata", "inspect", "json", "logging", "lzma", "multiprocessing", "packaging", "random", "rich",
    "shlex", "shtab", "shutil", "ssl", "subprocess", "tarfile", "tempfile", "threading", "tokenize", "tomllib", "traceback",
    "tree_sitter", "typing_extensions", "urllib.request", "uv", "xml", "zipfile",
    "jitney.bases.debian", "jitney.bases.registry", "jitney.detect.go", "jitney.engine.builder", "jitney.facts.hardware",
    "jitney.models", "jitney.resolve.compile", "jitney.resolve.errors", "jitney.resolve.go", "jitney.resolve.inputs",
    "jitney.resolve.learn", "jitney.resolve.python", "jitney.runtimes",
)  # fmt: skip


def client(program: Path) -> set[str]:
    """The modules that a run has imported, each with the packages it lies in."""
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, str(program)], capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_a_cached_run_imports_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    program = tmp_path / "quiet.py"
    program.write_text("pass\n")
    client(program)
    imported = client(program)
    assert {"jitney.execute", "jitney.sandbox.wire", "msgspec"} <= imported, "the whole road was walked"
    assert sorted(imported & set(UNUSED)) == []
