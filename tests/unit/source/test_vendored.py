"""What a project carries of others' is not what it is."""

from __future__ import annotations

import time

import pytest

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.source import Source
from jitney.source.vendored import written

CASES = [
    ("vendor/a/b.go", True), ("lib/vendor/x.rb", True), ("third_party/x.py", True), ("thirdparty/x.py", True), ("3rd-party/x.c", True),
    ("external/x.cpp", True), ("dist/index.js", True), ("web/jquery.min.js", True), ("web/jquery-3.1.1.js", True), ("types/a.d.ts", True),
    ("gradlew", True), ("node_modules/x/y.js", True), ("tests/fixtures/a.py", True),
    ("myvendor/x.py", False), ("vendored.py", False), ("src/index.ts", False), ("reactor.js", False), ("tools/run.py", False),
    ("environment/x.py", False), ("distance/x.py", False), ("src/react_app.js", False), ("depsx/a.c", False),
]  # fmt: skip


@pytest.mark.parametrize(("path", "is_vendored"), CASES)
def test_linguists_rules(path: str, is_vendored: bool) -> None:
    assert (path not in written([path, "main.py"])) is is_vendored
    assert (f"at/{path}" not in written([f"at/{path}", "at/main.py"], "at")) is is_vendored


def test_where_all_is_vendored_all_counts() -> None:
    assert written(["dist/index.js"]) == ("dist/index.js",)


def test_a_vendored_tree_does_not_decide_the_language() -> None:
    files: dict[str, str | bytes] = {f"vendor/lib{n}.js": "1" for n in range(30)}
    files["src/tool.rb"] = "puts 1\n"
    found = detect(Source.from_mapping(files), Wishes())
    assert (found.language, found.entry) == ("ruby", "src/tool.rb")
    assert "vendor/lib1.js" in found.takes


def test_it_costs_little() -> None:
    paths = [f"src/part{n % 50}/module{n}.js" for n in range(5000)]
    written(["a.js"])
    began = time.perf_counter()
    written(paths)
    assert time.perf_counter() - began < 0.5
