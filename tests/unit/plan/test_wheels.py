"""Wheels beside the index: who sees them, and how a build gets them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from jitney.errors import UsageError
from jitney.facts.indexes import wheels
from jitney.facts.model import Wheels
from jitney.plan.model import Lock
from jitney.plan.request import ResolveRequest
from jitney.plan.wheels import wheel_mounts, wheel_words, wheels_image
from jitney.resolve.python import compile_argv

LOCK = Lock(
    language="python", version="3.13", packages="mlc-llm==0.20.0 \\\n    --hash=sha256:00\nnumpy==2.4.6\n"
)
FOLDER = Wheels(where="/wheels", files=("mlc_llm-0.20.0-py3-none-any.whl",), digest="a" * 24)
OTHERS = msgspec.structs.replace(FOLDER, files=("other-1-py3-none-any.whl",))


def test_a_folder_is_mounted_where_a_locked_package_lies_in_it() -> None:
    (mount,) = wheel_mounts(LOCK, FOLDER, "/jitney/wheels")
    assert (mount.stage, mount.target) == (f"jitney/wheels:{'a' * 24}", "/jitney/wheels")
    assert wheel_words(LOCK, FOLDER, "/jitney/wheels")[2:] == ("/jitney/wheels",)


def test_programs_without_them_keep_their_images() -> None:
    for none in (Wheels(), OTHERS):
        assert wheel_words(LOCK, none, "/x") == ()
        assert wheel_mounts(LOCK, none, "/x") == []


def test_a_page_is_named() -> None:
    page = Wheels(where="https://example.org/wheels")
    assert wheel_words(LOCK, page, "/x")[2:] == ("https://example.org/wheels",)
    assert wheel_mounts(LOCK, page, "/x") == []


def test_the_resolver_looks_there_and_asks_anew() -> None:
    plain = ResolveRequest(language="python", version="3.13", platform="amd64", requirements=("numpy",))
    linked = msgspec.structs.replace(plain, links="/wheels")
    argv = compile_argv(linked)
    assert argv[argv.index("--find-links") + 1] == "/wheels"
    assert "--find-links" not in compile_argv(plain)
    assert plain.key({}) != linked.key({})


def test_keys_of_requests_without_links_are_those_of_before() -> None:
    plain = ResolveRequest(language="python", version="3.13", platform="amd64", requirements=("numpy",))
    assert plain.key({}) == "93eea06d1e32e9e39684db03c9a817e46b4847ebb9ed98cf1f5e078a3e8d3fc9"


def test_a_folder_s_digest_follows_its_files(tmp_path: Path) -> None:
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(b"x")
    first = wheels(str(tmp_path))
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(b"xy")
    second = wheels(str(tmp_path))
    assert first.files == second.files == ("a-1-py3-none-any.whl",)
    assert first.digest != second.digest
    assert wheels_image(first) != wheels_image(second)


@pytest.mark.parametrize(("name", "said"), [("empty", "has no wheels"), ("missing", "is no folder")])
def test_a_folder_without_wheels_is_said(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=said):
        wheels(str(tmp_path / name))


def test_the_installer_is_told_by_a_variable_and_keeps_its_own_words(tmp_path: Path) -> None:
    shown = tmp_path / "install.py"
    shown.write_text("import os, sys\nprint(os.environ['UV_FIND_LINKS'], *sys.argv[1:], __name__)\n")
    words = [
        sys.executable,
        "-I",
        "-B",
        *wheel_words(LOCK, FOLDER, "/jitney/wheels"),
        str(shown),
        "--venv",
        "/v",
    ]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert said == "/jitney/wheels --venv /v __main__\n"
