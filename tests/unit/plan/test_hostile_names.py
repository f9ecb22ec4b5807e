"""Names of a user's files and manifests reach no shell and no Dockerfile unquoted, whatever is in them, in any language.

Each example (and each project of the fuzzer) has its entry renamed to something hostile, is detected, planned and rendered. Then
the Dockerfile is parsed as Docker parses it (each instruction is one of the plan's, its words are the plan's), and whatever is
handed to a shell is lexed as a shell lexes it: the hostile words stand within quotes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.unit.detect.fuzz_seeds import PROJECTS

from jitney.config import Config
from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.detect.recipes.dockerfile import parse
from jitney.errors import JitneyError
from jitney.facts.model import EngineFacts, Facts
from jitney.plan import Taken, make_plan
from jitney.plan.model import Lock, Plan
from jitney.render import render_dockerfile
from jitney.source import Source

EXAMPLES = Path(__file__).parents[3] / "examples"
OLD = EngineFacts(name="docker", version="20.10.24", buildkit=True, arch="amd64")
FACTS = Facts(engine=OLD)
MARK = "OWNED"
NAMES = (
    f"a;{MARK}", f"a b {MARK}", f"$({MARK})", f"`{MARK}`", f"a'{MARK}'", f'a"{MARK}"', f"a\\{MARK}", f"-rf {MARK}", f"a&&{MARK}", f"a|{MARK}",
    f"${{{MARK}}}", f"a#{MARK}", f"<<{MARK}", f"*{MARK}?", f"a%{MARK}", f"{{{MARK}}}", f"a>{MARK}", f"~{MARK}", f"a={MARK}", f"a:{MARK}",
    f"é{MARK}ß", f"[{MARK}]", f'["{MARK}"]', f"--{MARK}", f"a,{MARK}", f"@{MARK}", f"!{MARK}", f"{MARK}\\", f"# syntax={MARK}",
)  # fmt: skip
SHELLS = ("sh", "bash", "dash", "zsh")


def projects() -> dict[str, dict[str, str | bytes]]:
    found: dict[str, dict[str, str | bytes]] = {name: dict(files) for name, files in PROJECTS.items()}
    for folder in sorted(path for path in EXAMPLES.iterdir() if path.is_dir()):
        found[folder.name] = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    return found


KNOWN = projects()


def seen(files: dict[str, str | bytes], entry: str = "", wishes: Wishes | None = None) -> Detection | None:
    try:
        return detect(Source.from_mapping(files, entry), wishes or Wishes())
    except JitneyError:
        return None


def renamed(name: str, hostile: str) -> tuple[dict[str, str | bytes], str]:
    """The project with its entry under a hostile name: a file's stem, or the folder that a language starts."""
    files = KNOWN[name]
    found = seen(files)
    entry = found.entry if found is not None else ""
    if entry in files:
        folder, _, file = entry.rpartition("/")
        _, dot, ending = file.partition(".")
        place = f"{folder}/{hostile}{dot}{ending}".lstrip("/")
        return {**{path: text for path, text in files.items() if path != entry}, place: files[entry]}, place
    return {f"{hostile}/{path}": text for path, text in files.items()}, ""


def planned(found: Detection) -> Plan | None:
    """None: refused with words."""
    try:
        return make_plan(found, FACTS, Config(), Lock(), None, Taken(digest="sha256:0"))
    except JitneyError as error:
        assert error.message
        return None


def check(plan: Plan, words: str) -> None:
    """words: what must never be more than a piece of a word."""
    try:
        text = render_dockerfile(plan.build, OLD)
    except JitneyError as error:
        assert error.message
    else:
        file = parse(text)
        assert file.problems == ()
        assert [len(stage.instructions) for stage in file.stages] == [
            len(s.instructions) for s in plan.build.stages
        ]
        for stage, wanted in zip(file.stages, plan.build.stages, strict=True):
            for one, instruction in zip(stage.instructions, wanted.instructions, strict=True):
                assert one.op == instruction.op.upper()
                if one.op == "RUN":
                    assert one.exec_form() == instruction.args
                    assert_quoted(instruction.args, words)
    assert_quoted(plan.run.argv, words)
    assert all("\0" not in word for word in (*plan.run.argv, *plan.run.env.values()))


def assert_quoted(argv: tuple[str, ...], words: str) -> None:
    for script in scripts(argv):
        at = script.find(words)
        while at >= 0:
            assert all(state(script, place) for place in range(at, at + len(words))), script
            at = script.find(words, at + 1)


def scripts(argv: tuple[str, ...]) -> Iterator[str]:
    """What a shell among these words is told to do."""
    for shell, flag, script in zip(argv, argv[1:], argv[2:], strict=False):
        if shell.rpartition("/")[2] in SHELLS and flag.startswith("-") and flag.endswith("c"):
            yield script


def state(script: str, place: int) -> bool:
    """Whether the character stands for itself: within single quotes, behind a backslash, or harmless by itself."""
    quote, at = "", 0
    while at < place:
        char = script[at]
        if char == "\\" and quote != "'":
            if at + 1 == place:
                return True
            at += 1
        elif char in "'\"" and quote in ("", char):
            quote = "" if quote else char
        at += 1
    char = script[place]
    if quote == "'":
        return True
    return char not in '$`\\"' if quote else char.isalnum() or char in "_-./:=@%+,~[]{}!"


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_hostile_names(name: str) -> None:
    checked = 0
    for hostile in NAMES[:9]:
        files, entry = renamed(name, hostile)
        for given_entry in dict.fromkeys(("", entry)):
            found = seen(files, given_entry)
            plan = planned(found) if found is not None else None
            if plan is not None:
                check(plan, hostile)
                checked += 1
    assert checked or name in PROJECTS, "none of the names was planned"


@pytest.mark.parametrize(
    ("script", "is_quoted"),
    [
        ("cat a;X", False), ("cat 'a;X'", True), ('cat "a;X"', True), ('cat "a$X"', False), ("cat 'a$X'", True),
        ("cat '' a;X", False), ("cat 'b' a b X", False), ('cat "`X"', False), ("cat \"'a;X'\"", True), ("cat \"'$X'\"", False),
    ],
)  # fmt: skip
def test_the_lexer_sees_what_is_not_quoted(script: str, is_quoted: bool) -> None:
    words = next(word for word in ("a;X", "a$X", "a b X", "`X", "$X") if word in script)
    try:
        assert_quoted(("/bin/sh", "-ec", script), words)
    except AssertionError:
        assert not is_quoted
    else:
        assert is_quoted


HOSTILE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=3, max_size=20)
"""Shorter ones stand in our own scripts too, where they are not the name."""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(KNOWN)), HOSTILE)
@example("python-openai", "a\nRUN evil")
@example("csharp-http", "a\r\nUSER 0")
@example("go-openai", "\u2028FROM x")
@example("ruby-http", "\x1b[2J")
def test_any_name(name: str, hostile: str) -> None:
    files, entry = renamed(name, hostile)
    found = seen(files, entry)
    plan = planned(found) if found is not None else None
    if plan is not None:
        check(plan, hostile)


MANIFESTS = {
    "Cargo.toml": "[package]\nname = {0}\nversion = '0.1.0'\nedition = '2021'\n[[bin]]\nname = {0}\npath = 'src/main.rs'\n",
    "package.json": '{{"name": {0}, "main": "index.js", "scripts": {{"build": "tsc"}}, "dependencies": {{{0}: {0}}}}}',
    "CMakeLists.txt": "project({1} CXX)\nadd_executable({1} main.cpp)\n",
    "go.mod": "module {1}\n\ngo 1.24\n\nrequire {1} v1.0.0\n",
    "pom.xml": "<project><groupId>{1}</groupId><artifactId>{1}</artifactId><version>{1}</version><packaging>jar</packaging></project>",
    "requirements.txt": "{1}\n",
    "pyproject.toml": "[project]\nname = {0}\nversion = '1'\ndependencies = [{0}]\n[project.scripts]\nx = {0}\n",
    "mix.exs": 'defmodule X do\n use Mix.Project\n def project, do: [app: {0}, version: "1"]\nend\n',
    "Procfile": "web: {1}\n",
    ".python-version": "{1}\n",
    "x.csproj": '<Project Sdk="x"><PropertyGroup><OutputType>Exe</OutputType><AssemblyName>{1}</AssemblyName></PropertyGroup></Project>',
}  # fmt: skip
CODE: dict[str, str | bytes] = {
    "main.py": "print(1)\n", "index.js": "1\n", "src/main.rs": "fn main() {}\n", "main.cpp": "int main() {}\n", "main.go": "package main\nfunc main() {}\n",
    "src/main/java/A.java": "class A { public static void main(String[] a) {} }\n", "lib/x.ex": "defmodule X do\nend\n", "Program.cs": "class P { static void Main() {} }\n",
}  # fmt: skip


@pytest.mark.parametrize("manifest", MANIFESTS)
@pytest.mark.parametrize("hostile", NAMES)
def test_hostile_manifests(manifest: str, hostile: str) -> None:
    quoted = '"' + hostile.replace("\\", "\\\\").replace('"', '\\"') + '"'
    endings = {"Cargo.toml": ".rs", "package.json": ".js", "CMakeLists.txt": ".cpp", "go.mod": ".go", "pom.xml": ".java",
               "mix.exs": ".ex", "x.csproj": ".cs"}  # fmt: skip
    code = {path: text for path, text in CODE.items() if path.endswith(endings.get(manifest, ".py"))}
    found = seen({**code, manifest: MANIFESTS[manifest].format(quoted, hostile)})
    plan = planned(found) if found is not None else None
    if plan is not None:
        check(plan, hostile)
