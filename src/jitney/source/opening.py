"""From what stands on the command line to a Source.

The root is the checkout around a program (the nearest folder above with `.git`), so that a file can take
along what it refers
to above it; without a checkout it is the program's own folder. A lone script in a private or large folder is
its own root.
"""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from jitney.errors import SourceError
from jitney.findings import Finding
from jitney.source.ignore import Ignore
from jitney.source.kinds import binary_hint, binary_kind, is_model
from jitney.source.sniff import file_name, identify
from jitney.source.source import Source
from jitney.source.text import decode
from jitney.source.tree import DiskTree, unreadable
from jitney.source.walk import Limits, Walk

MAX_STDIN = 16 << 20
MODEST_FILES = 2_000
MODEST_BYTES = 8 << 30
_SYSTEM = frozenset({
    "/", "/tmp", "/var/tmp", "/home", "/root", "/etc", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin",  # noqa: S108 (recognised, never written to)
    "/opt",
    "/srv", "/var", "/mnt", "/media",
})  # fmt: skip
_PERSONAL = ("Desktop", "Documents", "Downloads", "bin", ".local/bin")


def open_source(arg: str, *, stdin: BinaryIO | None = None, language: str = "") -> Source:
    """A file, a folder, `-` (standard input; language names it where the user did), `git+https://…` or
    `git+file://…`.

    SourceError: missing, unreadable, empty, binary, no regular file, not to be cloned.
    """
    if arg == "-":
        return _from_stdin(stdin, language)
    if arg.startswith("git+"):
        from jitney.source.git import open_git

        return open_git(arg)
    return open_path(arg)


def _from_stdin(stdin: BinaryIO | None, language: str) -> Source:
    if stdin is None:
        raise SourceError("the source is `-`, but there is no standard input", "jitney run - < program.py")
    data = stdin.read(MAX_STDIN + 1)
    if len(data) > MAX_STDIN:
        raise SourceError("the program on standard input is larger than 16 MiB", "put it into a file")
    if not data.strip():
        raise SourceError("standard input is empty, expected a program", "jitney run - < program.py")
    _refuse_binary(data[:4096], "standard input")
    found = None if language else identify(decode(data))
    name = file_name(language or (found.language if found else ""))
    source = Source.from_mapping({name: data}, name)
    source.label = "standard input"
    if found is not None and found.rule == "language.words":
        message = f"standard input is taken for {found.language}: {found.value}"
        hint = "--lang NAME decides it"
        source.add_finding(
            Finding(level="note", code=found.rule, message=message, hint=hint, file=name, line=found.line)
        )
    return source


def open_path(arg: str) -> Source:
    """A file or a folder on disk."""
    path = os.path.abspath(os.path.expanduser(arg))
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise _missing(arg, path, error) from error
    if stat.S_ISDIR(mode):
        return _open_folder(arg, os.path.realpath(path))
    if stat.S_ISREG(mode):
        return _open_file(arg, path)
    kind = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
    raise SourceError(
        f"{arg} is {kind}, expected a file or a folder", "jitney run - < FILE reads a program from a pipe"
    )


def _open_folder(arg: str, folder: str) -> Source:
    if is_private(folder):
        raise SourceError(
            f"{arg} is {folder}, a place for everything and no program's own folder",
            "hand over the program's own folder or file",
        )
    root = checkout(folder) or folder
    source = Source(DiskTree(root), label=arg, workdir=_relative(folder, root))
    if not source.files() and not source.findings:
        raise SourceError(
            f"{arg} is an empty folder", "hand over a file, or a folder that has a program in it"
        )
    return source


def _open_file(arg: str, path: str) -> Source:
    # The folder's real place, but the file's own name: a link into another folder is run where it was named.
    folder = os.path.realpath(os.path.dirname(path))
    path = os.path.join(folder, os.path.basename(path))
    if os.path.islink(path):
        path = os.path.realpath(path)
        folder = os.path.dirname(path)
    _refuse_no_source(arg, path)
    root = checkout(folder) or folder
    tree = DiskTree(root)
    workdir = _relative(folder, root)
    source = Source(tree, label=arg, entry=_relative(path, root), workdir=workdir)
    source.alone = is_private(folder)
    if not source.alone:
        limits = Limits(MODEST_FILES, MODEST_BYTES)
        Walk(tree, workdir, limits, Ignore())
        source.alone = bool(limits.reached)
    if source.alone:
        name = os.path.basename(path)
        message = f"{folder} is no program's own folder: only {name} and what it refers to go along"
        source.add_finding(Finding(level="note", code="source.alone", message=message, file=source.entry))
    return source


def _refuse_no_source(arg: str, path: str) -> None:
    try:
        with open(path, "rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise unreadable(arg, error) from error
    if is_model(head, os.path.basename(path)):
        raise SourceError(
            f"{arg} is a model, not a program", f"jitney run --model {arg} PROGRAM puts it beside a program"
        )
    if not head.strip():
        raise SourceError(f"{arg} is empty, expected a program")
    if head.startswith(b"PK\x03\x04") and path.endswith(".jar"):
        return  # an archive that a runtime starts
    _refuse_binary(head, arg)


def _refuse_binary(head: bytes, label: str) -> None:
    if kind := binary_kind(head):
        raise SourceError(f"{label} is {kind}, expected source code", binary_hint(kind))


def checkout(folder: str) -> str | None:
    """The nearest folder at or above with `.git`, unless that is a private place (dotfiles kept in git)."""
    place = folder
    while not os.path.lexists(os.path.join(place, ".git")):
        above = os.path.dirname(place)
        if above == place:
            return None
        place = above
    return None if is_private(place) else place


def is_private(folder: str) -> bool:
    """Places that hold all kinds of things, most of them nobody's business: home folders, system folders,
    /tmp."""
    home = os.path.realpath(os.path.expanduser("~"))
    if folder in _SYSTEM or folder == home or home.startswith(folder.rstrip("/") + "/"):
        return True
    return folder in {os.path.join(home, name) for name in _PERSONAL} or os.path.isdir(
        os.path.join(folder, ".ssh")
    )


def _relative(path: str, root: str) -> str:
    relative = os.path.relpath(path, root)
    return "" if relative == "." else relative


def _missing(arg: str, path: str, error: OSError) -> SourceError:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        return unreadable(arg, error)
    from difflib import get_close_matches

    try:
        beside = os.listdir(os.path.dirname(path))
    except OSError:
        return SourceError(f"{arg} does not exist, nor does its folder")
    near = get_close_matches(os.path.basename(path), beside, 3, 0.6)
    where = os.path.dirname(arg)
    hint = "did you mean " + " or ".join(os.path.join(where, name) for name in near) + "?" if near else ""
    return SourceError(f"{arg} does not exist", hint)
