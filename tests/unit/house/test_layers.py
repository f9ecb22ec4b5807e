"""The house rules that a reader must be able to rely on: who imports whom, and which folders are pure."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src" / "jitney"
PURE = ("plan", "detect", "render")
FORBIDDEN_MODULES = {
    "subprocess",
    "socket",
    "select",
    "selectors",
    "time",
    "datetime",
    "random",
    "secrets",
    "httpx",
    "h11",
}
FORBIDDEN_ATTRIBUTES = {
    "os.environ",
    "os.getenv",
    "os.system",
    "os.popen",
    "os.urandom",
    "os.fork",
    "os.getcwd",
    "os.chdir",
    "Path.cwd",
    "Path.home",
}


def pure_files() -> list[Path]:
    return [
        *SOURCE.joinpath("findings.py").parent.glob("findings.py"),
        *(f for p in PURE for f in (SOURCE / p).rglob("*.py")),
    ]


def test_imports_point_down_the_road() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", pure_files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_pure_folders_ask_nothing_of_the_world(path: Path) -> None:
    assert impurities(path.read_text(encoding="utf-8")) == []


def test_the_purity_check_sees_what_it_should() -> None:
    text = "import subprocess\nfrom time import sleep\nimport os\nos.environ['X']\nopen('f')\n"
    assert sorted(impurities(text)) == ["open()", "os.environ", "subprocess", "time"]


def impurities(text: str) -> list[str]:
    """Every way in which a module reaches for a process, a socket, a clock, the environment or a file."""
    found: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.partition(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in FORBIDDEN_MODULES:
            found.append(node.module or "")
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in FORBIDDEN_ATTRIBUTES:
            found.append(ast.unparse(node))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "open":
            found.append("open()")
    return found


# Each door to the world, with its one reason. `inside/` and `runtimes/adapter/` never run on this machine.
DOORS = {
    "bases/": "mmdebstrap makes bases",
    "cli/": "the user's own variables: --env NAME, --secret NAME",
    "config.py": "JITNEY_* and XDG folders",
    "engine/": "the engine's address, the builder's client",
    "facts/": "asks the machine",
    "hosting/door.py": "the gateway of a service is a process",
    "models/safety/apart/": "what strangers wrote is read in a process with limits",
    "models/sources/caches.py": "where other tools keep their models",
    "models/sources/hosts.py": "which registries stand for Ollama's and npm's",
    "models/sources/package.py": "uv fetches packages that carry weights",
    "resolve/": "uv resolves",
    "source/git.py": "git clones",
}


def test_processes_and_environment_only_behind_the_doors() -> None:
    elsewhere = [
        name
        for path in SOURCE.rglob("*.py")
        if not (name := path.relative_to(SOURCE).as_posix()).startswith(
            (*DOORS, "inside/", "runtimes/adapter/")
        )
        if {"subprocess", "os.environ", "os.getenv"} & set(impurities(path.read_text(encoding="utf-8")))
    ]
    assert elsewhere == []
