"""Runs in a sandbox without network: what every conversion does with what it made. Words about it go to standard error."""

from __future__ import annotations

import os
import sys
import tarfile

OUT = os.dup(1)
"""Where the archive goes. Libraries print what they please to standard output: that is standard error from here on."""
os.dup2(2, 1)

PROMPT = "The capital of France is"
WORDS = 6


def require_words(after: str) -> None:
    """A model that says nothing was not converted."""
    if not after.strip():
        sys.exit("the converted model says nothing")
    say("checked: %r goes on %r" % (PROMPT, after))


def hand_out(folder: str) -> None:
    """All files of a folder as a tar on standard output."""
    with (
        os.fdopen(OUT, "wb") as out,
        tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in sorted(os.listdir(folder)):
            tar.add(os.path.join(folder, name), name, filter=plain)


def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """The same bytes whoever made it, and when."""
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    info.mode = 0o444
    return info


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
