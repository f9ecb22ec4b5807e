"""Hostile programs through `jitney run`: each is ended or refused, with the right cause in its last event, and leaves nothing."""

from __future__ import annotations

import random
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jitney.sandbox.frames import encode
from tests.conftest import JITNEY

from .conftest import Attack

pytestmark = pytest.mark.engine


def test_fork_bomb(attack: Attack) -> None:
    ended = attack("bomb", options=("--timeout", "1s", "--pids", "64"))
    assert ended.verdict == ("timed-out", 124)
    assert any("--pids" in note for note in ended.exited["notes"])


def test_memory_hog(attack: Attack) -> None:
    ended = attack("hog", options=("--memory", "64m"))
    assert ended.verdict == ("out-of-memory", 137)
    assert "--memory" in ended.exited["hint"]
    assert ended.exited["peak_memory_bytes"] <= 70 << 20


def test_endless_output_ends_at_its_time(lair: Path, assert_nothing_left: Callable[[], None]) -> None:
    """Gigabytes through a pipe that is read: the client's memory stays small."""
    command = (JITNEY, "run", "-q", "--timeout", "1s", lair / "main.py", "pipe")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        count = peak = 0
        while piece := child.stdout.read(1 << 20):
            count += len(piece)
            found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{child.pid}/status").read_text())
            peak = max(peak, int(found[1])) if found else peak
    assert child.returncode == 124
    assert count > 1 << 20
    assert 0 < peak < 80_000
    assert_nothing_left()


@pytest.mark.parametrize("program", ["yes", "deaf to SIGPIPE"])
def test_endless_output_ends_with_its_reader(
    program: str, lair: Path, assert_nothing_left: Callable[[], None]
) -> None:
    """`jitney run … | head -1`."""
    if program == "yes":
        text = "import signal\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\nwhile True: print('y')\n"
        (lair / "main.py").write_text(text)
    child = subprocess.Popen([JITNEY, "run", "-q", lair / "main.py", "pipe"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"y\n"
    child.stdout.close()
    assert child.wait(10) == 128 + signal.SIGPIPE
    assert_nothing_left()


@pytest.mark.parametrize("folder", ["/tmp", "~", "."])
def test_disk_filler(folder: str, attack: Attack) -> None:
    text = f"""import os
with open(os.path.join(os.path.expanduser({folder!r}), "x"), "wb") as out:
    while True:
        out.write(bytes(1 << 20))
"""
    ended = attack(code=text, options=("--memory", "512m"))
    assert ended.verdict == ("disk-full", 1)
    assert b"No space left on device" in ended.err
    assert "--write" in ended.exited["hint"]


@pytest.mark.parametrize("kind", ["zombies", "daemon"])
def test_what_it_leaves_behind_ends_with_it(kind: str, attack: Attack) -> None:
    start = time.monotonic()
    ended = attack(kind, options=("--pids", "256"))
    assert (ended.verdict, ended.out) == (("exited", 0), f"{kind}: done\n".encode())
    assert time.monotonic() - start < 5


def test_a_program_that_ignores_every_signal(attack: Attack) -> None:
    ended = attack("deaf", options=("--timeout", "1s"))
    assert (ended.verdict, ended.out) == (("timed-out", 124), b"deaf: done\n")


def test_nothing_can_be_done_to_pid_1(attack: Attack) -> None:
    ended = attack("init")
    lines = ended.out.decode().splitlines()
    assert len(lines) == 21
    assert [line for line in lines if ": refused E" not in line] == []
    assert ended.verdict == ("exited", 0)


@pytest.mark.parametrize("kind", ["starve", "deaf", "bomb"])
def test_a_killed_client_takes_whatever_starves_pid_1_with_it(
    kind: str, lair: Path, assert_nothing_left: Callable[[], None]
) -> None:
    """IDLE scheduling, affinity, a limit of CPU time on PID 1, and 200 busy children: gone within 2 s of kill -9."""
    command = (JITNEY, "run", "-q", lair / "main.py", kind)
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert child.stdout is not None
    if kind != "bomb":
        assert child.stdout.readline() == f"{kind}: done\n".encode()
    time.sleep(0.5 if kind != "bomb" else 2)
    child.kill()
    assert_nothing_left()
    child.wait()
    child.stdout.close()


def kill_at_random(lair: Path, count: int, check: Callable[[], None]) -> None:
    """kill -9 from the first moment of the command to well into its program."""
    rng = random.Random(7)
    for _ in range(count):
        command = (JITNEY, "run", "-q", lair / "main.py", "deaf")
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.02, 0.3))
        child.kill()
        check()
        child.wait()


def test_killed_commands_leave_nothing(lair: Path, assert_nothing_left: Callable[[], None]) -> None:
    kill_at_random(lair, 10, assert_nothing_left)


@pytest.mark.slow
def test_many_killed_commands_leave_nothing(lair: Path, assert_nothing_left: Callable[[], None]) -> None:
    kill_at_random(lair, 100, assert_nothing_left)
    time.sleep(3)  # nothing comes late either
    assert_nothing_left()


def test_forged_frames_are_only_output(attack: Attack) -> None:
    forged = encode(b"x", b"\0" * 36) + encode(b"!", b"owned") + encode(b"b", b"forged.example")
    text = f"""import os
for fd in (1, 2):
    os.write(fd, {forged!r})
for fd in (0, 1, 2):
    try:
        os.open(f"/proc/1/fd/{{fd}}", os.O_RDWR)
        os.write(1, b"opened")
    except PermissionError:
        pass
raise SystemExit(3)
"""
    ended = attack(code=text)
    assert (ended.verdict, ended.out, ended.err) == (("exited", 3), forged, forged)
    assert ended.blocked == ended.exited["blocked"] == []


def own_addresses() -> list[str]:
    """This machine's IPv4 addresses but loopback, the engine's bridge among them."""
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()
    return sorted({"172.17.0.1", *(address for address in found if "." in address)})


def test_no_way_to_the_host_by_address(attack: Attack) -> None:
    """The host by each of its addresses and by loopback, the metadata address, the internet: refused at once."""
    away = {address: "ENETUNREACH" for address in (*own_addresses(), "169.254.169.254", "1.1.1.1", "8.8.8.8")}
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = str(listener.getsockname()[1])
        places = [word for address in ("127.0.0.1", *away) for word in (address, port)]
        ended = attack("connect", *places)
    lines = dict(line.split(": refused ") for line in ended.out.decode().splitlines())
    assert lines == {"127.0.0.1": "ECONNREFUSED", **away}
    assert ended.exited["wall_s"] < 1


def test_no_way_out_by_name_and_the_names_are_told(attack: Attack) -> None:
    text = """import socket, time, urllib.request
for name in ("evil.example", "metadata.google.internal", "host.docker.internal"):
    start = time.monotonic()
    try:
        socket.create_connection((name, 80), 5)
        print("connected", name)
    except socket.gaierror as error:
        assert time.monotonic() - start < 0.5, "not at once"
print(socket.gethostbyname("localhost"))
urllib.request.urlopen("https://evil.example/")
"""
    ended = attack(code=text)
    assert (ended.verdict, ended.out) == (("exited", 1), b"127.0.0.1\n")
    wanted = ["evil.example", "metadata.google.internal", "host.docker.internal"]
    assert ended.exited["blocked"] == wanted
    assert list(dict.fromkeys(ended.blocked)) == wanted


LOOK = """import os, pathlib
seen = [path for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd", "/host", "/root/.ssh")
        if os.access(path, os.F_OK)]
sockets = [os.path.join(top, name) for top, _, names in os.walk("/") if not top.startswith("/proc")
           for name in names if pathlib.Path(top, name).is_socket()]
print(seen, sockets)
"""


def test_no_socket_of_the_engine_nor_any_other(attack: Attack) -> None:
    ended = attack(code=LOOK)
    assert (ended.verdict, ended.out) == (("exited", 0), b"[] []\n")


def test_writing_outside_its_own_folders_fails(attack: Attack) -> None:
    text = """import os
for folder, _, _ in os.walk("/"):
    if folder.startswith(("/proc/", "/sys/")) and folder.count("/") > 3:
        continue
    try:
        with open(os.path.join(folder, ".x"), "w"):
            print(folder)
        os.unlink(os.path.join(folder, ".x"))
    except OSError:
        pass
"""
    ended = attack(code=text)
    wrote = {line for line in ended.out.decode().splitlines() if not line.startswith("/src/")}
    assert wrote <= {"/src", "/tmp", "/home/jitney", "/run/secrets", "/dev/shm", "/dev/mqueue"}
    assert {"/tmp", "/home/jitney"} <= wrote


def test_sandboxes_do_not_see_each_other(
    lair: Path, tmp_path_factory: pytest.TempPathFactory, attack: Attack
) -> None:
    """Not by loopback, abstract sockets, processes, shared memory or files."""
    other = tmp_path_factory.mktemp("other") / "main.py"
    other.write_text("""import socket, time
here = [socket.create_server(("127.0.0.1", 9000))]
here.append(socket.socket(socket.AF_UNIX)); here[1].bind("\\0flag"); here[1].listen()
for folder in ("/tmp", "/dev/shm"):
    open(folder + "/flag", "w").close()
print("up", flush=True)
time.sleep(60)
""")
    child = subprocess.Popen([JITNEY, "run", "-q", other], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"up\n"
        ended = attack(
            code="""import os, socket
for family, place in ((socket.AF_INET, ("127.0.0.1", 9000)), (socket.AF_UNIX, "\\0flag")):
    print(socket.socket(family).connect_ex(place))
print(len([name for name in os.listdir("/proc") if name.isdigit()]), os.listdir("/tmp"), os.listdir("/dev/shm"))
"""
        )
    finally:
        child.terminate()
        assert child.wait(10) == 143
        child.stdout.close()
    assert ended.out == b"111\n111\n2 [] []\n"


def test_the_clients_secrets_are_not_inside(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sesame")
    text = """import os
everything = repr(dict(os.environ))
for name in ("environ", "cmdline", "mounts"):
    everything += open(f"/proc/self/{name}").read()
print("sesame" in everything)
"""
    assert attack(code=text).out == b"False\n"


def test_an_unknown_attack_is_a_plain_exit(attack: Attack) -> None:
    """The tests above would not pass by a program that does nothing."""
    assert attack("nonsense").verdict == ("exited", 2)
