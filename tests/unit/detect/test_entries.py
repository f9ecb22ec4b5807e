"""No entry, many entries, two managers, a binary alone: the same manners in every language."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.errors import DetectionError
from jitney.source import Source

MOD, CRATE = "module x\ngo 1.24\n", "[package]\nname = 'x'\nversion = '0.1.0'\nedition = '2021'\n"
GO, RUST, C = "package main\nfunc main() {}\n", "fn main() {}\n", "int main(void) { return 0; }\n"
POM = "<project><modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>b</artifactId><version>1</version></project>"


def java(name: str) -> str:
    return f"public class {name} {{ public static void main(String[] words) {{}} }}"


MANY: dict[str, Mapping[str, str]] = {
    "python": {"a.py": "def f(): 1\n", "b.py": "def g(): 1\n"},
    "javascript": {"a.js": "console.log(1)\n", "b.js": "console.log(2)\n"},
    "go": {"go.mod": MOD, "cmd/a/main.go": GO, "cmd/b/main.go": GO},
    "rust": {"Cargo.toml": CRATE, "src/bin/a.rs": RUST, "src/bin/b.rs": RUST},
    "java": {"A.java": java("A"), "B.java": java("B")},
    "c": {"a.c": C, "b.c": C},
    "ruby": {"a.rb": "puts 1\n", "b.rb": "puts 2\n"},
}
NONE: dict[str, Mapping[str, str]] = {
    "go": {"go.mod": MOD, "a.go": "package x\n"},
    "rust": {"Cargo.toml": CRATE, "src/lib.rs": "pub fn f() {}\n"},
    "java": {"A.java": "public class A {}"},
    "c": {"a.c": "int f(void) { return 0; }\n"},
}


@pytest.mark.parametrize("language", MANY)
def test_many_entries_are_listed_and_one_command_chooses(language: str) -> None:
    with pytest.raises(DetectionError) as caught:
        detect(Source.from_mapping(MANY[language]), Wishes())
    listed = [line.split()[0] for line in caught.value.message.splitlines()[1:]]
    assert [name.rpartition("/")[2].partition(".")[0].lower() for name in listed] == ["a", "b"]
    assert "jitney run" in caught.value.hint


@pytest.mark.parametrize("folder", ["", "lib/"])
@pytest.mark.parametrize("language", ["python", "javascript", "java", "ruby"])
def test_the_command_of_the_hint_works(language: str, folder: str) -> None:
    files = {folder + path: text for path, text in MANY[language].items()}
    with pytest.raises(DetectionError) as caught:
        detect(Source.from_mapping(files), Wishes())
    entry = re.search(r"--entry (\S+)", caught.value.hint)
    assert entry is not None
    assert (
        detect(Source.from_mapping(files), Wishes(entry=entry[1])).entry
        == f"{folder}{entry[1].rpartition('/')[2]}"
    )


@pytest.mark.parametrize("language", NONE)
def test_no_entry_says_what_was_looked_for(language: str) -> None:
    with pytest.raises(DetectionError, match=r"no .*(main|program)") as caught:
        detect(Source.from_mapping(NONE[language]), Wishes())
    assert caught.value.hint


@pytest.mark.parametrize(
    "files, manager, loser",
    [
        ({"main.py": "", "Pipfile": "[packages]\n", "requirements.txt": "httpx\n"}, "pipenv", "requirements.txt"),
        ({"pom.xml": POM, "build.gradle": "plugins { id 'java' }\n", "src/main/java/A.java": java("A")}, "pom.xml", "build.gradle"),
        ({"a.c": C, "CMakeLists.txt": "project(x)\nadd_executable(x a.c)\n", "Makefile": "x: a.c\n\tcc -o x a.c\n"}, "cmake", "Makefile"),
        (
            {"index.js": "1\n", "package.json": "{}", "yarn.lock": "# yarn lockfile v1\n", "package-lock.json": "{}"},
            "yarn",
            "package-lock.json",
        ),
    ],
)  # fmt: skip
def test_of_two_managers_one_is_taken_and_the_other_named(
    files: Mapping[str, str], manager: str, loser: str
) -> None:
    found = detect(Source.from_mapping(files), Wishes())
    assert found.manager == manager
    losers = [word for seen in found.evidence if seen.decides == "manager" for word in seen.losers]
    told = [finding.message for finding in found.findings]
    assert any(loser in text for text in (*losers, *told))


@pytest.mark.parametrize(
    "name, head, kind, hint",
    [
        ("prog", b"\x7fELF\x02\x01\x01", "a compiled program (ELF)", "source"),
        ("out/Main.class", b"\xca\xfe\xba\xbe\0\0\0\x41", "a compiled Java class", ".jar"),
        ("tool.exe", b"MZ\x90\0", "a Windows program", "Linux"),
        ("program.wasm", b"\0asm\1\0", "a WebAssembly module", "source"),
    ],
)
def test_a_binary_without_source(name: str, head: bytes, kind: str, hint: str) -> None:
    files = {"README.md": b"# A tool\n", name: head + bytes(64)}
    with pytest.raises(DetectionError) as caught:
        detect(Source.from_mapping(files), Wishes())
    assert f"no source code: {name} is {kind}" in caught.value.message
    assert hint in caught.value.hint
