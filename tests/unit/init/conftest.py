"""Builds init before its tests, and makes sure that they can have namespaces of their own."""

from __future__ import annotations

import subprocess

import pytest

from .initbox import ENTER, INIT, ROOT


@pytest.fixture(scope="session", autouse=True)
def built_init() -> None:
    made = subprocess.run(["make", "-C", str(ROOT / "init")], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert INIT.exists()
    entered = subprocess.run([*ENTER, "true"], capture_output=True, text=True, check=False)
    assert entered.returncode == 0, f"these tests need `unshare` to be permitted (root): {entered.stderr}"
