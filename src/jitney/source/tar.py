"""A deterministic GNU tar of some files, streamed: same files, same bytes.

Owner 65532, modes 0644 and 0755 (a source readable by its owner alone must work in the sandbox), the time of
2 January 1980:
zero would break programs that zip their own files (the format starts in 1980) and `make` (zero means
"missing").
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from jitney.errors import SourceError
from jitney.source.paths import parents
from jitney.source.tree import Stat, Tree

BLOCK = 512
OWNER = 65532
MTIME = 315_619_200
_LONG = "././@LongLink"


def stream(tree: Tree, paths: tuple[str, ...]) -> Iterator[bytes]:
    """Folders first, then each file. SourceError: a file is missing, unreadable, or became shorter
    meanwhile."""
    wanted = set(paths)
    for folder in sorted({folder for path in paths for folder in parents(path)[1:] if folder}):
        yield _header(folder + "/", b"5", 0o755, 0)
    for path in sorted(wanted):
        stat = tree.stat(path)
        if stat is None:
            raise SourceError(f"{path} is missing or no regular file")
        if stat.target in wanted:
            yield _link(path, stat.target)
        else:
            yield from _file(tree, path, stat)
    yield bytes(2 * BLOCK)


def _file(tree: Tree, path: str, stat: Stat) -> Iterator[bytes]:
    yield _header(path, b"0", 0o755 if stat.executable else 0o644, stat.size)
    left = stat.size
    for chunk in tree.chunks(path):
        piece = chunk[:left]
        left -= len(piece)
        yield piece
        if not left:
            break
    if left:
        raise SourceError(f"{path} became shorter while it was read", "run again when nothing writes to it")
    yield bytes(-stat.size % BLOCK)


def _link(path: str, target: str) -> bytes:
    relative = posixpath.relpath(target, posixpath.dirname(path) or ".")
    return _header(path, b"2", 0o777, 0, relative)


def _header(name: str, kind: bytes, mode: int, size: int, link: str = "") -> bytes:
    encoded, target = name.encode(errors="surrogateescape"), link.encode(errors="surrogateescape")
    head = b""
    if len(target) > 100:
        head += _long(b"K", target)
    if len(encoded) > 100:
        head += _long(b"L", encoded)
    return head + _block(encoded[:100], kind, mode, size, target[:100])


def _long(kind: bytes, text: bytes) -> bytes:
    body = text + b"\0"
    return _block(_LONG.encode(), kind, 0o644, len(body), b"") + body + bytes(-len(body) % BLOCK)


def _block(name: bytes, kind: bytes, mode: int, size: int, link: bytes) -> bytes:
    fields = (
        name.ljust(100, b"\0")
        + b"%07o\0" % mode
        + b"%07o\0" % OWNER * 2
        + _size(size)
        + b"%011o\0" % MTIME
        + b" " * 8
        + kind
        + link.ljust(100, b"\0")
        + b"ustar  \0"
    ).ljust(BLOCK, b"\0")
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def _size(size: int) -> bytes:
    """Octal up to 8 GiB, then GNU's base 256."""
    return b"%011o\0" % size if size < 1 << 33 else b"\x80" + size.to_bytes(11, "big")
