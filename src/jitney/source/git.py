"""Sources in git: one commit, no history, no hooks, no submodules, no questions; a temporary folder that
`close()` removes."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from jitney.errors import SourceError
from jitney.source.paths import inside
from jitney.source.source import Source
from jitney.source.tree import DiskTree

CLONE_SECONDS = 600
_URL = re.compile(
    r"git\+(?P<url>(?P<scheme>https|file)://[^#@\s]+(?:@[^#/@\s]+/[^#@\s]*)?)(?:@(?P<ref>[^#\s]+))?(?:#(?P<path>\S+))?"
)
_REF = re.compile(r"[A-Za-z0-9_][\w./+-]*")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_PREFIX = "jitney-git-"


def open_git(arg: str) -> Source:
    """`git+https://…[@ref][#path]`, `git+file://…[@ref][#path]`. SourceError: git's own last words."""
    import shutil
    import tempfile

    match = _URL.fullmatch(arg)
    if match is None or (match["ref"] and not _REF.fullmatch(match["ref"])):
        raise SourceError(
            f"{arg} is no address of a git source",
            "git+https://HOST/REPO[@REF][#PATH] or git+file:///FOLDER[@REF][#PATH]",
        )
    _sweep(tempfile.gettempdir())
    folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")
    try:
        _clone(folder, match["url"], match["scheme"], match["ref"] or "HEAD")
        source = _open_clone(arg, folder, match["path"] or "")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    source.on_close(lambda: shutil.rmtree(folder, ignore_errors=True))
    return source


def _open_clone(arg: str, folder: str, path: str) -> Source:
    clean = inside(path)
    tree = DiskTree(folder)
    if clean is None:
        raise SourceError(f"{arg}: {path} leads outside the repository")
    if clean and tree.stat(clean) is not None:
        return Source(tree, label=arg, entry=clean, workdir=os.path.dirname(clean))
    if tree.folder(clean) is None:
        raise SourceError(f"{arg}: the repository has no {path}")
    return Source(tree, label=arg, workdir=clean)


def _clone(folder: str, url: str, scheme: str, ref: str) -> None:
    _git(folder, scheme, ["init", "-q", "--template="], url)
    # A server of ours may give any commit, not only the tip of a branch; public hosts do so anyway.
    pack = (
        ["--upload-pack", "git -c uploadpack.allowAnySHA1InWant=true upload-pack"] if scheme == "file" else []
    )
    fetch = ["fetch", "-q", "--no-tags", "--no-recurse-submodules", *pack]
    try:
        _git(folder, scheme, [*fetch, "--depth", "1", url, ref], url)
        commit = "FETCH_HEAD"
    except SourceError:
        if not _COMMIT.fullmatch(ref):
            raise
        _git(folder, scheme, [*fetch, url, "+refs/heads/*:refs/remotes/origin/*"], url)
        commit = ref
    _git(folder, scheme, ["checkout", "-q", "--detach", commit], url)


def _git(folder: str, scheme: str, words: Sequence[str], url: str) -> None:
    import subprocess

    settings = [
        "core.hooksPath=/dev/null", "protocol.allow=never", f"protocol.{scheme}.allow=always",
        "submodule.recurse=false",
        "credential.interactive=false", "core.fsmonitor=false", "gc.auto=0", "http.lowSpeedLimit=1000",
        "http.lowSpeedTime=30",
        "filter.lfs.smudge=", "filter.lfs.process=", "filter.lfs.required=false", "advice.detachedHead=false",
    ]  # fmt: skip
    options = [part for setting in settings for part in ("-c", setting)]
    answers = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "LC_ALL": "C"}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | answers
    try:
        done = subprocess.run(
            ["git", *options, "-C", folder, *words],
            env=clean, stdin=subprocess.DEVNULL, capture_output=True, timeout=CLONE_SECONDS, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise SourceError("a git source needs git, which is not installed", "apt-get install git") from error
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{url} did not answer within {CLONE_SECONDS} s") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SourceError(
            f"cannot get {url}: {said[-1] if said else 'git failed'}", "check the address and the ref after @"
        )


def _sweep(temporary: str) -> None:
    """Remove clones of ours whose process was killed."""
    import shutil

    for name in os.listdir(temporary):
        match = re.fullmatch(_PREFIX + r"(\d+)-\w+", name)
        path = os.path.join(temporary, name)
        if match and not os.path.exists(f"/proc/{match[1]}") and os.lstat(path).st_uid == os.getuid():
            shutil.rmtree(path, ignore_errors=True)
