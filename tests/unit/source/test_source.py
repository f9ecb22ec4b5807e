"""What can be handed over, what goes along, and what never leaves the root."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.errors import SourceError
from jitney.source import Source, open_source
from jitney.source.sniff import interpreter, sniff


def lay(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def test_a_file_in_a_checkout_has_the_checkout_as_root_and_its_folder_as_scope(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {".git/HEAD": "ref", "lib/a.py": "", "app/chat.py": "x=1", "app/data.txt": "", "other/b.py": ""},
    )
    source = open_source(str(tmp_path / "app/chat.py"))
    assert (source.entry, source.workdir) == ("app/chat.py", "app")
    assert source.files() == ("app/chat.py", "app/data.txt")
    assert source.has("lib/a.py") and not source.has("../outside")


def test_a_file_without_a_checkout_has_its_folder_as_root(tmp_path: Path) -> None:
    lay(tmp_path, {"p/chat.py": "x=1", "p/sub/data.txt": ""})
    source = open_source(str(tmp_path / "p/chat.py"))
    assert (source.entry, source.workdir, source.files()) == ("chat.py", "", ("chat.py", "sub/data.txt"))


@pytest.mark.parametrize(
    "skipped",
    [
        ".git/config",
        "node_modules/a.js",
        ".venv/x.py",
        "__pycache__/a.pyc",
        "myenv/lib.py",
        "a.pyc",
        "secret/x",
        ".ssh/id",
    ],
)
def test_left_out(tmp_path: Path, skipped: str) -> None:
    lay(
        tmp_path,
        {
            "p/a/main.py": "",
            f"p/a/{skipped}": "",
            "p/a/myenv/pyvenv.cfg": "",
            "p/.dockerignore": "a/secret\n",
        },
    )
    assert f"a/{skipped}" not in open_source(str(tmp_path / "p")).files()
    assert "a/main.py" in open_source(str(tmp_path / "p")).files()


@pytest.mark.parametrize(
    ("rules", "dropped"),
    [
        ("*.log", {"a.log"}),
        ("**/*.log", {"a.log", "d/b.log"}),
        ("d", {"d/b.log", "d/k.py"}),
        ("*\n!keep.py", {"a.log", "d/b.log", "d/k.py"}),
        ("d\n!d/k.py", {"d/b.log"}),
        ("# only words\n\n", set()),
    ],
)
def test_dockerignore(rules: str, dropped: set[str]) -> None:
    files = {"keep.py": "", "a.log": "", "d/b.log": "", "d/k.py": ""}
    source = Source.from_mapping({**files, ".dockerignore": rules})
    assert set(files) - set(source.files()) == dropped


def test_gitignore_is_not_honoured_since_it_names_what_programs_need() -> None:
    assert ".env" in Source.from_mapping({".gitignore": ".env", ".env": "A=1"}).files()


def test_links_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    lay(tmp_path / "p", {"main.py": "", "real/data": "inside"})
    (tmp_path / "p/out").symlink_to("../secret")
    (tmp_path / "p/in").symlink_to("real/data")
    (tmp_path / "p/loop").symlink_to(".")
    source = open_source(str(tmp_path / "p"))
    assert source.files() == ("in", "main.py", "real/data")
    assert [finding.code for finding in source.findings] == ["source.outside"]
    assert source.read_text("in") == "inside"
    with pytest.raises(SourceError):
        source.read_bytes("out")
    with pytest.raises(SourceError):
        source.read_bytes("../secret")


def test_the_tar_is_readable_deterministic_and_owned_by_the_box(tmp_path: Path) -> None:
    long = "d" * 60 + "/" + "e" * 60 + ".py"
    lay(tmp_path / "p", {"main.py": "print(1)", long: "x", "run.sh": "#!/bin/sh"})
    (tmp_path / "p/main.py").chmod(0o600)
    (tmp_path / "p/run.sh").chmod(0o700)
    (tmp_path / "p/link").symlink_to("main.py")
    source = open_source(str(tmp_path / "p"))
    first, second = (b"".join(source.tar(source.files())) for _ in range(2))
    assert first == second
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        members = {member.name: member for member in tar.getmembers()}
        assert members["main.py"].mode == 0o644 and members["run.sh"].mode == 0o755
        assert {(m.uid, m.gid) for m in members.values()} == {(65532, 65532)}
        assert members["link"].linkname == "main.py"
        assert long in members
        content = tar.extractfile("main.py")
        assert content is not None and content.read() == b"print(1)"


def test_the_digest_knows_names_modes_and_bytes() -> None:
    def digest(files: dict[str, str | bytes]) -> str:
        return Source.from_mapping(files).digest(files)

    seen = [
        digest({"a": "1"}),
        digest({"b": "1"}),
        digest({"a": "2"}),
        digest({"a": "#!1"}),
        digest({"a": "", "1": ""}),
    ]
    assert len(set(seen)) == len(seen)
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x7fELF\x02\x01\0", "ELF"),
        (b"GGUF\x03\0\0\0", "is a model"),
        (b"PK\x03\x04aaaa", "zip"),
        (b"abc\0def", "binary"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_source_is_named(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "thing").write_bytes(data)
    with pytest.raises(SourceError) as error:
        open_source(str(tmp_path / "thing"))
    assert says in error.value.message


def test_bad_arguments(tmp_path: Path) -> None:
    lay(tmp_path, {"p/chat.py": "x"})
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    wanted = {
        str(tmp_path / "p/caht.py"): "chat.py",
        str(tmp_path / "pipe"): "-",
        str(tmp_path / "empty"): "folder",
        "git+ssh://host/x": "git+https",
        "/": "own folder",
    }
    for arg, hint in wanted.items():
        with pytest.raises(SourceError) as error:
            open_source(arg)
        assert hint in error.value.hint, arg


def test_standard_input_gets_a_name_by_its_language() -> None:
    source = open_source("-", stdin=io.BytesIO(b"package main\nfunc main() {}\n"))
    assert source.files() == ("main.go",)
    assert open_source("-", stdin=io.BytesIO(b"x"), language="python").entry == "main.py"
    with pytest.raises(SourceError):
        open_source("-", stdin=io.BytesIO(b"  \n"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("#!/usr/bin/env -S uv run --script\nx", "python"),
        ("#!/usr/bin/python2.6\n", "python"),
        ("#!/usr/bin/env FOO=1 node\n", "javascript"),
        ("# /// script\n# ///\n", "python"),
        ("import openai\nprint(1)\n", "python"),
        ("// hello\npackage main\n\nimport \"fmt\"\n", "go"),
        ("<?php echo 1;", "php"),
        ("#include <iostream>\n", "cpp"),
        ("just words", ""),
    ],
)  # fmt: skip
def test_sniffing(text: str, language: str) -> None:
    assert sniff(text.encode()) == language


def test_shebangs() -> None:
    assert interpreter("#! /usr/bin/env python3 -u") == "python"
    assert interpreter("no shebang") == ""


@pytest.mark.parametrize(
    "data", ["ä".encode("utf-16"), b"\xef\xbb\xbf\xc3\xa4", "# coding: latin-1\nä".encode("latin-1"), b"\xe4"]
)
def test_any_encoding_is_read(data: bytes) -> None:
    assert Source.from_mapping({"a.py": data}).read_text("a.py").endswith("ä")


def test_git_sources_are_cloned_and_removed(tmp_path: Path) -> None:
    repo = lay(tmp_path / "repo", {"sub/main.py": "print(1)\n"})
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        [*who, "commit", "-q", "-m", "x"],
        ["tag", "v1"],
    ):
        subprocess.run(["git", *words], cwd=repo, check=True, capture_output=True)
    with open_source(f"git+file://{repo}@v1#sub") as source:
        place = source.host_path()
        assert source.workdir == "sub" and source.files() == ("sub/main.py",)
        assert place is not None and place.is_dir()
    assert not place.exists()
    with pytest.raises(SourceError, match="nowhere"):
        open_source(f"git+file://{repo}@nowhere")
    with pytest.raises(SourceError):
        open_source(f"git+file://{repo}@--upload-pack=touch")


def test_a_script_in_a_home_folder_stands_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    lay(tmp_path, {"chat.py": "import helper", "helper.py": "", "taxes.pdf": "", ".git/HEAD": ""})
    source = open_source(str(tmp_path / "chat.py"))
    assert source.files() == ("chat.py",) and source.alone
    assert detect(source, Wishes()).takes == ("chat.py", "helper.py")
    with pytest.raises(SourceError, match="no program's own folder"):
        open_source(str(tmp_path))
