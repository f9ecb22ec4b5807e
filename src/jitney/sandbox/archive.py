"""Archives on their way into a box: tar streams cut into frames, moved below another folder, and the
secrets' own one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from jitney.errors import SandboxError
from jitney.sandbox.frames import encode, encode_long
from jitney.sandbox.job import Job

BLOCK = 512
SECRETS_DIR = "run/secrets"
_PIECE = 32768
_NAME, _CHECKSUM, _PREFIX = slice(0, 100), slice(148, 156), slice(345, 500)


def archive_frames(job: Job, archive: Iterable[bytes] | None) -> Iterator[bytes]:
    """The `F` and `f` frames of a job: the source's archive (members relative to job.root), then that of the
    secrets and files."""
    has_more = job.secrets or job.files
    if archive is not None:
        yield from _frames(rebase(archive, job.root.strip("/")) if has_more else archive)
    if has_more:
        yield from _frames(own_archive(job.secrets, job.files))


def _frames(tar: Iterable[bytes]) -> Iterator[bytes]:
    """Small pieces (tar headers) travel together: a frame costs init a wake-up."""
    buffer = bytearray()
    for piece in tar:
        buffer += piece
        if len(buffer) >= _PIECE:
            yield from encode_long(b"F", bytes(buffer))
            buffer.clear()
    yield from encode_long(b"F", bytes(buffer))
    yield encode(b"f")


def own_archive(secrets: Mapping[str, bytes], files: Mapping[str, bytes]) -> Iterator[bytes]:
    """Files /run/secrets/NAME, readable by the program's user alone, and files at absolute paths."""
    for name, value in sorted(secrets.items()):
        if "/" in name or name in ("", ".", "..") or "\0" in name:
            raise SandboxError(f"{name!r} cannot be the name of a secret: it becomes a file's name")
        yield from _member(f"{SECRETS_DIR}/{name}", value, 0o400)
    for path, value in sorted(files.items()):
        yield from _member(path.lstrip("/"), value, 0o444)
    yield bytes(2 * BLOCK)


def _member(path: str, value: bytes, mode: int) -> Iterator[bytes]:
    yield file_header(path, len(value), mode)
    yield value
    yield bytes(-len(value) % BLOCK)


def file_header(path: str, size: int, mode: int) -> bytes:
    """A ustar header of a regular file, without owner and time."""
    name = path.encode()
    if len(name) > 100:
        raise SandboxError(f"{path!r} is too long for a file's name in an archive")
    header = bytearray(BLOCK)
    header[: len(name)] = name
    header[100:124] = b"%07o\0" % mode + b"%07o\0" % 0 + b"%07o\0" % 0
    header[124:148] = b"%011o\0" % size + b"%011o\0" % 0
    header[156:157] = b"0"
    header[257:265] = b"ustar\x0000"
    return _signed(header)


def rebase(tar: Iterable[bytes], folder: str) -> Iterator[bytes]:
    """The same tar with every member (and hard link) below `folder`. Streams; understands ustar, pax and GNU
    long names."""
    if not folder:
        yield from tar
        return
    blocks = _Blocks(tar)
    has_name = False  # the member's own header follows its long name: what stands there is not used
    while header := blocks.take(BLOCK):
        if not any(header):  # the end: two empty blocks, and whatever padding follows
            yield header
            continue
        size = _size(header)
        kind = header[156:157]
        if kind in (b"x", b"L"):
            has_name = True
            body = blocks.take(size + -size % BLOCK)[:size]
            body = _moved_pax(body, folder) if kind == b"x" else _moved_name(body, folder)
            yield _resized(header, len(body))
            yield body + bytes(-len(body) % BLOCK)
            continue
        yield _moved(header, folder, has_name)
        has_name = False
        yield from blocks.stream(size + -size % BLOCK)


class _Blocks:
    """Reads whole amounts from an iterable of pieces."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._have = memoryview(b"")

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes, or b"" at the end. SandboxError: the archive is cut short."""
        data = b"".join(self.stream(size, may_end=True))
        if data and len(data) != size:
            raise SandboxError(f"the archive ends {size - len(data)} bytes before its end")
        return data

    def stream(self, size: int, may_end: bool = False) -> Iterator[bytes]:
        while size:
            if not self._have:
                piece = next(self._pieces, None)
                if piece is None:
                    if may_end:
                        return
                    raise SandboxError(f"the archive ends {size} bytes before its end")
                self._have = memoryview(piece)
            part, self._have = self._have[:size], self._have[size:]
            size -= len(part)
            yield bytes(part)


def _moved(header: bytes, folder: str, has_name: bool) -> bytes:
    block = bytearray(header)
    name = block[_NAME].rstrip(b"\0")
    is_posix = block[257:263] == b"ustar\0"
    prefix = block[_PREFIX].rstrip(b"\0") if is_posix else b""
    place = b"/".join(part for part in (folder.encode(), bytes(prefix)) if part)
    joined = place + b"/" + bytes(name).removeprefix(b"./")
    if is_posix and len(place) <= 155 and len(joined) > 100:
        block[_PREFIX] = place.ljust(155, b"\0")
    elif len(joined) <= 100:
        block[_NAME] = joined.ljust(100, b"\0")
        if is_posix:
            block[_PREFIX] = bytes(155)
    elif not has_name:
        raise SandboxError(f"{joined.decode(errors='replace')!r} is too long for a name in this archive")
    if block[156:157] == b"1":
        link = folder.encode() + b"/" + bytes(block[157:257]).rstrip(b"\0").removeprefix(b"./")
        block[157:257] = link[:100].ljust(100, b"\0")
    return _signed(block)


def _moved_name(body: bytes, folder: str) -> bytes:
    """GNU `L` (long name). `K` (long link target) stays as it is: symbolic links inside a source are
    relative."""
    return folder.encode() + b"/" + body.rstrip(b"\0").removeprefix(b"./") + b"\0"


def _moved_pax(body: bytes, folder: str) -> bytes:
    """Pax records `LEN KEY=VALUE\\n`; `path` moves, LEN counts itself."""
    moved = bytearray()
    at = 0
    while at < len(body):
        length, space, _ = body[at:].partition(b" ")
        if not space or not length.isdigit() or int(length) <= len(length) + 1:
            raise SandboxError("the archive has a broken pax header")
        record = body[at + len(length) + 1 : at + int(length)]
        at += int(length)
        if record.startswith(b"path="):
            record = b"path=" + folder.encode() + b"/" + record[5:].removeprefix(b"./")
        moved += _pax_record(record)
    return bytes(moved)


def _pax_record(record: bytes) -> bytes:
    size = len(record) + 1
    while len(str(size)) + 1 + len(record) != size:
        size = len(str(size)) + 1 + len(record)
    return b"%d %s" % (size, record)


def _size(header: bytes) -> int:
    field = header[124:136]
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError as error:
        raise SandboxError("the archive has a header whose size is not a number") from error


def _resized(header: bytes, size: int) -> bytes:
    block = bytearray(header)
    block[124:136] = b"%011o\0" % size
    return _signed(block)


def _signed(block: bytearray) -> bytes:
    block[_CHECKSUM] = b" " * 8
    block[_CHECKSUM] = b"%06o\0 " % sum(block)
    return bytes(block)
