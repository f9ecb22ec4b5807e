"""What the tables of compiled languages see in programs: entry, version, packages, the order of files."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from jitney.config import Config
from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.errors import PlanError
from jitney.facts.model import EngineFacts, Facts
from jitney.languages import table
from jitney.plan.table_version import pick
from jitney.source import Source


class Case(NamedTuple):
    name: str
    files: dict[str, str]
    language: str
    entry: str
    packages: tuple[str, ...] = ()
    version: str = ""
    before: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


HASKELL = "import Data.Aeson (encode)\nimport qualified Data.Map.Strict as Map\nimport {mine}\nmain :: IO ()\nmain = run\n"
CASES = (
    Case(
        "haskell: libraries and modules of its own in src",
        {"app/Main.hs": HASKELL.replace("{mine}", "Chat.Model"), "src/Chat/Model.hs": "module Chat.Model where\n", "c.cabal": ""},
        "haskell",
        "app/Main.hs",
        packages=("libghc-aeson-dev",),
        before=("src/Chat/Model.hs",),
    ),
    Case(
        "haskell: what no table knows is not installed by guess",
        {"Main.hs": HASKELL.replace("{mine}", "Acme.Missing")},
        "haskell",
        "Main.hs",
        packages=("libghc-aeson-dev",),
        unknown=("Acme.Missing",),
    ),
    Case(
        "fortran: a module before what uses it",
        {
            "main.f90": "program main\n  use b\nend program\n",
            "a.f90": "module a\nend module\n",
            "b.f90": "module b\n  use a\nend module\n",
            "other.f90": "program other\nend program\n",
        },
        "fortran",
        "main.f90",
        before=("a.f90", "b.f90"),
    ),
    Case(
        "ocaml: a project's files name its packages",
        {
            "dune-project": "(lang dune 3.0)",
            "bin/main.ml": "let () = Ask.run ()\n",
            "lib/ask.ml": "let run () = print_endline (Yojson.Safe.to_string `Null)\n",
        },
        "ocaml",
        "bin/main.ml",
        packages=("libyojson-ocaml-dev",),
        before=("lib/ask.ml",),
    ),
    Case(
        "zig: the version of its manifest",
        {"build.zig": "", "build.zig.zon": '.{ .minimum_zig_version = "0.14.0" }', "src/main.zig": "pub fn main() void {}\n"},
        "zig",
        "src/main.zig",
        version="0.14",
    ),
    Case(
        "csharp: the framework of its project",
        {"a.csproj": "<TargetFramework>net8.0</TargetFramework>", "Program.cs": "class P { static void Main() {} }\n"},
        "csharp",
        "Program.cs",
        version="8.0",
        before=(),
    ),
    Case(
        "objective-c: told from octave",
        {"ask.m": "#import <Foundation/Foundation.h>\nint main(void) { return 0; }\n"},
        "objective-c",
        "ask.m",
    ),
    Case("swift: a package's usual entry", {"Package.swift": "", "Sources/chat/main.swift": "print(1)\n"}, "swift", "Sources/chat/main.swift", before=("Package.swift",)),
    Case(
        "elixir: a project starts by its manifest",
        {"mix.exs": "defmodule M do\nend\n", "lib/m.ex": "defmodule N do\nend\n"},
        "elixir",
        "mix.exs",
    ),
    Case("d: dub's usual entry", {"dub.json": "{}", "source/app.d": "void main() {}\n", "source/x.d": "int x;\n"}, "d", "source/app.d"),
    Case("cobol: without an ending", {"ask": "       IDENTIFICATION DIVISION.\n       PROGRAM-ID. ask.\n"}, "cobol", "ask"),
)  # fmt: skip


def _see(case: Case) -> Detection:
    entry = case.entry if len(case.files) == 1 and "." not in case.entry else ""
    return detect(Source.from_mapping(case.files, entry=entry), Wishes())


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_is_seen(case: Case) -> None:
    found = _see(case)
    assert (found.language, found.entry, found.version) == (case.language, case.entry, case.version)
    assert {package.name for package in found.packages} == set(case.packages)
    sources = tuple(one.partition(":")[2] for one in found.features if one.startswith("source:"))
    assert sources == case.before
    assert tuple(one.name for one in found.unknown) == case.unknown


def test_a_newer_net_than_there_is_says_what_there_is() -> None:
    newer = next(case for case in CASES if case.version == "8.0")
    facts = Facts(
        engine=EngineFacts(name="docker", version="20.10.24", buildkit=True, cpus=2, memory_bytes=1 << 30)
    )
    with pytest.raises(PlanError, match=r"C# 8\.0 .* has 3\.1"):
        pick(table("csharp"), _see(newer), facts, Config(base_provider="debian"))
