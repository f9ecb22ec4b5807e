"""A full disk: a small file system of its own takes Jitney's folders; nothing is lost, and the words say what is full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import JITNEY

pytestmark = pytest.mark.engine
MOUNT = 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"'


def run_with_small(
    folder: Path, size: str, env: dict[str, str], *arguments: str | Path
) -> subprocess.CompletedProcess[bytes]:
    """The command, in a mount namespace where `folder` is a tmpfs of `size`."""
    folder.mkdir()
    own = (
        ["unshare", "--mount"]
        if os.geteuid() == 0
        else ["unshare", "--mount", "--map-current-user", "--keep-caps"]
    )
    return subprocess.run(
        [*own, "sh", "-c", MOUNT, "sh", size, folder, JITNEY, *arguments],
        capture_output=True,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_no_room_for_the_weights(tmp_path: Path, assert_nothing_left: Callable[[], None]) -> None:
    program = tmp_path / "ask.py"
    program.write_text("import openai\n")
    full = tmp_path / "data"
    done = run_with_small(full, "1m", {"JITNEY_DATA_DIR": str(full)}, "run", "--model", "smollm2", program)
    said = done.stderr.decode()
    assert done.returncode == 125, said
    assert "disk" in said.lower() or "space" in said.lower() or "room" in said.lower(), said
    assert "hint:" in said
    assert "Traceback" not in said
    assert_nothing_left()


def test_no_room_for_the_cache_costs_only_the_memory_of_it(
    tmp_path: Path, assert_nothing_left: Callable[[], None]
) -> None:
    program = tmp_path / "hello.py"
    program.write_text("print('hello')\n")
    full = tmp_path / "cache"
    done = run_with_small(full, "4k", {"JITNEY_CACHE_DIR": str(full)}, "run", program)
    said = done.stderr.decode()
    assert "Traceback" not in said
    assert (done.returncode, done.stdout) == (0, b"hello\n"), said
    assert_nothing_left()
