"""What a program must not be able to do to PID 1, and DNS with its malformed questions."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from .initbox import AS_NOBODY, INIT, ROOT, Box, py, record, run

TRY = """
import ctypes, os, resource, signal, socket, errno
libc = ctypes.CDLL(None, use_errno=True)
def call(nr, *args):
    ctypes.set_errno(0)
    n = libc.syscall(ctypes.c_long(nr), *[ctypes.c_long(a) for a in args])
    return errno.errorcode[ctypes.get_errno()] if n < 0 else 'OK'
def py(f):
    try: f(); return 'OK'
    except OSError as e: return errno.errorcode[e.errno]
"""

# x86-64 numbers; 1 << 32 | 1 is process 1 too: the kernel takes the low word.
CALLS = {
    "prlimit64": "call(302, 1, 7, 0, 0)",
    "prlimit64, high word set": "call(302, 1 << 32 | 1, 7, 0, 0)",
    "sched_setscheduler": "call(144, 1, 5, 0)",
    "sched_setparam": "call(142, 1, 0)",
    "sched_setattr": "call(314, 1, 0, 0)",
    "sched_setaffinity": "py(lambda: os.sched_setaffinity(1, {0}))",
    "kill": "py(lambda: os.kill(1, 9))",
    "tkill": "call(200, 1, 9)",
    "tgkill by group": "call(234, 1, 5, 9)",
    "tgkill by thread": "call(234, 5, 1, 9)",
    "rt_sigqueueinfo": "call(129, 1, 15, 0)",
    "rt_tgsigqueueinfo": "call(297, 1, 1, 15, 0)",
    "pidfd_open": "call(434, 1, 0)",
    "process_vm_readv": "call(310, 1, 0, 0, 0, 0, 0)",
    "process_vm_writev": "call(311, 1, 0, 0, 0, 0, 0)",
    "migrate_pages": "call(256, 1, 0, 0, 0)",
    "move_pages": "call(279, 1, 0, 0, 0, 0, 0)",
    "ptrace attach": "call(101, 16, 1, 0, 0)",
    "ptrace seize": "call(101, 0x4206, 1, 0, 0)",
    "setpriority": "py(lambda: os.setpriority(os.PRIO_PROCESS, 1, 19))",
    "setpriority of group 1": "py(lambda: os.setpriority(os.PRIO_PGRP, 1, 19))",
    "setpriority of the user": "py(lambda: os.setpriority(os.PRIO_USER, 0, 19))",
    "ioprio_set": "call(251, 1, 1, 3 << 13)",
    "ioprio_set of the user": "call(251, 3, 0, 3 << 13)",
    "x32": "call(0x40000000 | 39)",
}
FILES = ["mem", "environ", "maps", "fd/0", "fd/1", "cwd", "exe", "root", "oom_score_adj"]


def ask(expressions: list[str], user: list[str] | None = None) -> list[str]:
    script = TRY + "\n".join(f"print({e})" for e in expressions)
    exit_, said = run(py(script), user=user)
    assert exit_.code == 0, said
    return said["o"].decode().split()


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86-64")
def test_system_calls_on_process_1_are_refused() -> None:
    answers = dict(zip(CALLS, ask(list(CALLS.values())), strict=True))
    assert answers == dict.fromkeys(CALLS, "EPERM")


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86-64")
def test_sockets_that_leave_the_box_and_io_uring_are_refused() -> None:
    assert ask(
        ["call(425, 8, 0)", "call(41, 40, 1, 0)", "call(41, 17, 3, 0)", "call(41, 1 << 32 | 40, 1, 0)"]
    ) == [
        "ENOSYS",
        *["EAFNOSUPPORT"] * 3,
    ]


def test_what_programs_need_still_works() -> None:
    allowed = [
        "py(lambda: resource.prlimit(os.getpid(), resource.RLIMIT_NOFILE, (64, 64)))",
        "py(lambda: os.setpriority(os.PRIO_PROCESS, 0, 5))",
        "py(lambda: os.sched_setaffinity(0, {0}))",
        "py(lambda: os.kill(os.getpid(), 0))",
        *[f"py(lambda: socket.socket({f}, 2).close())" for f in ("socket.AF_INET", "socket.AF_INET6", "1")],
        "py(lambda: socket.socket(16, 3).close())",
    ]
    assert ask(allowed) == ["OK"] * len(allowed)


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root becomes uid 65532; tests/e2e/sandbox does the same in a box"
)
def test_nobody_of_the_same_user_looks_into_process_1() -> None:
    assert shutil.which("setpriv"), "this test needs setpriv (util-linux)"
    opened = [
        f"py(lambda: os.close(os.open('/proc/1/{name}', {mode})))" for name in FILES for mode in ("0", "1")
    ]
    answers = ask([*opened, "os.getuid()", "py(lambda: os.listdir('/proc/1/fd'))"], user=AS_NOBODY)
    assert answers[-2] == "65532"
    readable = {
        f for f, answer in zip([f for f in FILES for _ in "01"], answers, strict=False) if answer == "OK"
    }
    assert readable <= {"oom_score_adj"}, "that may be read, as of every process"
    assert answers[2 * FILES.index("oom_score_adj") + 1] == "EACCES"
    assert answers[-1] == "EACCES"


def test_the_program_starts_clean() -> None:
    script = """
import os, signal
print(sorted(int(f) for f in os.listdir('/proc/self/fd'))[:-1], os.getsid(0) == os.getpid())
status = dict(l.split(':\\t', 1) for l in open('/proc/self/status').read().splitlines() if ':\\t' in l)
print(status['NoNewPrivs'], status['Seccomp'], int(status['SigBlk'], 16), int(status['SigIgn'], 16) & ~0x1001000)
print(os.umask(0))
print(os.fstat(0).st_mode >> 12, os.get_blocking(0), os.get_blocking(1), os.get_blocking(2))
"""
    assert run(py(script))[1]["o"].decode().splitlines() == [
        "[0, 1, 2] True",
        "1 2 0 0",
        str(0o22),
        "1 True True True",
    ]


def test_a_forged_stop_from_inside_is_nothing() -> None:
    script = """
import os, signal, ctypes, time
fd = os.open('/proc/1', os.O_RDONLY)
info = (ctypes.c_int * 32)(15, 0, -1, 0, 0, 0)  # SIGTERM, "queued", from process 0
ctypes.CDLL(None).syscall(424, fd, 15, ctypes.byref(info), 0)
ctypes.CDLL(None).syscall(424, fd, 15, 0, 0)
time.sleep(.3); os._exit(5)
"""
    exit_, _ = run(py(script))
    assert (exit_.code, exit_.cause) == (5, "e")


def ask_dns(queries: list[bytes]) -> tuple[list[bytes], dict[str, bytes]]:
    script = f"""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(('127.0.0.1', 53)); s.settimeout(.3)
for q in {queries!r}:
    s.send(q)
    try: print(s.recv(999).hex())
    except TimeoutError: print('-')
s6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s6.connect(('::1', 53)); s6.settimeout(.3); s6.send({queries[0]!r}); print(s6.recv(999).hex())
"""
    exit_, said = run(py(script, record("h", b"api.example.com 443") + record("h", b"b.example 1")))
    assert exit_.code == 0, said
    *answers, over_v6 = [bytes.fromhex(a.replace("-", "")) for a in said["o"].decode().split()]
    assert over_v6 == answers[0]
    return answers, said


def question(name: bytes, type_: int = 1, class_: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label for label in name.split(b".") if label)
    return labels + b"\0" + struct.pack(">HH", type_, class_)


def query(name: bytes, type_: int = 1, *, flags: int = 0x0100, count: int = 1, tail: bytes = b"") -> bytes:
    return struct.pack(">6H", 0xBEEF, flags, count, 0, 0, 0) + question(name, type_) + tail


def test_answers_to_good_questions() -> None:
    edns = b"\0\0\x29\x10\0\0\0\0\0\0\0"
    asked = [
        query(b"api.example.com"),
        query(b"API.Example.COM."),
        query(b"b.example"),
        query(b"api.example.com", 28),
        query(b"localhost"),
        query(b"localhost", 28),
        query(b"evil.example"),
        query(b"example.com"),
        query(b"1.0.0.127.in-addr.arpa", 12),
        query(b"api.example.com", tail=edns),
    ]
    answers, said = ask_dns(asked)
    for i, address in {0: "7f4d0001", 1: "7f4d0001", 2: "7f4d0002", 4: "7f000001", 9: "7f4d0001"}.items():
        assert struct.unpack_from(">6H", answers[i]) == (0xBEEF, 0x8580, 1, 1, 0, 0)
        assert answers[i][-16:] == bytes.fromhex("c00c000100010000003c0004" + address)
    assert answers[1][12:32] == question(b"API.Example.COM")[:20], "the question comes back as it was asked"
    assert struct.unpack_from(">6H", answers[3]) == (0xBEEF, 0x8580, 1, 0, 0, 0)
    assert answers[5][-16:] == b"\0" * 15 + b"\1"
    for i in (6, 7, 8):
        assert struct.unpack_from(">6H", answers[i]) == (0xBEEF, 0x8583, 1, 0, 0, 0)
    assert said["b"] == b"evil.exampleexample.com"


def test_answers_to_malformed_questions() -> None:
    head = struct.pack(">6H", 0xBEEF, 0x0100, 1, 0, 0, 0)
    dotted = head + b"\x0fapi.example.com\0\0\x01\0\x01"
    cases = {
        b"": None,
        b"\xbe": None,
        b"\xbe\xef": 1,
        b"\xbe\xef\1\0\0\1": 1,
        head: 1,
        head + b"\x3fabc": 1,
        head + b"\xc0\x0c\0\1\0\1": 1,
        head + b"\x01a" * 200 + b"\0\0\1\0\1": 1,
        query(b"a.example")[:-1]: 1,
        query(b"a.example", count=0): 1,
        query(b"a.example", count=2): 1,
        query(b"a.example", flags=0x8100): None,
        query(b"a.example", flags=0x2800): 4,
        dotted: 3,
        head + b"\x04\xff\0\n\x01\0\0\1\0\1": 3,
    }
    answers, said = ask_dns([query(b"localhost"), *cases])
    codes = [answer[3] & 15 if answer else None for answer in answers[1:]]
    assert codes == list(cases.values())
    assert all(answer[:2] == b"\xbe\xef" for answer in answers if answer)
    assert said["b"] == b"api?example?com????"


def test_init_is_small_static_and_built_the_same_twice() -> None:
    assert INIT.stat().st_size <= 100_000
    described = subprocess.run(["file", "-b", INIT], capture_output=True, text=True, check=False).stdout
    assert not described or "statically linked" in described
    first = INIT.read_bytes()
    subprocess.run(
        ["make", "-C", ROOT / "init", "-B", "BUILD=build/again", "PACKAGE=build/again/wheel"],
        check=True,
        capture_output=True,
    )
    assert (ROOT / "init/build/again" / INIT.name).read_bytes() == first


def test_a_parked_box_is_small() -> None:
    with Box(wait_ms=0) as box:
        box.until("r")
        pid = box.process.pid
        init = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]
        resident = int(Path(f"/proc/{init}/status").read_text().split("VmRSS:")[1].split()[0])
    assert resident <= 400


def fuzz(runs: int) -> None:
    command = ["make", "-s", "-C", str(ROOT / "init"), "fuzz", f"RUNS={runs}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{runs} mutated inputs" in done.stdout


def test_5_000_mutated_inputs_find_nothing() -> None:
    fuzz(5_000)


@pytest.mark.slow
def test_100_000_mutated_inputs_find_nothing() -> None:
    fuzz(100_000)
