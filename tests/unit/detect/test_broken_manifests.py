"""A broken manifest in each format is told with its line, and its column where the format's parser knows it."""

from __future__ import annotations

import pytest

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.errors import DetectionError
from jitney.source import Source

PY = {"main.py": "import openai\n"}
JVM = {"src/main/java/A.java": "class A { public static void main(String[] a) {} }\n"}
CS = {"P.cs": "class P { static void Main() {} }\n"}
CASES: list[tuple[str, dict[str, str], str, str]] = [
    ("pyproject.toml", PY, "[project]\nname = 'x'\ndependencies = [rich\n", "pyproject.toml:3:17"),
    ("pylock.toml", PY, "[[packages]\n", "pylock.toml:1:11"),
    ("Pipfile", PY, "[packages]\nx = \n", "Pipfile:2:5"),
    ("environment.yml", PY, "dependencies:\n  - a: [1\n  - b\n", "environment.yml:4:1"),
    ("pixi.toml", PY, "[dependencies\n", "pixi.toml:1:14"),
    ("requirements.txt", PY, "openai>=1\n!!! what\n", "requirements.txt:2"),
    ("setup.py", PY, "from setuptools import setup\nsetup(install_requires=['a'\n", "setup.py:2"),
    ("package.json", {"index.js": "1\n"}, '{"name": "x",\n "dependencies": {"a": }}', "line 2 column 24"),
    ("deno.json", {"main.ts": "1\n"}, '{"imports": \n', "line 2 column 1"),
    ("go.mod", {"main.go": "package main\nfunc main() {}\n"}, "module x\nrequire (\n what\n", "go.mod:2"),
    ("pom.xml", JVM, "<project>\n<a></b>\n</project>", "pom.xml:2:6"),
    ("deps.edn", {"src/a.clj": "(ns a)\n(defn -main [])\n"}, '{:deps {a/b {:mvn/version "1"}\n', "deps.edn:1:1"),
    ("CMakeLists.txt", {"main.cpp": "int main(){}\n"}, "project(x\nadd_executable(x main.cpp)\n", "CMakeLists.txt:1:8"),
    ("vcpkg.json", {"main.cpp": "int main(){}\n", "CMakeLists.txt": "add_executable(x main.cpp)\n"}, '{"dependencies": [\n', "vcpkg.json:2:1"),
    ("x.csproj", CS, "<Project>\n<a></b>\n", "x.csproj:2:6"),
    ("composer.json", {"index.php": "<?php\n"}, '{"require": \n', "composer.json:2:1"),
    ("Project.toml", {"main.jl": "1\n"}, "[deps\n", "Project.toml:1:6"),
    ("pubspec.yaml", {"bin/x.dart": "void main() {}\n"}, "name: [x\n", "pubspec.yaml:2:1"),
    ("shard.yml", {"a.cr": "puts 1\n"}, "name: [x\n", "shard.yml:2:1"),
    ("n.ipynb", {}, '{"cells": [\n', "line 2 column 1"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "code", "text", "place"), CASES, ids=[row[0] for row in CASES])
def test_a_broken_manifest_is_told_with_its_place(
    path: str, code: dict[str, str], text: str, place: str
) -> None:
    source = Source.from_mapping({**code, path: text}, path if path.endswith(".ipynb") else "")
    try:
        found = detect(source, Wishes())
        told = " ".join(one.message for one in found.findings if one.level in ("error", "warning"))
    except DetectionError as error:
        told = error.message
    assert path in told
    assert place in told


def test_a_refusal_tells_the_broken_manifest_first() -> None:
    files: dict[str, str | bytes] = {"pyproject.toml": "[project\n", "readme.txt": "x"}
    with pytest.raises(DetectionError) as caught:
        detect(Source.from_mapping(files), Wishes(language="python"))
    assert caught.value.message.startswith("pyproject.toml:1:9: not valid TOML")
