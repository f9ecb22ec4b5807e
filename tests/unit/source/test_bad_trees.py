"""Trees that are not as trees should be: links, holes, odd names, what nobody may read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.errors import SourceError
from jitney.source import Source, open_source
from jitney.source.ignore import MAX_RULES, Ignore
from jitney.source.source import MAX_CODE
from jitney.source.tree import DiskTree


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("SECRET\n")
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "main.py").write_text("print(1)\n")
    return folder


def test_links_that_lead_to_themselves_or_round_in_circles(home: Path) -> None:
    (home / "self").symlink_to("self")
    (home / "loop").symlink_to(".")
    (home / "a").mkdir()
    (home / "a" / "up").symlink_to("..")
    source = open_source(str(home))
    assert source.files() == ("main.py",)
    assert detect(source, Wishes()).entry == "main.py"


LEADING_OUT = {
    "requirements.txt": "a linked manifest",
    "pyproject.toml": "another",
    "Dockerfile": "a recipe",
    ".python-version": "a version",
    "helper.py": "a module",
    ".dockerignore": "rules",
}


@pytest.mark.parametrize("name", LEADING_OUT)
def test_what_is_linked_from_outside_is_not_read(home: Path, name: str) -> None:
    outside = home.parent / "outside"
    outside.write_text("FROM python:3.9\n9.9.9\nimport nothing\n")
    (home / name).symlink_to(outside)
    source = open_source(str(home))
    found = detect(source, Wishes())
    assert name not in found.takes
    assert found.version == ""
    assert any(one.code == "source.outside" for one in found.findings)


@pytest.mark.parametrize(
    "line",
    ["-r ../secret.txt", "-r /etc/passwd", "-e ../../..", "-r a/../../secret.txt", "-c /proc/self/environ"],
)
def test_manifests_name_nothing_outside(home: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "requirements.txt").write_text(f"{line}\n")
    seen: list[str] = []
    real = os.open

    def watched(path: str, flags: int, *rest: int) -> int:
        seen.append(os.path.realpath(path))
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", watched)
    found = detect(open_source(str(home)), Wishes())
    assert [path for path in seen if not path.startswith(f"{home}/")] == []
    assert "SECRET" not in repr(found)


def test_a_folder_that_nobody_may_look_into_is_left_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "data").mkdir()
    real = DiskTree.folder

    def closed(self: DiskTree, path: str) -> tuple[list[str], list[str]] | None:
        if path == "data":
            raise SourceError("cannot read data: permission denied")
        return real(self, path)

    monkeypatch.setattr(DiskTree, "folder", closed)
    source = open_source(str(home))
    assert source.files() == ("main.py",)
    assert [one.code for one in source.findings] == ["source.closed"]


def test_odd_names_go_nowhere(home: Path) -> None:
    for name in ("a\nb.py", "a\x1b[31m.py", os.fsdecode(b"\xff\xfe.py")):
        (home / name).write_text("print(2)\n")
    for name in ("with blank.py", "quo'te.py", 'dou"ble.py', "$(touch x).py", "MAIN.py"):
        (home / name).write_text("print(2)\n")
    source = open_source(str(home))
    assert set(source.files()) == {
        "main.py",
        "with blank.py",
        "quo'te.py",
        'dou"ble.py',
        "$(touch x).py",
        "MAIN.py",
    }
    assert [one.code for one in source.findings] == ["source.names"]


def test_a_tree_that_is_too_large_or_too_deep_is_said(home: Path) -> None:
    deep = home
    for _ in range(45):
        deep = deep / "d"
        deep.mkdir()
    assert [one.message for one in open_source(str(home)).findings] == [
        "the folder is too large for a program: folders too deep"
    ]


def test_long_code_is_said() -> None:
    source = Source.from_mapping({"main.py": "x = 1\n" + "# and so on\n" * (MAX_CODE // 10)}, "main.py")
    found = detect(source, Wishes())
    assert any(one.code == "source.long" for one in found.findings)


ENCODINGS = ["utf-8-sig", "utf-16", "utf-32", "utf-8"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("path", ["requirements.txt", "main.py"])
def test_manifests_and_code_in_other_encodings(encoding: str, path: str) -> None:
    files: dict[str, str | bytes] = {"main.py": "import openai\n", "requirements.txt": "openai>=1  # ä\n"}
    files[path] = str(files[path]).encode(encoding)
    found = detect(Source.from_mapping(files), Wishes())
    assert [f"{one.name}{one.spec}" for one in found.packages] == ["openai>=1"]
    assert found.frameworks == ("openai",)


def test_latin_1_and_nul_bytes() -> None:
    files: dict[str, str | bytes] = {
        "main.py": b"import openai  # \xe4\n",
        "requirements.txt": b"openai>=1  # \xe4\n\0\0\n",
    }
    found = detect(Source.from_mapping(files), Wishes())
    assert found.packages[0].name == "openai"


def test_rules_without_end_are_not_read() -> None:
    assert Ignore(["x" * 1_000_000, "*" * 100]).drops("x") is False
    ignore = Ignore([f"f{n}" for n in range(MAX_RULES + 10)])
    assert ignore.drops(f"f{MAX_RULES - 1}")
    assert not ignore.drops(f"f{MAX_RULES + 5}")
