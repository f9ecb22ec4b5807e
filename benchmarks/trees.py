"""Lay out the trees that the label tables speak of.

    python -m benchmarks.trees GIT_FOLDERS CHECKOUTS [--table NAME …]

GIT_FOLDERS has a clone or a git directory for each repository, `OWNER+NAME` or `OWNER+NAME/repo`; CHECKOUTS gets one plain tree for each,
`OWNER+NAME`, at the labels' commit, and beside it `OWNER+NAME.commit` that says which. A tree that is there at its commit is left.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.labels import read_labels


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("git_folders", type=Path)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--table", nargs="*", default=[], metavar="NAME")
    options = parser.parse_args(arguments)
    options.checkouts.mkdir(parents=True, exist_ok=True)
    wanted = {one.folder: one.commit for one in read_labels(options.table)}
    failed = [
        name
        for name, commit in wanted.items()
        if not lay_out(name, commit, options.git_folders, options.checkouts)
    ]
    for name in failed:
        print(f"not laid out: {name} at {wanted[name]}", file=sys.stderr)
    return int(bool(failed))


def lay_out(name: str, commit: str, git_folders: Path, checkouts: Path) -> bool:
    """Whether CHECKOUTS has the tree now."""
    tree, mark = checkouts / name, checkouts / f"{name}.commit"
    if tree.is_dir() and mark.is_file() and mark.read_text().strip() == commit:
        return True
    found = git_directory(git_folders / name)
    if found is None:
        return False
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=checkouts) as room:
        part = Path(room) / "tree"
        part.mkdir()
        with subprocess.Popen(
            ["git", f"--git-dir={found}", "archive", commit], stdout=subprocess.PIPE
        ) as archive:
            unpacked = subprocess.run(["tar", "-x", "-C", part], stdin=archive.stdout, check=False)
        if archive.returncode or unpacked.returncode:
            return False
        shutil.rmtree(tree, ignore_errors=True)
        part.rename(tree)
    mark.write_text(commit + "\n")
    return True


def git_directory(folder: Path) -> Path | None:
    for place in (folder / "repo" / ".git", folder / "repo", folder / ".git", folder):
        if (place / "HEAD").is_file():
            return place
    return None


if __name__ == "__main__":
    sys.exit(main())
