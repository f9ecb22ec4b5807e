"""Go programs: modules, workspaces, bare files."""

from __future__ import annotations

import pytest
from tests.unit.detect.seeing import see

from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.errors import DetectionError
from jitney.source import Source

MAIN = "package main\nfunc main() {}\n"
MOD = "module example.com/tool\n\ngo 1.24.1\n\ntoolchain go1.25.0\n"


def test_a_bare_file_is_known_by_its_imports() -> None:
    code = 'package main\nimport (\n "os"\n openai "github.com/sashabaranov/go-openai"\n)\nconst model = "gpt-4"\n'
    found = see({"main.go": code + 'func main() { openai.NewClient(os.Getenv("MY_KEY")) }\n'}, "main.go")
    assert (found.manager, found.framework, found.mode, found.entry) == (
        "imports",
        "go-openai",
        "hosted",
        "main.go",
    )
    assert [package.name for package in found.packages] == ["github.com/sashabaranov/go-openai"]
    assert (found.env, found.secrets) == (("MY_KEY",), ("MY_KEY",))
    assert [use.name for use in found.models] == ["gpt-4"]


def test_a_module() -> None:
    mod = MOD + "require (\n\tgithub.com/ollama/ollama v0.5.0\n\tx.org/y v1.0.0 // indirect\n)\n"
    found = see(
        {
            "go.mod": mod,
            "go.sum": "",
            "main.go": MAIN.replace("func", 'import "github.com/ollama/ollama/api"\nfunc'),
        }
    )
    assert (found.version, found.manager, found.lock, found.entry) == ("1.25.0", "go.mod", "go.sum", ".")
    assert [package.name for package in found.packages] == ["github.com/ollama/ollama"]
    assert (found.framework, found.mode) == ("ollama/api", "local-server")


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        ({"cmd/one/main.go": MAIN, "lib/l.go": "package lib\n"}, "cmd/one"),
        ({"cmd/tool/main.go": MAIN, "cmd/other/main.go": MAIN}, "cmd/tool"),
        ({"main.go": MAIN, "cmd/x/main.go": MAIN}, "."),
        ({"main.go": MAIN, "gen.go": "//go:build ignore\n\n" + MAIN}, "."),
        ({"inner/app/a.go": MAIN, "inner/app/a_test.go": "package main\n"}, "inner/app"),
    ],
)
def test_entries(files: dict[str, str | bytes], entry: str) -> None:
    assert see({"go.mod": MOD, **files}).entry == entry


def test_two_commands_alike_are_listed() -> None:
    with pytest.raises(DetectionError) as error:
        see({"go.mod": MOD, "cmd/a/main.go": MAIN, "cmd/b/main.go": MAIN})
    assert "cmd/a" in error.value.message and "--entry" in error.value.hint


def test_replacements_and_packages_above_go_along() -> None:
    files: dict[str, str | bytes] = {
        "go.mod": "module example.com/lib\ngo 1.24\n",
        "lib.go": "package lib\n",
        "examples/a/go.mod": "module example.com/a\ngo 1.24\nreplace example.com/lib => ../..\n",
        "examples/a/main.go": MAIN,
    }
    assert "lib.go" in see(files, workdir="examples/a").takes
    inside: dict[str, str | bytes] = {
        "go.mod": MOD,
        "llm/llm.go": "package llm\nimport _ \"embed\"\n//go:embed data/*.txt\nvar x string\n",
        "llm/data/a.txt": "",
        "other/o.go": "package other\n",
        "examples/x/main.go": 'package main\nimport "example.com/tool/llm"\nfunc main() { llm.X() }\n',
    }  # fmt: skip
    takes = set(see(inside, "examples/x/main.go").takes)
    assert takes == {"go.mod", "llm/llm.go", "llm/data/a.txt", "examples/x/main.go"}


def test_cgo_is_seen() -> None:
    assert see({"main.go": 'package main\nimport "C"\nfunc main() {}\n'}, "main.go").features == ("cgo",)


def test_a_local_provider_of_a_library_for_many() -> None:
    code = (
        'package main\nimport "github.com/teilomillet/gollm"\nfunc main() { gollm.SetProvider("lmstudio") }\n'
    )
    found = see({"main.go": code}, "main.go")
    assert found.mode == "local-server" and 1234 in {end.port for end in found.endpoints}


def test_no_main_is_said() -> None:
    found = see({"lib.go": "package lib\n"}, "lib.go")
    assert [finding.code for finding in found.findings] == ["go.main"]


def test_what_cgo_links_against_is_had_from_debian() -> None:
    code = (
        "package main\n\n/*\n#cgo pkg-config: llama\n#cgo linux LDFLAGS: -L/opt/lib -lsqlite3 -lm\n"
        '#cgo darwin LDFLAGS: -framework Metal -lcurl\n#include <llama.h>\n*/\nimport "C"\n\nfunc main() {}\n'
    )
    found = detect(Source.from_mapping({"main.go": code}, "main.go"), Wishes())
    assert found.features == ("cgo", "suite:sid")
    assert [(package.name, package.why.line) for package in found.system] == [
        ("libllama-dev", 4),
        ("libggml-dev", 4),
        ("libsqlite3-dev", 5),
    ]


def test_a_comment_on_cgo_in_a_program_without_c_says_nothing() -> None:
    code = "package main\n\n// #cgo LDFLAGS: -lcurl\nfunc main() {}\n"
    found = detect(Source.from_mapping({"main.go": code}, "main.go"), Wishes())
    assert (found.features, found.system) == ((), ())


@pytest.mark.parametrize(("port", "mode"), [(11434, "local-server"), (1234, "local-server"), (8080, "none")])
def test_an_address_for_a_library_that_no_table_knows(port: int, mode: str) -> None:
    code = (
        'package main\n\nimport "example.org/unknown/asker"\n\n'
        f'func main() {{ asker.Ask("http://localhost:{port}", "hello") }}\n'
    )
    found = detect(Source.from_mapping({"main.go": code}, "main.go"), Wishes())
    assert found.mode == mode


def test_a_helper_is_not_taken_for_the_program() -> None:
    files: dict[str, str | bytes] = {
        "example.com/app/main.go": MAIN,
        "tools/gen/main.go": MAIN,
        "vendor/x/y/main.go": MAIN,
    }
    found = see({"go.mod": MOD, **files})
    assert found.entry == "example.com/app"
    assert next(one for one in found.evidence if one.decides == "entry").losers == ("tools/gen",)


def test_a_workspace_without_a_module_of_its_own_starts_its_one_program() -> None:
    files: dict[str, str | bytes] = {
        "go.work": "go 1.23\n\nuse (\n\t./api\n\t./shared\n)\n",
        "api/go.mod": "module example.com/api\n\ngo 1.24\n",
        "api/main.go": 'package main\nimport "example.com/shared"\nfunc main() { shared.X() }\n',
        "shared/go.mod": "module example.com/shared\n",
        "shared/shared.go": "package shared\n",
    }
    found = see(files)
    assert (found.entry, found.manager, found.version, found.workdir) == ("api", "go.mod", "1.24", "api")
    assert {"go.work", "api/go.mod", "shared/shared.go"} <= set(found.takes)
    files["shared/shared.go"] = MAIN  # a module for itself, whose file is not called as programs are
    assert see(files).entry == "api"


def test_version_order_and_losers() -> None:
    mod = "module example.com/tool\n\ngo 1.21\n\ntoolchain go1.22.3\n"
    found = see({"go.mod": mod, ".go-version": "1.20.1\n", "main.go": MAIN})
    seen = next(one for one in found.evidence if one.decides == "version")
    assert (found.version, seen.rule, seen.line) == ("1.22.3", "go.version.toolchain", 5)
    assert seen.losers == ("go.version.go: 1.21", "go.version.file: 1.20.1")
    assert see({".go-version": "go1.20\n", "main.go": MAIN}).version == "1.20"


@pytest.mark.parametrize(
    ("mod", "place"),
    [
        ("module a\n  requires x v1\n", "go.mod:2:3: unknown directive"),
        ("module a\nrequire (\n x v1\n", "go.mod:2:1: `require (`"),
    ],
)
def test_a_broken_go_mod_has_line_and_column(mod: str, place: str) -> None:
    found = see({"go.mod": mod, "main.go": MAIN})
    assert any(one.level == "error" and place in one.message for one in found.findings)


def test_a_path_that_names_no_host_is_told_and_not_guessed() -> None:
    code = 'package main\nimport (\n\t"fmt"\n\t"string"\n)\nfunc main() {}\n'
    found = see({"main.go": code}, "main.go")
    assert [(one.name, one.line, one.near[:1]) for one in found.unknown] == [("string", 4, ("strings",))]
    assert not see({"main.go": code}, "main.go", packages=("string@v1",)).unknown
