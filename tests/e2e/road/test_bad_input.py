"""Bad input: the message, the exit code, nothing left. One table row is one promise."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.conftest import JITNEY, Jitney

pytestmark = pytest.mark.engine

# name, files, arguments before SOURCE, SOURCE, exit code, what the message must say, what the hint must say
Row = tuple[str, Mapping[str, str | bytes], list[str], str, int, str, str]
ROWS: list[Row] = [
    ("missing source", {"chat.py": ""}, [], "caht.py", 125, "caht.py", "chat.py"),
    ("empty folder", {}, [], ".", 125, "empty", ""),
    ("binary file", {"prog": b"\x7fELF\x02\x01\x01" + bytes(64)}, [], "prog", 125, "ELF", ""),
    ("compiled Java class", {"Main.class": b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(64)}, [], "Main.class", 125, "a compiled Java class", ".java"),
    ("Python bytecode", {"a.pyc": b"\xf3\r\r\n" + bytes(64)}, [], "a.pyc", 125, "Python bytecode", ".py file"),
    ("Windows program", {"a.exe": b"MZ\x90\0" + bytes(64)}, [], "a.exe", 125, "a Windows program", "source"),
    ("a folder with a binary alone", {"prog": b"\x7fELF\x02\x01\x01" + bytes(64), "README.md": "hi"}, [], ".", 125, "prog is a compiled program (ELF)", "from their source"),
    ("two package managers", {"main.py": "print(1)\n", "pyproject.toml": "[project]\nname='x'\nversion='1'\n", "uv.lock": "version = 1\n", "poetry.lock": ""}, [], ".", 125, "uv.lock and poetry.lock both pin the packages", ""),
    ("nothing runnable", {"notes.txt": "hello"}, [], ".", 125, "supported: ", "--lang"),
    ("unknown language", {"a.xyz": "some text\n"}, [], "a.xyz", 125, "language", "--lang"),
    ("unknown import", {"a.py": "import zzgloop\n"}, [], "a.py", 125, "a.py:1: import zzgloop", "--package zzgloop"),
    ("two entries", {"a.py": "import openai\nif __name__ == '__main__': 1\n", "b.py": "import openai\nif __name__ == '__main__': 1\n"}, ["--model", "smollm2"], ".", 125, "a.py", "--entry"),
    ("no such package", {"a.py": "print(1)\n"}, ["--package", "jitney-no-such-package-zz9"], "a.py", 125, "jitney-no-such-package-zz9", ""),
    ("conflicting versions", {"a.py": "print(1)\n"}, ["--package", "idna==3.7", "--package", "idna==3.8"], "a.py", 125, "idna", ""),
    ("version nobody has", {"a.py": "print(1)\n"}, ["--python", "3.5"], "a.py", 125, "3.5", ""),
    ("secret not set", {"a.py": "print(1)\n"}, ["--secret", "NOBODY_SET_THIS"], "a.py", 2, "NOBODY_SET_THIS", "export NOBODY_SET_THIS"),
    ("unknown flag", {"a.py": "print(1)\n"}, ["--memry", "1g"], "a.py", 2, "--memry", "--memory"),
    ("bad size", {"a.py": "print(1)\n"}, ["--memory", "lots"], "a.py", 2, "lots", ""),
    ("model file missing", {"a.py": "import openai\n"}, ["--model", "./none.gguf"], "a.py", 125, "none.gguf", ""),
    ("model file cut short", {"a.py": "import openai\n", "m.gguf": b"GGUF\x03\x00\x00\x00" + b"\x09" * 40}, ["--model", "./m.gguf"], "a.py", 125, "m.gguf", ""),
    ("model wanted, none given", {"a.py": "import openai\nopenai.OpenAI(base_url='http://localhost:11434/v1')\n"}, [], "a.py", 125, "model", "--model"),
    ("broken pyproject", {"main.py": "print(1)\n", "pyproject.toml": "[project\nname='x'\n"}, [], ".", 125, "pyproject.toml", ""),
    ("broken archive of git", {"a.py": ""}, [], "git+file:///nowhere/at/all", 125, "/nowhere/at/all", ""),
    ("bad config", {"a.py": "print(1)\n", "jitney.toml": "memry = 1\n"}, [], "a.py", 2, "memry", "known keys"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_bad_input(row: Row, tmp_path: Path, jitney: Jitney, assert_nothing_left: Callable[[], None]) -> None:
    _, files, options, source, code, message, hint = row
    for path, content in files.items():
        (tmp_path / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    before = sorted(tmp_path.rglob("*"))
    done = jitney("run", *options, source, cwd=tmp_path)
    said = done.stderr.decode()
    assert done.returncode == code, said
    error, _, after = said.partition("\n\nhint: ")
    assert error.startswith("error: ") or "\nerror: " in error, said
    assert message in error, said
    assert hint in after, said
    assert "Traceback" not in said
    assert done.stdout == b""
    assert sorted(tmp_path.rglob("*")) == before, "the user's folder was written to"
    assert_nothing_left()


def test_syntax_error_is_the_programs_own(tmp_path: Path, jitney: Jitney) -> None:
    (tmp_path / "a.py").write_text("print('x'\n")
    done = jitney("run", tmp_path / "a.py")
    assert done.returncode == 1
    assert b"SyntaxError" in done.stderr


def test_compile_error_is_the_programs_own(tmp_path: Path, jitney: Jitney) -> None:
    (tmp_path / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    done = jitney("run", tmp_path / "main.go")
    assert done.returncode == 1, done.stderr.decode()
    assert b"undefined: undefined" in done.stderr


def test_engine_not_running(tmp_path: Path, jitney: Jitney) -> None:
    (tmp_path / "a.py").write_text("print(1)\n")
    done = jitney("run", tmp_path / "a.py", env={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    assert done.returncode == 125
    assert b"error: the container engine is not running" in done.stderr
    assert b"hint:" in done.stderr


# root, without the right to read what is not its own: permissions hold as for anybody
MORTAL = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    if os.geteuid() == 0
    else []
)


def run_as_mortal(*arguments: str | Path, host: str = "") -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, **({"DOCKER_HOST": host} if host else {})}
    return subprocess.run([*MORTAL, JITNEY, *arguments], capture_output=True, env=env, check=False)


def test_no_permission_on_the_socket(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print(1)\n")
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0)
        done = run_as_mortal("run", tmp_path / "a.py", host=f"unix://{path}")
    assert done.returncode == 125, done.stderr
    assert b"permission" in done.stderr
    assert b"docker" in done.stderr.partition(b"hint:")[2]


def test_source_readable_by_its_owner_alone(tmp_path: Path, jitney: Jitney) -> None:
    program = tmp_path / "private.py"
    program.write_text("print(open('private.txt').read())\n")
    (tmp_path / "private.txt").write_text("mine")
    program.chmod(0o600)
    (tmp_path / "private.txt").chmod(0o600)
    done = jitney("run", program)
    assert (done.returncode, done.stdout) == (0, b"mine\n"), done.stderr


def test_unreadable_source(tmp_path: Path) -> None:
    program = tmp_path / "a.py"
    program.write_text("print(1)\n")
    program.chmod(0)
    done = run_as_mortal("run", program)
    assert done.returncode == 125, done.stderr
    assert b"permission" in done.stderr.lower()
    assert b"chmod" in done.stderr


def test_index_not_reachable(tmp_path: Path, jitney: Jitney) -> None:
    (tmp_path / "a.py").write_text("print(1)\n")
    env = {"JITNEY_CACHE_DIR": str(tmp_path / "cache"), "JITNEY_PYTHON_INDEX": "http://127.0.0.1:9/simple"}
    done = jitney("run", "--package", "idna==3.7", tmp_path / "a.py", env=env)
    assert done.returncode == 125
    assert b"127.0.0.1:9" in done.stderr
    assert b"hint:" in done.stderr
