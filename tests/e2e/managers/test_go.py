"""Go programs as they lie about: modules, workspaces, bare files, cgo, embedded files, newer toolchains."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Jitney

pytestmark = pytest.mark.engine
Files = dict[str, str]

UUID_SUM = """github.com/google/uuid v1.3.0 h1:t6JiXgmwXMjEs8VusXIJk2BXHsn+wx8BZdTaoZ5fu7I=
github.com/google/uuid v1.3.0/go.mod h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=
"""
LIB = {
    "lib/go.mod": "module example.org/lib\n\ngo 1.22\n",
    "lib/lib.go": 'package lib\n\nfunc Name() string { return "beside" }\n',
}
USES_LIB = 'package main\n\nimport (\n\t"fmt"\n\n\t"example.org/lib"\n)\n\nfunc main() { fmt.Println("lib", lib.Name()) }\n'


def lay(folder: Path, files: Files) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def prints(text: str) -> str:
    return f'package main\n\nimport "fmt"\n\nfunc main() {{ fmt.Println("{text}") }}\n'


TABLE: list[tuple[str, Files, str, str]] = [
    ("bare", {"main.go": prints("bare")}, "main.go", "bare"),
    (
        "module with its sum",
        {
            "go.mod": "module example.org/m\n\ngo 1.22\n\nrequire github.com/google/uuid v1.3.0\n",
            "go.sum": UUID_SUM,
            "main.go": 'package main\n\nimport (\n\t"fmt"\n\t"runtime/debug"\n\n\t"github.com/google/uuid"\n)\n\nfunc main() {\n'
            "\tinfo, _ := debug.ReadBuildInfo()\n\tfmt.Println(uuid.Nil, info.Deps[0].Version)\n}\n",
        },
        "",
        "00000000-0000-0000-0000-000000000000 v1.3.0",
    ),
    (
        "replace",
        {**{f"checkout/{name}": text for name, text in LIB.items()}, "checkout/.git/HEAD": "",
         "checkout/app/main.go": USES_LIB,
         "checkout/app/go.mod": "module example.org/app\n\ngo 1.22\n\nrequire example.org/lib v0.0.0\n\nreplace example.org/lib => ../lib\n"},
        "checkout/app",
        "lib beside",
    ),
    (
        "workspace",
        {**{f"checkout/{name}": text for name, text in LIB.items()}, "checkout/.git/HEAD": "",
         "checkout/go.work": "go 1.22\n\nuse (\n\t./app\n\t./lib\n)\n", "checkout/app/main.go": USES_LIB,
         "checkout/app/go.mod": "module example.org/app\n\ngo 1.22\n"},
        "checkout/app",
        "lib beside",
    ),
    (
        "cmd",
        {"go.mod": "module example.org/m\n\ngo 1.22\n", "cmd/bot/main.go": USES_LIB.replace("example.org/lib", "example.org/m/lib"),
         "lib/lib.go": LIB["lib/lib.go"]},
        "",
        "lib beside",
    ),
    (
        "embed",
        {"go.mod": "module example.org/m\n\ngo 1.22\n", "prompts/hello.txt": "be kind",
         "main.go": 'package main\n\nimport (\n\t"embed"\n\t"fmt"\n)\n\n//go:embed prompts/*.txt\nvar files embed.FS\n\n'
         'func main() {\n\ttext, _ := files.ReadFile("prompts/hello.txt")\n\tfmt.Println(string(text))\n}\n'},
        "",
        "be kind",
    ),
    (
        "vendored",
        {"go.mod": "module example.org/m\n\ngo 1.22\n\nrequire example.org/lib v1.0.0\n", "main.go": USES_LIB,
         "vendor/modules.txt": "# example.org/lib v1.0.0\n## explicit; go 1.22\nexample.org/lib\n",
         "vendor/example.org/lib/lib.go": LIB["lib/lib.go"]},
        "",
        "lib beside",
    ),
    (
        "workspace without sums",
        {**{f"checkout/{name}": text for name, text in LIB.items()}, "checkout/.git/HEAD": "",
         "checkout/go.work": "go 1.22\n\nuse (\n\t./app\n\t./lib\n)\n",
         "checkout/app/main.go": USES_LIB.replace("import (", 'import (\n\t_ "github.com/google/uuid"'),
         "checkout/app/go.mod": "module example.org/app\n\ngo 1.22\n\nrequire github.com/google/uuid v1.3.0\n"},
        "checkout/app",
        "lib beside",
    ),
    (
        "cgo",
        {"main.go": 'package main\n\n// #include <math.h>\n// #cgo LDFLAGS: -lm\nimport "C"\nimport "fmt"\n\n'
         "func main() { fmt.Println(float64(C.sqrt(C.double(1764)))) }\n"},
        "main.go",
        "42",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "source", "want"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_go_programs_run(tmp_path: Path, jitney: Jitney, files: Files, source: str, want: str) -> None:
    done = jitney("run", "-q", lay(tmp_path, files) / source)
    assert (done.returncode, done.stdout.decode().strip()) == (0, want), done.stderr.decode()


@pytest.mark.slow
def test_a_newer_toolchain_is_fetched(tmp_path: Path, jitney: Jitney) -> None:
    files = {
        "go.mod": "module example.org/m\n\ngo 1.24\n\ntoolchain go1.26.1\n",
        "main.go": 'package main\n\nimport (\n\t"fmt"\n\t"runtime"\n)\n\nfunc main() { fmt.Println(runtime.Version()) }\n',
    }
    done = jitney("run", "-q", lay(tmp_path, files))
    assert (done.returncode, done.stdout) == (0, b"go1.26.1\n"), done.stderr


def test_a_bare_file_keeps_the_versions_that_its_imports_got(tmp_path: Path, jitney: Jitney) -> None:
    text = 'package main\n\nimport (\n\t"fmt"\n\n\t"github.com/google/uuid"\n)\n\nfunc main() { fmt.Println(uuid.Nil.Version()) }\n'
    program = lay(tmp_path / "p", {"main.go": text}) / "main.go"
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    first = jitney("run", "--json", program, env=env)
    assert first.returncode == 0, first.stdout + first.stderr
    kept = [json.loads(path.read_bytes()) for path in (tmp_path / "cache").rglob("resolutions/*.json")]
    assert len(kept) == 1
    assert "github.com/google/uuid v1." in kept[0]["files"]["go.mod"]
    assert "github.com/google/uuid v1." in kept[0]["files"]["go.sum"]
    again = jitney("run", "--json", program, env=env)
    kinds = [json.loads(line)["event"] for line in again.stdout.splitlines()]
    assert "built" not in kinds
    assert again.stderr == b""
    assert [path.name for path in program.parent.iterdir()] == ["main.go"]


def test_a_sum_with_gaps_is_completed_for_the_run_alone(tmp_path: Path, jitney: Jitney) -> None:
    uses = 'package main\n\nimport _ "github.com/google/uuid"\n\nfunc main() {}\n'
    module = "module example.org/m\n\ngo 1.22\n\nrequire github.com/google/uuid v1.3.0\n"
    sums = UUID_SUM.splitlines()[1] + "\n"
    done = jitney("run", lay(tmp_path, {"go.mod": module, "go.sum": sums, "main.go": uses}))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "go.sum").read_text() == sums, "nothing is written into the user's folder"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            {"go.mod": "module m\n\ngo twelve\n", "main.go": prints("x")},
            "go.mod:3: `twelve` is no Go version",
        ),
        (
            {
                "go.mod": "module m\n\ngo 1.22\n\nreplace example.org/lib => ../../lib\n",
                "main.go": prints("x"),
            },
            "go.mod:5: ../../lib lies outside the source",
        ),
        (
            {"main.go": 'package main\n\nimport _ "no-such-host.invalid/x"\n\nfunc main() {}\n'},
            "imports no-such-host.invalid/x",
        ),
        (
            {"main.go": 'package main\n\nimport _ "github.com/google/uuid/none"\n\nfunc main() {}\n'},
            "but does not contain package github.com/google/uuid/none",
        ),
    ],
)
def test_what_cannot_be_built_is_said(tmp_path: Path, jitney: Jitney, files: Files, says: str) -> None:
    done = jitney("run", lay(tmp_path, {".git/HEAD": "", **files}))
    assert done.returncode == 125
    assert says in done.stderr.decode()
    assert b"Traceback" not in done.stderr
