"""`jitney run`: bytes, arguments, signals and exit codes go through as if the program ran on the host."""

from __future__ import annotations

import base64
import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import JITNEY, Jitney, give_away

pytestmark = pytest.mark.engine

ECHO = """import os, sys
sys.stdout.buffer.write(repr(sys.argv[1:]).encode() + b"\\n" + sys.stdin.buffer.read())
sys.stderr.write("to stderr")
sys.exit(7)
"""


def write(folder: Path, text: str, name: str = "main.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_bytes_arguments_and_exit_code_go_through(
    tmp_path: Path, jitney: Jitney, assert_nothing_left: Callable[[], None]
) -> None:
    program = write(tmp_path, ECHO)
    blob = os.urandom(300_000)
    done = jitney("run", program, "--timeout", "x y", "-q", "--", "*", stdin=blob)
    assert done.returncode == 7
    assert done.stdout == b"['--timeout', 'x y', '-q', '--', '*']\n" + blob
    assert done.stderr.endswith(b"to stderr")
    assert_nothing_left()


def test_quiet_run_prints_the_programs_bytes_and_nothing_more(tmp_path: Path, jitney: Jitney) -> None:
    done = jitney("run", "-q", write(tmp_path, "print('only this')\n"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"only this\n", b"")


def test_second_run_builds_nothing_even_after_an_edit(tmp_path: Path, jitney: Jitney) -> None:
    program = write(tmp_path, "print(1)\n")
    jitney("run", program)
    program.write_text("print(2)\n")
    done = jitney("run", "--json", "--timings", program)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [event["event"] for event in events]
    assert "built" not in kinds
    assert "build" not in events[-1]
    assert next(event for event in events if event["event"] == "planned")["cached"] is True


def test_json_is_one_event_a_line(tmp_path: Path, jitney: Jitney) -> None:
    text = "import sys\nsys.stdout.buffer.write(b'ok \\xff')\nprint('err', file=sys.stderr)\nsys.exit(3)\n"
    done = jitney("run", "--json", write(tmp_path, text))
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 3
    out = b"".join(
        base64.b64decode(event["base64"]) if "base64" in event else event["text"].encode()
        for event in events
        if event["event"] == "output" and event["stream"] == "stdout"
    )
    assert out == b"ok \xff"
    final = events[-1]
    assert (final["event"], final["code"], final["cause"]) == ("exited", 3, "exited")


def test_standard_input_is_a_source(jitney: Jitney) -> None:
    done = jitney("run", "-", "a", "b", stdin=b"import sys\nprint('from stdin', sys.argv[1:])\n")
    assert (done.returncode, done.stdout) == (0, b"from stdin ['a', 'b']\n"), done.stderr
    done = jitney("run", "--lang", "python", "-", stdin=b"print(41+1)")
    assert (done.returncode, done.stdout) == (0, b"42\n"), done.stderr


def test_a_git_repository_is_a_source(tmp_path: Path, jitney: Jitney) -> None:
    repository = tmp_path / "repo"
    repository.mkdir()
    write(repository, "import sys\nprint('cloned', open('data.txt').read(), sys.argv[1:])\n")
    write(repository, "at v1", "data.txt")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(repository)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "1"], ["tag", "v1"]):
        subprocess.run([*git, *command], check=True)
    write(repository, "at head", "data.txt")
    subprocess.run([*git, "commit", "-qam", "2"], check=True)
    done = jitney("run", f"git+file://{repository}@v1", "x")
    assert (done.returncode, done.stdout) == (0, b"cloned at v1 ['x']\n"), done.stderr


def test_folder_with_a_manifest(tmp_path: Path, jitney: Jitney) -> None:
    write(tmp_path, "idna==3.10\n", "requirements.txt")
    write(tmp_path, "import idna, helper\nprint(idna.__version__, helper.NAME)\n")
    write(tmp_path, "NAME = 'local'\n", "helper.py")
    done = jitney("run", tmp_path)
    assert (done.returncode, done.stdout) == (0, b"3.10 local\n"), done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["helper.py", "main.py", "requirements.txt"]


def test_environment(tmp_path: Path, jitney: Jitney) -> None:
    program = write(
        tmp_path,
        "import os\nprint(os.environ['A'], os.environ['B'], os.environ['C'], 'HOSTVAR' in os.environ)\n",
    )
    env_file = write(tmp_path, "# comment\nB=from file\n\nC=overridden\n", "vars.env")
    done = jitney(
        "run",
        "--env",
        "A=1",
        "--env-file",
        env_file,
        "--env",
        "C",
        program,
        env={"C": "from host", "HOSTVAR": "x"},
    )
    assert done.stdout == b"1 from file from host False\n", done.stderr


def test_secret_is_a_file_and_not_in_the_environment_unless_it_is_read_there(
    tmp_path: Path, jitney: Jitney
) -> None:
    text = "import os, pathlib\nprint(pathlib.Path('/run/secrets/TOKEN_X').read_text(), 'TOKEN_X' in os.environ.keys())\n"
    done = jitney("run", "--secret", "TOKEN_X", write(tmp_path, text), env={"TOKEN_X": "s3cret"})
    assert done.stdout == b"s3cret False\n", done.stderr
    text = "import os\nprint(os.environ['MY_API_KEY'])\n"
    done = jitney("run", "--secret", "MY_API_KEY", write(tmp_path, text), env={"MY_API_KEY": "k"})
    assert done.stdout == b"k\n", done.stderr


def test_write_opens_one_folder(tmp_path: Path, jitney: Jitney) -> None:
    out = tmp_path / "out"
    out.mkdir()
    owner = give_away(out)
    text = "import sys\nopen(sys.argv[1] + '/made.txt', 'w').write('kept')\nopen('/tmp/x', 'w')\n"
    program = tmp_path / "p"
    program.mkdir()
    done = jitney("run", "--write", out, write(program, text), out)
    assert done.returncode == 0, done.stderr
    made = out / "made.txt"
    assert (made.read_text(), made.stat().st_uid) == ("kept", owner)


def test_write_into_roots_folder_is_not_done_silently(tmp_path: Path, jitney: Jitney) -> None:
    done = jitney("run", "--write", "/usr", write(tmp_path, "print(1)\n"))
    assert done.returncode == 2
    assert b"--user 0:0" in done.stderr


def test_time_out(tmp_path: Path, jitney: Jitney, assert_nothing_left: Callable[[], None]) -> None:
    program = write(tmp_path, "import time\nprint('begun', flush=True)\ntime.sleep(60)\n")
    begin = time.monotonic()
    done = jitney("run", "--timeout", "1s", program)
    assert done.returncode == 124
    assert done.stdout == b"begun\n"
    assert b"did not end in time" in done.stderr
    assert time.monotonic() - begin < 20
    assert_nothing_left()


def test_terminal(tmp_path: Path) -> None:
    text = """import os, sys
print(sys.stdin.isatty(), sys.stdout.isatty(), os.get_terminal_size())
print('you said', input('name? '))
"""
    program = write(tmp_path, text)
    leader, follower = pty.openpty()
    import fcntl
    import struct
    import termios

    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
    child = subprocess.Popen(
        [JITNEY, "run", "-t", program], stdin=follower, stdout=follower, stderr=subprocess.PIPE
    )
    os.close(follower)
    seen = b""
    deadline = time.monotonic() + 60
    while b"name? " not in seen and time.monotonic() < deadline:
        if select.select([leader], [], [], 1)[0]:
            seen += os.read(leader, 4096)
    os.write(leader, "Jürgen\r".encode())
    while b"you said" not in seen.replace(b"name? ", b"") and time.monotonic() < deadline:
        if select.select([leader], [], [], 1)[0]:
            seen += os.read(leader, 4096)
    assert child.wait(timeout=30) == 0, child.stderr.read() if child.stderr else b""
    if child.stderr:
        child.stderr.close()
    os.close(leader)
    assert b"True True os.terminal_size(columns=101, lines=33)" in seen
    assert "you said Jürgen".encode() in seen


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_reach_the_program(number: signal.Signals, code: int, tmp_path: Path) -> None:
    text = f"""import signal, sys, time
def on_signal(n, f):
    print('got', n, flush=True)
    sys.exit({code})
signal.signal({int(number)}, on_signal)
print('ready', flush=True)
time.sleep(60)
"""
    child = subprocess.Popen(
        [JITNEY, "run", "-q", write(tmp_path, text)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(number)
    assert child.stdout.read() == f"got {int(number)}\n".encode()
    child.stdout.close()
    assert child.wait(timeout=20) == code


def test_dry_run_builds_and_runs_nothing(tmp_path: Path, jitney: Jitney) -> None:
    done = jitney("run", "--dry-run", write(tmp_path, "print('no')\n"))
    assert done.returncode == 0
    assert b"python3" in done.stdout
    assert b"no\n" not in done.stdout.splitlines()


def test_go_file(tmp_path: Path, jitney: Jitney, assert_nothing_left: Callable[[], None]) -> None:
    text = """package main

import (
	"fmt"
	"os"
)

func main() {
	data, _ := os.ReadFile("data.txt")
	fmt.Println(os.Args[1:], string(data), os.Getuid())
	os.Exit(5)
}
"""
    write(tmp_path, "beside", "data.txt")
    done = jitney("run", write(tmp_path, text, "main.go"), "-x", "y")
    assert (done.returncode, done.stdout) == (5, b"[-x y] beside 65532\n"), done.stderr
    assert_nothing_left()


def test_engine_killed_during_a_run(tmp_path: Path) -> None:
    """A proxy in front of the engine's socket dies: from here, the engine does."""
    from tests.e2e.road.proxy import SocketProxy

    program = write(tmp_path, "import time\nprint('begun', flush=True)\ntime.sleep(60)\n")
    with SocketProxy(tmp_path / "engine.sock") as proxy:
        env = {**os.environ, "DOCKER_HOST": f"unix://{proxy.path}"}
        child = subprocess.Popen(
            [JITNEY, "run", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=env,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"begun\n"
        proxy.cut()
        _, said = child.communicate(timeout=30)
    assert child.returncode == 125
    assert b"engine" in said
    assert b"Traceback" not in said


def test_ephemeral_removes_the_image(tmp_path: Path, jitney: Jitney) -> None:
    program = write(
        tmp_path,
        "# /// script\n# dependencies = ['idna==3.9']\n# ///\nimport idna\nprint(idna.__version__)\n",
    )
    done = jitney("run", "--ephemeral", program)
    assert (done.returncode, done.stdout) == (0, b"3.9\n"), done.stderr
    plan = json.loads(jitney("run", "--dry-run", "--json", program).stdout.splitlines()[-1])
    assert plan["event"] == "planned"
    assert plan["cached"] is False


@pytest.mark.slow  # it empties the machine of images that other tests want warm
def test_disk_budget_removes_the_longest_unused(tmp_path: Path, jitney: Jitney) -> None:
    def run(version: str) -> None:
        header = f"# /// script\n# dependencies = ['idna=={version}']\n# ///\nimport idna\nprint(idna.__version__)\n"
        done = jitney("run", write(tmp_path, header), env={"JITNEY_DISK_BUDGET_BYTES": "1"})
        assert done.stdout.decode().strip() == version, done.stderr

    run("3.7")
    run("3.6")
    plan = json.loads(
        jitney(
            "run",
            "--dry-run",
            "--json",
            write(tmp_path, "# /// script\n# dependencies = ['idna==3.7']\n# ///\nimport idna\n"),
        ).stdout.splitlines()[-1]
    )
    assert plan["cached"] is False
