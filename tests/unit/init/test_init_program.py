"""A program in a box: its streams, its end, its terminal."""

from __future__ import annotations

import hashlib
import os
import struct
import time

import pytest

from .initbox import CREDIT, Box, frame, job, py, record, run, sh


def test_ready_is_the_first_frame_and_says_version_and_windows() -> None:
    with Box() as box:
        ready = next(box.each())
    assert ready.type == "r"
    assert struct.unpack(">HII", ready.payload) == (1, 1 << 20, 256 << 10)


def test_streams_and_exit_code_go_through() -> None:
    exit_, said = run(sh("cat; echo err >&2; exit 7") + frame("D", b"hello\n") + frame("E"))
    assert (exit_.code, exit_.signal, exit_.cause) == (7, 0, "e")
    assert said["o"] == b"hello\n"
    assert said["e"] == b"err\n"


def test_the_environment_is_exactly_the_jobs() -> None:
    _, said = run(job("/usr/bin/env", extra=record("e", b"B=2=3") + record("e", b"EMPTY=")) + frame("G"))
    assert said["o"].splitlines() == [b"PATH=/usr/local/bin:/usr/bin:/bin", b"B=2=3", b"EMPTY="]


def test_the_working_directory_is_the_jobs() -> None:
    assert run(sh("pwd", record("d", b"/usr/bin")))[1]["o"] == b"/usr/bin\n"


@pytest.mark.parametrize(
    ("script", "code", "signal"),
    [
        ("exit 0", 0, 0),
        ("exit 255", 255, 0),
        ("kill -SEGV $$", 139, 11),
        ("kill -ABRT $$", 134, 6),
        ("kill -KILL $$", 137, 9),
    ],
)
def test_exit_codes_and_signals_of_its_own(script: str, code: int, signal: int) -> None:
    exit_, _ = run(sh(script))
    assert (exit_.code, exit_.signal, exit_.cause) == (code, signal, "s" if signal else "e")


def test_resources_are_measured() -> None:
    exit_, _ = run(
        py(
            "x = b'x' * 50_000_000\nimport time\nt = time.process_time()\nwhile time.process_time() < t + .2: 0"
        )
    )
    assert 50_000 < exit_.peak_kib < 150_000
    assert 150_000 < exit_.user_us + exit_.system_us < 5_000_000
    assert exit_.wall_us >= 200_000


@pytest.mark.parametrize(
    ("name", "code", "why"),
    [
        ("nonesuch", 127, b"cannot execute nonesuch: No such file"),
        ("/nonesuch", 127, b"cannot execute /nonesuch: No such file"),
        ("/etc/passwd", 126, b"cannot execute /etc/passwd: Permission denied"),
        ("/", 126, b"cannot execute /: Permission denied"),
    ],
)
def test_a_program_that_cannot_be_executed(name: str, code: int, why: bytes) -> None:
    exit_, said = run(job(name) + frame("G"))
    assert (exit_.code, exit_.cause) == (code, "!")
    assert said["!"].startswith(why)
    assert "g" not in said


def test_a_missing_folder_is_said() -> None:
    exit_, said = run(sh("pwd", record("d", b"/nonesuch")))
    assert (exit_.code, exit_.cause) == (125, "!")
    assert said["!"] == b"cannot enter the folder /nonesuch: No such file or directory"


def test_64_mib_go_through_both_ways_byte_for_byte() -> None:
    """`cat` under credits: the client never has more than the credit under way."""
    size, sent, credit = 64 << 20, 0, CREDIT
    pattern = os.urandom(1 << 20)
    there, back = hashlib.sha256(), hashlib.sha256()
    with Box() as box:
        box.send(job("cat") + frame("G"))
        got = 0
        for f in box.each(120):
            if f.type == "k":
                credit += struct.unpack(">I", f.payload)[0]
            elif f.type == "o":
                back.update(f.payload)
                got += len(f.payload)
            elif f.type == "x":
                assert f.payload[0] == 0
            while credit >= 65536 and sent < size:
                piece = pattern[sent % len(pattern) :][:65536]
                there.update(piece)
                box.send(frame("D", piece))
                sent, credit = sent + 65536, credit - 65536
                if sent == size:
                    box.send(frame("E"))
    assert got == size
    assert credit > CREDIT - 65536, "credit was lost"
    assert back.digest() == there.digest()


def test_output_before_the_end_is_all_there_even_for_a_slow_reader() -> None:
    with Box() as box:
        box.send(sh("head -c 3000000 /dev/zero; head -c 70000 /dev/zero >&2"))
        box.flush()
        time.sleep(0.5)
        exit_, said = box.end()
    assert exit_.code == 0
    assert (len(said["o"]), len(said["e"])) == (3_000_000, 70_000)


def test_a_client_that_does_not_read_stops_the_program_not_init() -> None:
    with Box() as box:
        box.send(py("import os,sys\nn=0\nwhile True:\n n+=os.write(1,b'x'*65536); print(n,file=sys.stderr)"))
        box.flush()
        time.sleep(0.5)
        box.send(frame("S", b"\x09"))
        exit_, said = box.end()
    assert (exit_.cause, exit_.signal) == ("S", 9)
    assert len(said["o"]) < 2_000_000


def test_input_that_nobody_reads_is_swallowed_and_credited() -> None:
    with Box() as box:
        box.send(sh("exec 0<&-; echo closed; sleep 30"))
        assert box.until("o").payload == b"closed\n"
        given = 0
        for _ in range(20):
            box.send(frame("D", b"x" * 65536))
            given += struct.unpack(">I", box.until("k").payload)[0]
        assert given >= 20 * 65536 - 65536
        box.send(frame("S", b"\x0f"))
        assert box.end()[0].code == 143


@pytest.mark.parametrize(
    "extra", [frame("D", b"x" * 65536) * 18, frame("E") + frame("D", b"x"), frame("E") * 2]
)
def test_more_than_the_credit_or_after_the_end_breaks_the_protocol(extra: bytes) -> None:
    exit_, said = run(sh("sleep 30") + extra)
    assert (exit_.code, exit_.cause) == (125, "!")
    assert b"standard input" in said["!"]


def test_input_before_the_start_is_kept() -> None:
    frames = frame("D", b"early\n") + frame("E") + sh("cat")
    assert run(frames)[1]["o"] == b"early\n"


def test_the_program_may_close_its_output_and_run_on() -> None:
    exit_, _ = run(sh("exec >&- 2>&-; sleep 0.2; exit 3"))
    assert exit_.code == 3
    assert exit_.wall_us >= 200_000


def pty(rows: int, columns: int) -> bytes:
    return record("p", struct.pack(">HH", rows, columns))


def test_a_terminal_has_a_size_echo_and_one_stream() -> None:
    frames = sh("tty; stty size; cat; echo err >&2", pty(33, 44)) + frame("D", b"hi\n") + frame("E")
    exit_, said = run(frames)
    assert exit_.code == 0
    assert "e" not in said
    lines = said["o"].replace(b"\r\n", b"\n").split(b"\n")
    assert lines.count(b"hi") == 2, "typed and echoed"
    assert b"33 44" in lines
    assert b"err" in lines


def test_a_resize_reaches_the_program() -> None:
    script = """
import os, signal, time
def resized(*_):
    os.write(1, str(os.get_terminal_size()).encode())
    os._exit(4)
signal.signal(signal.SIGWINCH, resized)
os.write(1, b'on')
time.sleep(9)
"""
    with Box() as box:
        box.send(py(script, pty(10, 20)))
        box.until("o")
        box.send(frame("W", struct.pack(">HH", 50, 132)))
        exit_, said = box.end()
    assert exit_.code == 4, said
    assert b"columns=132, lines=50" in said["o"]


def test_control_c_and_control_d_are_typed() -> None:
    with Box() as box:
        box.send(sh("echo on; exec cat", pty(10, 20)))
        box.until("o")
        box.send(frame("D", b"\x03"))
        exit_, _ = box.end()
    assert (exit_.signal, exit_.cause) == (2, "s")
    assert run(sh("cat", pty(10, 20)) + frame("D", b"ab\x04\x04"))[0].code == 0
    assert run(sh("cat", pty(10, 20)) + frame("D", b"ab") + frame("E"))[0].code == 0


def test_a_terminal_loses_nothing_at_the_end() -> None:
    _, said = run(py("import os\nfor i in range(2000): os.write(1, b'%06d' % i + b'.' * 73)", pty(10, 80)))
    assert said["o"] == b"".join(b"%06d" % i + b"." * 73 for i in range(2000))
