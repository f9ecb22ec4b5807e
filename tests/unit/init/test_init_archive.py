"""Archives: what arrives, with which modes, and that nothing is ever written outside the root."""

from __future__ import annotations

import io
import os
import struct
import tarfile
from pathlib import Path

import pytest

from .initbox import Exit, frame, job, record, run


def pieces(archive: bytes, size: int = 65536) -> bytes:
    return b"".join(frame("F", archive[i : i + size]) for i in range(0, len(archive), size)) + frame("f")


def unpack(root: Path, archive: bytes, size: int = 65536) -> tuple[Exit, dict[str, bytes]]:
    frames = frame("J", record("o", os.fsencode(root))) + pieces(archive, size)
    return run(frames + job("true") + frame("G"))


def entry(
    name: str, kind: bytes = tarfile.REGTYPE, *, target: str = "", mode: int = 0o644
) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


def tar(*entries: tuple[tarfile.TarInfo, bytes], format_: int = tarfile.GNU_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format_) as archive:
        for info, body in entries:
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("size", [1, 511, 512, 65536])
def test_files_folders_and_links_arrive(tmp_path: Path, format_: int, size: int) -> None:
    body = bytes(range(256)) * 5
    archive = tar(
        (entry("./", tarfile.DIRTYPE, mode=0o755), b""),
        (entry("deep/er", tarfile.DIRTYPE, mode=0o750), b""),
        (entry("deep/er/run.sh", mode=0o755), body),
        (entry("empty", mode=0o600), b""),
        (entry("made/on/the/way"), b"x"),
        (entry("soft", tarfile.SYMTYPE, target="deep/er/run.sh"), b""),
        (entry("hard", tarfile.LNKTYPE, target="deep/er/run.sh"), b""),
        (entry("outside", tarfile.SYMTYPE, target="/usr/bin/env"), b""),
        format_=format_,
    )
    exit_, said = unpack(tmp_path, archive, size)
    assert exit_.code == 0, said
    assert (tmp_path / "deep/er/run.sh").read_bytes() == body
    assert (tmp_path / "deep/er/run.sh").stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / "deep/er").stat().st_mode & 0o7777 == 0o750
    assert (tmp_path / "empty").stat().st_mode & 0o7777 == 0o600
    assert (tmp_path / "hard").samefile(tmp_path / "deep/er/run.sh")
    assert (tmp_path / "soft").readlink() == Path("deep/er/run.sh")
    assert (tmp_path / "outside").readlink() == Path("/usr/bin/env")


@pytest.mark.parametrize("format_", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names(tmp_path: Path, format_: int) -> None:
    name = "/".join(c * 120 for c in "abcdefgh") + "/ü"
    archive = tar(
        (entry(name), b"1"), (entry("link", tarfile.SYMTYPE, target="t" * 300), b""), format_=format_
    )
    assert unpack(tmp_path, archive)[0].code == 0
    assert (tmp_path / name).read_bytes() == b"1"
    assert (tmp_path / "link").readlink() == Path("t" * 300)


def test_folders_that_may_not_be_written_are_filled_first(tmp_path: Path) -> None:
    archive = tar(
        (entry("a", tarfile.DIRTYPE, mode=0o555), b""),
        (entry("a/b", tarfile.DIRTYPE, mode=0o500), b""),
        (entry("a/b/c", mode=0o444), b"1"),
    )
    tmp_path.chmod(0o777)
    frames = frame("J", record("o", os.fsencode(tmp_path))) + pieces(archive)
    assert run(frames + job("true") + frame("G"))[0].code == 0
    assert [(tmp_path / p).stat().st_mode & 0o7777 for p in ("a", "a/b", "a/b/c")] == [0o555, 0o500, 0o444]


def test_times_are_kept_and_privileged_bits_are_not(tmp_path: Path) -> None:
    info = entry("f", mode=0o6755)
    info.mtime = 1_600_000_000
    assert unpack(tmp_path, tar((info, b"1")))[0].code == 0
    stat = (tmp_path / "f").stat()
    assert (stat.st_mtime, stat.st_mode & 0o7777) == (1_600_000_000, 0o755)


def test_a_second_archive_replaces_files_without_writing_through_them(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("safe")
    root = tmp_path / "root"
    root.mkdir()
    first = tar((entry("f", tarfile.SYMTYPE, target=str(outside)), b""))
    second = tar((entry("f"), b"new"))
    frames = frame("J", record("o", os.fsencode(root))) + pieces(first) + pieces(second)
    assert run(frames + job("true") + frame("G"))[0].code == 0
    assert outside.read_text() == "safe"
    assert (root / "f").read_text() == "new"


ATTACKS = {
    "absolute": [(entry("/abs"), b"x")],
    "up": [(entry("../up"), b"x")],
    "up later": [(entry("a/../../up"), b"x")],
    "up at the end": [(entry("a/.."), b"x")],
    "a folder above": [(entry("..", tarfile.DIRTYPE, mode=0o777), b"")],
    "through a link": [(entry("l", tarfile.SYMTYPE, target=".."), b""), (entry("l/up"), b"x")],
    "through an absolute link": [(entry("l", tarfile.SYMTYPE, target="/"), b""), (entry("l/up"), b"x")],
    "a folder over a link": [
        (entry("l", tarfile.SYMTYPE, target=".."), b""),
        (entry("l", tarfile.DIRTYPE, mode=0o777), b""),
    ],
    "a folder through a link": [
        (entry("l", tarfile.SYMTYPE, target=".."), b""),
        (entry("l/up", tarfile.DIRTYPE), b""),
    ],
    "a link to the secret": [(entry("h", tarfile.LNKTYPE, target="../secret"), b"")],
    "a hard link through a link": [
        (entry("l", tarfile.SYMTYPE, target=".."), b""),
        (entry("h", tarfile.LNKTYPE, target="l/secret"), b""),
    ],
    "a hard link to a folder": [
        (entry("d", tarfile.DIRTYPE, mode=0o755), b""),
        (entry("h", tarfile.LNKTYPE, target="d"), b""),
    ],
    "a device": [(entry("null", tarfile.CHRTYPE), b"")],
    "a pipe": [(entry("pipe", tarfile.FIFOTYPE), b"")],
    "a file over a folder": [(entry("d", tarfile.DIRTYPE, mode=0o755), b""), (entry("d"), b"x")],
    "the root itself": [(entry("."), b"x")],
    "a link without a target": [(entry("l", tarfile.SYMTYPE), b"")],
    "a name that is too long": [(entry("x" * 256), b"x")],
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_archive_that_attacks_is_refused(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("safe")
    root = tmp_path / "root"
    root.mkdir()
    root.parent.chmod(0o700)
    exit_, said = unpack(root, tar(*ATTACKS[name]))
    assert (exit_.code, exit_.cause) == (125, "!")
    assert said["!"].startswith(b"archive: ")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["root", "secret"]
    assert secret.stat().st_nlink == 1
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert not Path("/abs").exists() and not Path("/up").exists()


def broken(at: int, value: bytes) -> bytes:
    whole = bytearray(tar((entry("f"), b"x" * 600)))
    whole[at : at + len(value)] = value
    return bytes(whole)


def sealed(at: int, value: bytes) -> bytes:
    """The same with a right checksum."""
    block = bytearray(broken(at, value)[:512])
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (tar((entry("f"), b"x" * 600))[:700], b"cut off"),
        (tar((entry("f"), b"x"))[:100], b"cut off"),
        (broken(0, b"g"), b"checksum"),
        (sealed(124, b"99999999999"), b"malformed"),
        (sealed(124, b"\xff" * 12), b"malformed"),
        (sealed(100, b"rwxr-xr"), b"malformed"),
        (sealed(124, b"77777777777"), b"cut off"),
        (sealed(156, b"L") + bytes(512), b"cut off"),
    ],
)
def test_a_broken_archive_is_refused(tmp_path: Path, archive: bytes, why: bytes) -> None:
    exit_, said = unpack(tmp_path, archive)
    assert (exit_.code, exit_.cause) == (125, "!")
    assert why in said["!"]


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        (frame("F", b"x"), b"before the record"),
        (frame("f"), b"before it began"),
        (frame("J", record("o", b"/nonesuch")) + frame("F", b"x"), b"/nonesuch: No such file"),
        (frame("J", record("o", b"/etc/passwd")) + frame("F", b"x"), b"Not a directory"),
        (frame("J", record("o", b"/tmp")) + frame("F", b"x") + job("true") + frame("G"), b"cut off"),
    ],
)
def test_an_archive_at_the_wrong_time_or_place(frames: bytes, why: bytes) -> None:
    exit_, said = run(frames)
    assert (exit_.code, exit_.cause) == (125, "!")
    assert why in said["!"]


JOBS = {
    "no program": (record("d", b"/"), b"names no program"),
    "an empty program": (record("a", b""), b"names no program"),
    "cut off": (record("a", b"true")[:-1], b"cut off"),
    "an endless record": (b"a\xff\xff\xff\xff", b"cut off"),
    "an unknown tag": (record("a", b"true") + record("z", b""), b"unknown tag"),
    "a tag of zero": (record("a", b"true") + record("\0", b""), b"unknown tag"),
    "NUL": (record("a", b"tr\0ue"), b"NUL"),
    "twice": (record("a", b"true") + record("d", b"/") * 2, b"twice"),
    "a short number": (record("a", b"true") + record("t", b"\0" * 7), b"wrong length"),
    "a flag of 2": (record("a", b"true") + record("n", b"\2"), b"not 1"),
    "no equals sign": (record("a", b"true") + record("e", b"PATH"), b"NAME=VALUE"),
    "no name": (record("a", b"true") + record("e", b"=x"), b"NAME=VALUE"),
    "port 0": (record("a", b"true") + record("l", b"0 /x"), b"port"),
    "port 65536": (record("a", b"true") + record("l", b"65536 /x"), b"port"),
    "a relative path": (record("a", b"true") + record("s", b"x 80"), b"absolute"),
    "a long path": (record("a", b"true") + record("s", b"/" + b"x" * 107 + b" 80"), b"107"),
    "no space": (record("a", b"true") + record("h", b"host:80"), b"name port"),
    "a host that is none": (record("a", b"true") + record("h", b"a/b 80"), b"not a host name"),
    "251 hosts": (record("a", b"true") + b"".join(record("h", b"h%d 80" % i) for i in range(251)), b"250"),
}


@pytest.mark.parametrize("name", JOBS)
def test_a_bad_job_is_refused(name: str) -> None:
    bytes_, why = JOBS[name]
    exit_, said = run(frame("J", bytes_) + frame("G"))
    assert (exit_.code, exit_.cause) == (125, "!")
    assert said["!"].startswith(b"bad job: ")
    assert why in said["!"]


def test_a_job_of_more_than_4_mib_is_refused() -> None:
    exit_, said = run(frame("J", b"x" * 65536) * 65)
    assert exit_.code == 125
    assert b"4 MiB" in said["!"]


def test_a_job_in_small_pieces() -> None:
    whole = job("echo", "hi")[8:]
    frames = b"".join(frame("J", whole[i : i + 1]) for i in range(len(whole)))
    assert run(frames + frame("G"))[1]["o"] == b"hi\n"
    assert struct.unpack(">I", job("echo", "hi")[4:8]) == (len(whole),)
