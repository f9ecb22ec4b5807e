"""Languages that are tables: what every table must hold, and what its patterns see in a program."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from jitney.detect import detect
from jitney.detect.languages import LANGUAGES
from jitney.detect.model import Detection, Wishes
from jitney.detect.table_scan import scan
from jitney.errors import DetectionError
from jitney.languages import LanguageTable, known, manifests, mentioning, table, tables
from jitney.source import Source
from jitney.source.sniff import sniff


def see(
    files: dict[str, str | bytes], entry: str = "", workdir: str | None = None, **wishes: Any
) -> Detection:
    return detect(Source.from_mapping(files, entry, workdir), Wishes(**wishes))


def names(packages: Any) -> list[str]:
    return [package.name for package in packages]


@pytest.mark.parametrize("one", tables().values(), ids=str)
def test_a_table_is_whole(one: LanguageTable) -> None:
    patterns = [*one.marks, *one.standard, *one.version_files.values(), one.main]
    patterns += [*one.code.imports, *one.code.local, *one.code.env, *one.code.models]
    for pattern in patterns:
        re.compile(pattern, re.MULTILINE)
    for pattern in (*one.code.imports, *one.code.local, *one.code.env):
        assert re.compile(pattern).groups >= 1, pattern
    assert one.debian.version or one.registry.version, "no provider has it"
    for tools in (one.debian, one.registry):
        assert tools.version or tools.missing, "say why there is nothing"
    assert one.compile is None or one.compile.commands or one.compile.project
    if one.debian.version:
        assert one.debian.run or one.debian.adds or one.compile
    taken = {ending for language in LANGUAGES for ending in language.endings}
    assert not taken & set(one.endings), "a table takes no ending from a built-in language"


def test_tables_are_found_without_reading_them_all() -> None:
    every = [*tables().values(), *map(table, known())]
    assert dict(manifests()) == {one.name: one.manifests for one in every}
    assert [name for name, _ in manifests()][-len(known()) :] == list(known()), "what is built comes first"
    for one in every:
        for word in (*one.endings, *one.interpreters, *one.aliases):
            assert one in mentioning(word), f"{one.name}: {word} stands in double quotes"


def test_ruby_takes_along_what_it_requires_from_above() -> None:
    found = see(
        {
            "examples/chat/demo.rb": 'require_relative "../../lib/openai"\nputs ENV["OPENAI_API_KEY"]\n',
            "lib/openai.rb": 'require "json"\nrequire "connection_pool"\nrequire_relative "openai/version"\n',
            "lib/openai/version.rb": "",
            "openai.gemspec": 's.required_ruby_version = ">= 3.2.0"',
            "other/notes.txt": "",
        },
        "examples/chat/demo.rb",
        "examples/chat",
    )
    assert found.takes == ("examples/chat/demo.rb", "lib/openai.rb", "lib/openai/version.rb")
    assert names(found.system) == ["ruby-connection-pool"]
    assert (found.version, found.secrets) == (">= 3.2.0", ("OPENAI_API_KEY",))
    assert found.frameworks == ("openai",)  # the library's own checkout


def test_a_library_of_the_own_repository_is_no_package() -> None:
    found = see(
        {"bin/ask.rb": 'require "tool/client"\n', "lib/tool/client.rb": "", "lib/tool/other.rb": ""},
        "bin/ask.rb",
        "bin",
    )
    assert not found.unknown and found.features == ("path:lib",)
    assert "lib/tool/other.rb" in found.takes


def test_an_import_that_no_table_knows_stops() -> None:
    found = see({"a.rb": "require 'json'\nrequire 'conection_pool'\n"}, "a.rb")
    assert [(one.name, one.line, one.near) for one in found.unknown] == [
        ("conection_pool", 2, ("connection_pool",))
    ]
    said = see({"a.rb": "require 'mine'\n"}, "a.rb", apt=("ruby-mine",))
    assert not said.unknown and said.findings[0].level == "warning" and names(said.system) == ["ruby-mine"]


SCRIPT = """#!/usr/bin/env bash
# wget is only named in a comment
set -e
source "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"
MODEL="${MODEL:-qwen2.5:0.5b}"
answer=$(curl -s http://localhost:11434/api/generate -d "{\\"model\\": \\"llama3\\", \\"prompt\\": \\"$1\\"}" | jq -r .response)
if ! command -v bc; then echo no; fi
cat <<EOF | sed 's/a/b/'
don't run lynx
EOF
"""


def test_a_shell_script_says_its_commands_and_its_server() -> None:
    found = see({"bin/chat": SCRIPT, "lib/ask.sh": "xmllint -\n"}, "bin/chat", "bin")
    assert (found.language, found.start, found.mode) == ("shell", ("bash",), "local-server")
    assert {"bc", "curl", "jq", "libxml2-utils", "sed"} <= set(names(found.system))
    assert not {"wget", "lynx"} & set(names(found.system))
    assert [(end.port, end.api) for end in found.endpoints] == [(11434, "ollama")]
    assert {use.name for use in found.models} == {"llama3", "qwen2.5:0.5b"}
    assert found.takes == ("bin/chat", "lib/ask.sh")


@pytest.mark.parametrize(
    "line",
    [
        'lib="$(dirname "$0")/../lib/ask.sh"; source "$lib"',
        'DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)\n. "$DIR/../lib/ask.sh"',
        ". ${BASH_SOURCE%/*}/../lib/ask.sh",
        "source ../lib/ask.sh",
        "bash ../lib/ask.sh",
    ],
)
def test_a_shell_script_takes_along_what_it_sources(line: str) -> None:
    files: dict[str, str | bytes] = {"bin/chat.sh": line + "\n", "lib/ask.sh": "jq .\n", "lib/other.sh": ""}
    assert see(files, "bin/chat.sh", "bin").takes == ("bin/chat.sh", "lib/ask.sh")


@pytest.mark.parametrize(
    ("line", "start", "package"),
    [
        ("#!/bin/bash -ex", ("bash", "-ex"), "bash"),
        ("#!/usr/bin/env fish", ("fish",), "fish"),
        ("#!/bin/zsh", ("zsh",), "zsh"),
    ],
)
def test_the_shell_is_the_one_of_the_first_line(line: str, start: tuple[str, ...], package: str) -> None:
    found = see({"a.sh": f"{line}\necho 1\n"}, "a.sh")
    assert found.start == start and package in names(found.system)


def test_an_address_in_a_curl_line_needs_no_quotes() -> None:
    found = see({"a.sh": "curl -s https://api.openai.com/v1/chat/completions -d @x\n"}, "a.sh")
    assert found.mode == "hosted" and found.endpoints[0].host == "api.openai.com"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("use strict;\nmy $x = 1;\n", "perl"),
        (":- use_module(library(http/http_open)).\nmain :- true.\n", "prolog"),
        ("print 1;\n", "perl"),
    ],
)
def test_an_ending_of_two_languages_is_decided_by_the_lines(text: str, language: str) -> None:
    assert see({"a.pl": text}, "a.pl").language == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("#lang racket/base\n", "racket"),
        ("#!/usr/bin/env -S guile-3.0 -s\n", "scheme"),
        ("#!/usr/bin/awk -f\n", "awk"),
        ("use strict;\nmy $x = 1;\n", "perl"),
        ("import json\nprint(1)\n", "python"),
        ("const x = require('x')\n", "javascript"),
        ("let x: number = 1\nimport type {A} from 'b'\n", "typescript"),
    ],
)
def test_sniffing_with_tables(text: str, language: str) -> None:
    assert sniff(text.encode()) == language


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        ({"main.rb": "", "helper.rb": ""}, "main.rb"),
        ({"tool.rb": "puts 1\n"}, "tool.rb"),
        ({"a.rb": "#!/usr/bin/env ruby\n", "b.rb": "class B\nend\n"}, "a.rb"),
    ],
)
def test_the_entry_of_a_folder(files: dict[str, str | bytes], entry: str) -> None:
    assert see(files).entry == entry


@pytest.mark.parametrize(
    ("files", "entry", "start"),
    [
        ({"bin/rails": "#!/usr/bin/env ruby\n", "bin/bundle": "#!/usr/bin/env ruby\n", "Gemfile": ""}, "bin/rails", ()),
        ({"config.ru": "run App\n", "Gemfile": ""}, "config.ru", ("rackup", "-o", "0.0.0.0")),
        ({"Rakefile": "task :x\n", "Gemfile": ""}, "Rakefile", ("rake", "-f")),
        ({"Rakefile": "task :x\n", "Gemfile": "", "tool.rb": "puts 1\n"}, "tool.rb", ()),
        ({"Package.swift": "let package = 1\n", "Sources/x/X.swift": "@main\n"}, "Sources/x/X.swift", ()),
        ({"composer.json": "{}", "src/a.php": "<?php", "examples/b": "#!/usr/bin/env php\n"}, "src/a.php", ()),
        ({"gems.rb": "source 'x'\n", "tool.rb": "puts 1\n"}, "tool.rb", ()),
        ({"shard.yml": "name: x\n", "src/x.cr": "puts 1\n", "spec/x_spec.cr": "it 1\n"}, "src/x.cr", ()),
        ({"haunt.scm": "(use-modules (haunt site))\n", "go.scm": "(display 1)\n"}, "go.scm", ()),
        ({"composer.json": "{}", "htdocs/index.php": "<?php", "htdocs/a.php": "<?php"}, "htdocs/index.php", ()),
        ({"app.csproj": "", "a.cs": "class A {}", "Program.cs": "Main()"}, "Program.cs", ()),
        ({"x.runtimeconfig.json": '{"version": "8.0.1"}', "x.dll": b"MZ", "y.dll": b"MZ"}, "x.dll", ()),
        ({"pubspec.yaml": "", "http/bin/server.dart": "void main() {}", "app/lib/main.dart": "void main() {}"},
         "http/bin/server.dart", ()),
        ({"install.R": "install.packages('x')\n", "plot.R": "plot(1)\n"}, "plot.R", ()),
    ],
)  # fmt: skip
def test_the_entry_of_a_project(files: dict[str, str | bytes], entry: str, start: tuple[str, ...]) -> None:
    found = see(files)
    assert (found.entry, found.start) == (entry, start)


@pytest.mark.parametrize(
    ("files", "manager", "version"),
    [
        ({"Gemfile": 'ruby ">= 3.1", "< 4"\n', "a.rb": ""}, "bundler", ">= 3.1, < 4"),
        ({"shard.yml": "crystal: 1.4.1\n", "main.cr": "puts 1\n"}, "shards", ">=1.4.1"),
        ({"shard.yml": "crystal: '~> 1.4'\n", "main.cr": "puts 1\n"}, "shards", "~> 1.4"),
        ({"Gemfile": "", "Gemfile.lock": "RUBY VERSION\n   ruby 3.2.1p31\n", "a.rb": ""}, "bundler", "3.2.1"),
        ({"gems.rb": "ruby '~> 3.3'\n", "a.rb": ""}, "bundler", "~> 3.3"),
        ({"mix.exs": '      elixir: "~> 1.14",\n', "lib/a.ex": ""}, "mix", "~> 1.14"),
        ({"Package.swift": "// swift-tools-version: 5.9\n", "Sources/a/main.swift": "print(1)\n"}, "swiftpm", ">=5.9"),
        ({"a.csproj": "<TargetFrameworks>net8.0;net10.0</TargetFrameworks>", "Program.cs": "Main()"}, "nuget", "10.0"),
        (
            {"a.csproj": "<TargetFramework>net6.0<", "global.json": '{"sdk": {"version": "8.0.100"}}', "Program.cs": "Main()"},
            "nuget", "8.0.100",
        ),
        ({"runtime.txt": "r-4.4-2024-06-01\n", "a.R": "1\n"}, "imports", "4.4"),
        ({"renv.lock": '{"R": {"Version": "4.3.2"}}', "a.R": "1\n"}, "renv", "4.3.2"),
        ({"composer.json": '{"require": {"x/y": "1", "php": "^8.2"}}', "index.php": "<?php"}, "composer", "^8.2"),
        ({"Project.toml": '[compat]\njulia = "1.10"\n', "a.jl": "1\n"}, "pkg", "1.10"),
    ],
)  # fmt: skip
def test_manager_and_version(files: dict[str, str | bytes], manager: str, version: str) -> None:
    found = see(files)
    assert (found.manager, found.version) == (manager, version)


def test_a_language_that_is_only_known_is_detected() -> None:
    found = see({"gleam.toml": 'gleam = ">= 1.4"\n', "src/app.gleam": "pub fn main() {\n}\n"})
    assert (found.language, found.entry, found.version, found.manager) == (
        "gleam",
        "src/app.gleam",
        ">= 1.4",
        "gleam",
    )
    assert see({"default.nix": "{ }"}).language == "nix"
    assert see({"default.nix": "{ }", "a.rb": "puts 1"}).language == "ruby"


def test_many_entries_are_named() -> None:
    with pytest.raises(DetectionError, match=r"2 Ruby files could be the one.*\n  one\.rb"):
        see({"one.rb": "puts 1\n", "two.rb": "puts 2\n"})


def test_a_compiled_program_lists_its_sources_in_order_of_use() -> None:
    found = see(
        {"main.d": "import std.stdio;\nimport ask;\nvoid main() {}\n", "ask.d": "module ask;\n"}, "main.d"
    )
    assert found.features == ("source:ask.d",)


def test_php_with_composer_says_what_it_uses() -> None:
    found = see(
        {
            "a.php": "<?php\nrequire __DIR__ . '/vendor/autoload.php';\nuse GuzzleHttp\\Client;\ncurl_init();\n"
        },
        "a.php",
    )
    assert names(found.system) == ["php-curl"]
    assert table("php").registry_hint


EXAMPLES = sorted(Path(__file__).parents[3].glob("examples/*/expect.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_examples_without_a_name_are_known_or_asked_about(path: Path) -> None:
    """A program on standard input is never taken for another language."""
    source = path.parent / tomllib.loads(path.read_text(encoding="utf-8"))["source"]
    if source.is_file():
        found = see({source.name: source.read_bytes()}, source.name).language
        assert sniff(source.read_bytes()) in ("", found)


def test_a_pin_beside_what_the_manifest_requires() -> None:
    files: dict[str, str | bytes] = {
        "main.rb": "puts 1\n",
        ".ruby-version": "4.0.6\n",
        "tool.gemspec": 's.required_ruby_version = ">= 3.2.0"\n',
    }
    found = see(files, "main.rb")
    assert (found.version, found.features) == ("4.0.6", ("requires:>= 3.2.0",))


def test_an_adapter_of_a_library_may_want_what_is_not_there() -> None:
    lib = 'def self.load!\n  require "aws-sdk-core"\nend\n'
    assert not see({"main.rb": 'require_relative "lib"\n', "lib.rb": lib}, "main.rb").unknown
    assert see({"main.rb": lib}, "main.rb").unknown


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    ["\n" * 20_000, "<<A\n" * 2000, '"' * 20_001, "$(dirname " * 2000],
    ids=["lines", "heredocs", "quotes", "parens"],
)
def test_odd_code_is_read_in_time(text: str) -> None:
    for one in tables().values():
        scan(text, "x", one.code)
