"""Records of a job, and archives on their way into a box."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitney.errors import SandboxError
from jitney.sandbox.archive import archive_frames, rebase
from jitney.sandbox.frames import TO_INIT, Decoder
from jitney.sandbox.job import MAX_JOB, Job, Relay, Serve, records, split_host


def parse(data: bytes) -> list[tuple[str, bytes]]:
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 5], "big")
        found.append((chr(data[at]), data[at + 5 : at + 5 + size]))
        at += 5 + size
    assert at == len(data)
    return found


def test_every_field_has_its_record() -> None:
    job = Job(
        argv=("python3", "a b.py", "ü"),
        env={"A": "1=2", "EMPTY": ""},
        workdir="/src/x",
        pty=(24, 80),
        deadline_s=1.5,
        grace_s=2,
        heartbeat_s=0.0001,
        relays=(Relay(8080, "/run/jitney/m.sock"),),
        serves=(Serve("/run/jitney/m.sock", 8000),),
        allow_hosts=("API.test.:443",),
        names=("vendor.test",),
    )
    assert parse(records(job)) == [
        ("o", b"/src"),
        ("a", b"python3"),
        ("a", b"a b.py"),
        ("a", "ü".encode()),
        ("e", b"A=1=2"),
        ("e", b"EMPTY="),
        ("d", b"/src/x"),
        ("p", b"\x00\x18\x00\x50"),
        ("t", (1500).to_bytes(8, "big")),
        ("g", (2000).to_bytes(4, "big")),
        ("b", (1).to_bytes(4, "big")),
        ("l", b"8080 /run/jitney/m.sock"),
        ("s", b"/run/jitney/m.sock 8000"),
        ("h", b"api.test 443"),
        ("m", b"vendor.test"),
        ("n", b"\x01"),
        ("u", b"\x01"),
    ]


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1))
def test_arguments_are_passed_unchanged(words: list[str]) -> None:
    got = [value.decode() for tag, value in parse(records(Job(argv=tuple(words)))) if tag == "a"]
    assert got == words


def test_words_that_are_not_utf8_come_back_as_bytes() -> None:
    assert ("a", b"\xff\xfe") in parse(records(Job(argv=(b"\xff\xfe".decode("utf-8", "surrogateescape"),))))


@pytest.mark.parametrize(
    ("name", "job"),
    [
        ("no command", Job(argv=())),
        ("NUL", Job(argv=("a\0b",))),
        ("variable without a name", Job(argv=("a",), env={"": "x"})),
        ("equals sign in a name", Job(argv=("a",), env={"A=B": "x"})),
        ("too much", Job(argv=("a" * MAX_JOB,))),
        ("host without port", Job(argv=("a",), allow_hosts=("api.test",))),
    ],
)
def test_refuses(name: str, job: Job) -> None:
    with pytest.raises(SandboxError):
        records(job)


@pytest.mark.parametrize("text", ["a", "a:", ":1", "a:0", "a:65536", "a:x", "a:-1", "a:²"])
def test_refuses_hosts(text: str) -> None:
    with pytest.raises(SandboxError):
        split_host(text)


def make_tar(tar_format: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tar_format) as tar:
        for name in ("a.txt", "d/" * 60 + "deep.txt", "n" * 150, "ünicode"):
            info = tarfile.TarInfo(name)
            info.size = len(name)
            tar.addfile(info, io.BytesIO(name.encode()[: len(name)]))
        for kind, name in ((tarfile.SYMTYPE, "soft"), (tarfile.LNKTYPE, "hard")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "a.txt"
            tar.addfile(info)
    return out.getvalue()


@pytest.mark.parametrize("tar_format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("size", [1, 700, 10_000_000])
def test_a_moved_archive_is_the_same_below_the_folder(tar_format: int, size: int) -> None:
    before = make_tar(tar_format)
    moved = b"".join(rebase((before[at : at + size] for at in range(0, len(before), size)), "src/x"))
    with tarfile.open(fileobj=io.BytesIO(before)) as old, tarfile.open(fileobj=io.BytesIO(moved)) as new:
        assert new.getnames() == [f"src/x/{name}" for name in old.getnames()]
        for one, other in zip(old.getmembers(), new.getmembers(), strict=True):
            assert (one.type, one.size, one.mode) == (other.type, other.size, other.mode)
            if one.isreg():
                assert old.extractfile(one).read() == new.extractfile(other).read()  # type: ignore[union-attr]
        assert new.getmember("src/x/soft").linkname == "a.txt"
        assert new.getmember("src/x/hard").linkname == "src/x/a.txt"


def test_an_archive_that_is_cut_short_is_an_error() -> None:
    whole = make_tar(tarfile.PAX_FORMAT)
    for cut in (100, 513, 700):
        with pytest.raises(SandboxError, match="before its end"):
            list(rebase([whole[:cut]], "src"))


def archives(job: Job, tar: list[bytes] | None) -> list[bytes]:
    """The archives that the frames carry."""
    found, data = [], b""
    for kind, _, payload in Decoder(TO_INIT, frozenset()).feed(b"".join(archive_frames(job, tar))):
        data += bytes(payload)
        if kind == ord("f"):
            found.append(data)
            data = b""
    assert data == b""
    return found


def test_without_secrets_the_archive_travels_as_it_is() -> None:
    tar = make_tar(tarfile.PAX_FORMAT)
    assert archives(Job(argv=("a",)), [tar]) == [tar]
    assert archives(Job(argv=("a",)), None) == []


def test_secrets_are_an_archive_of_their_own() -> None:
    job = Job(argv=("a",), secrets={"KEY": b"sesame", "B": b"x" * 600})
    source, secrets = archives(job, [make_tar(tarfile.PAX_FORMAT)])
    assert ("o", b"/") in parse(records(job))
    with tarfile.open(fileobj=io.BytesIO(source)) as tar:
        assert tar.getnames()[0] == "src/a.txt"
    with tarfile.open(fileobj=io.BytesIO(secrets)) as tar:
        assert [(m.name, m.mode, m.size) for m in tar] == [
            ("run/secrets/B", 0o400, 600),
            ("run/secrets/KEY", 0o400, 6),
        ]


def test_files_lie_at_their_paths() -> None:
    job = Job(argv=("a",), files={"/etc/x/bundle.crt": b"pem"})
    source, files = archives(job, [make_tar(tarfile.PAX_FORMAT)])
    assert ("o", b"/") in parse(records(job))
    with tarfile.open(fileobj=io.BytesIO(source)) as tar:
        assert tar.getnames()[0] == "src/a.txt"
    with tarfile.open(fileobj=io.BytesIO(files)) as tar:
        assert [(m.name, m.mode, m.size) for m in tar] == [("etc/x/bundle.crt", 0o444, 3)]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b"])
def test_a_secret_cannot_leave_its_folder(name: str) -> None:
    with pytest.raises(SandboxError):
        list(archive_frames(Job(argv=("a",), secrets={name: b"x"}), None))
