"""Sources that are too large to stream: mounted read-only, and only what the program takes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Jitney

pytestmark = pytest.mark.engine

READ = """import os, sys
print(sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk('data') for f in fs), sorted(os.listdir('..')))
"""


def repository(folder: Path) -> Path:
    """A checkout with something private beside the program's own folder."""
    own = folder / "app"
    (own / "data").mkdir(parents=True)
    (folder / ".env").write_text("SECRET=1")
    (folder / "other").mkdir()
    (folder / "other" / "x.txt").write_text("x")
    (own / "main.py").write_text(READ)
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return own


def plan(jitney: Jitney, program: Path) -> dict[str, object]:
    run: dict[str, object] = json.loads(jitney("plan", "--json", program).stdout)["run"]
    return run


def test_one_large_file_is_mounted_and_the_rest_streamed(tmp_path: Path, jitney: Jitney) -> None:
    own = repository(tmp_path)
    (own / "data" / "big.bin").write_bytes(os.urandom(40 << 20))
    (own / "data" / "small.txt").write_text("12345")
    assert plan(jitney, own / "main.py")["large"] == ["app/data/big.bin"]
    done = jitney("run", own / "main.py")
    assert (done.returncode, done.stdout.decode()) == (0, f"{(40 << 20) + 5} ['app']\n"), done.stderr


def test_a_large_folder_is_mounted_without_what_lies_beside_it(tmp_path: Path, jitney: Jitney) -> None:
    own = repository(tmp_path)
    for number in range(10):
        (own / "data" / f"{number}.bin").write_bytes(os.urandom(4 << 20))
    assert plan(jitney, own / "main.py")["delivery"] == "mount"
    done = jitney("run", own / "main.py")
    assert (done.returncode, done.stdout.decode()) == (0, f"{40 << 20} ['app']\n"), done.stderr


def test_a_large_file_of_its_owner_alone_is_said(tmp_path: Path, jitney: Jitney) -> None:
    own = repository(tmp_path)
    big = own / "data" / "big.bin"
    big.write_bytes(bytes(9 << 20))
    big.chmod(0o600)
    done = jitney("run", own / "main.py")
    assert done.returncode == 2
    assert f"chmod o+r {big}".encode() in done.stderr
