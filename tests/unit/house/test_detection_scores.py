"""The benchmark of detection can be believed: how labels are read, and when a field counts as right."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.detection import judge, missed, report
from benchmarks.labels import LabelError, Project, Row, read_labels, read_table
from benchmarks.scoring import Outcome, differences, same_entry, same_start, same_versions

from jitney.detect.model import Detection

COMMIT = "0" * 40


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("20", "20.x", True),
        ("20", "^20", True),
        ("20", ">=20 <21", True),
        ("3.12", "==3.12.*", True),
        (">=3.10, <4", "~=3.10", True),
        ("^3.9", ">=3.9,<4", True),
        ("~1.2", ">=1.2,<1.3", True),
        ("18 || 20", "20.x || 18.x", True),
        ("", "*", True),
        ("", "3.12", False),
        ("20", ">=20", False),
        ("20", "20.11.1", False),
        ("3.11", "3.1", False),
        ("lts/iron", "lts/iron", True),
        ("lts/iron", "20", False),
    ],
)
def test_versions_are_the_same_if_they_allow_the_same(one: str, other: str, same: bool) -> None:
    assert same_versions(one, other) is same


def test_an_entry_may_be_named_by_its_folder() -> None:
    assert same_entry("app", Detection(language="python", entry="app/__main__.py"))
    assert same_entry("cmd/a/main.go", Detection(language="go", entry="cmd/a"))
    assert same_entry("main.py", Detection(language="python", entry="deep/main.py", workdir="deep"))
    assert not same_entry("app", Detection(language="python", entry="app/setup.py"))


def test_a_start_command_is_right_where_its_own_words_are_there_in_order() -> None:
    seen = Detection(language="python", start=("-m", "uvicorn", "web.main:app", "--host", "0.0.0.0"))
    assert same_start("uvicorn web.main:app", seen, {})
    assert not same_start("uvicorn main:app", seen, {})
    assert not same_start("python web.main:app uvicorn", seen, {})
    node = Detection(language="javascript", start=("index.js",))
    assert same_start("npm run start", node, {"start": "node index.js"})
    assert not same_start("npm run start", node, {"start": "node server.js"})


def test_a_refusal_is_wrong_unless_the_label_asks_for_it() -> None:
    refused = Outcome(language="python", errors=("python.lock.alone: poetry.lock lies there alone",))
    assert not differences(Row(path="a", language="python", error="python.lock.alone"), refused)
    row = Row(path="a", language="python", manager="poetry", entry="main.py")
    assert [one.field for one in differences(row, refused)] == ["manager", "entry/start"]
    seen = Detection(language="python", manager="poetry", entry="main.py")
    known = Outcome(language="python", seen=seen, errors=refused.errors, refused=True)
    assert [one.field for one in differences(row, known)] == ["entry/start"]
    assert differences(Row(path="a", error="python"), Outcome(language="python"))


def table(folder: Path, text: str) -> Path:
    path = folder / "some.toml"
    path.write_text(f'corpus = "some/where"\ncommit = "{COMMIT}"\n{text}', encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[project]]\npath = "a"\nlangauge = "go"\n', "langauge"),
        ('[[project]]\npath = "a"\nlanguage = "goo"\n', "goo"),
        ('[[project]]\npath = "a"\nmode = "remote"\n', "remote"),
        ('[[project]]\npath = "a"\n[[project]]\npath = "a"\n', "twice"),
    ],
)
def test_labels_are_read_strictly(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(LabelError, match=told):
        read_table(table(tmp_path, text))


def test_our_own_tables_can_be_read() -> None:
    assert read_labels() is not None


def test_a_folder_of_a_corpus_stands_alone_and_a_file_lies_in_its_checkout(tmp_path: Path) -> None:
    tree = tmp_path / "some+where"
    (tree / "sample").mkdir(parents=True)
    (tree / ".python-version").write_text("3.11\n")
    (tree / "sample" / "main.py").write_text("print(1)\n")
    rows = [Row(path="sample", version="", entry="main.py"), Row(path="sample/main.py", version="3.11")]
    rows.append(Row(path="sample", version="", mode="hosted", framework="", context="checkout"))
    results = [
        judge(Project(table="some", repo="some/where", commit=COMMIT, row=row), tmp_path) for row in rows
    ]
    assert [[line.field for line in one.differences] for one in results] == [[], [], ["version", "mode"]]
    assert "2/3" in report(results)
    assert missed(results) == ["version", "mode hosted", "all right"]
