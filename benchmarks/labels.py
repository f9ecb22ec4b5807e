"""Label tables: what a person expects of a project, read strictly. The format stands in labels/README.md."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from jitney.detect.languages import OTHERS, supported
from jitney.languages import known

LABELS = Path(__file__).parent / "labels"
LANGUAGES = frozenset((*supported(), *known(), *OTHERS.values()))

OF_PACKAGES = "packages-"
"""How names of tables begin that benchmarks/detection_packages.py reads, in a form of its own."""

Words = str | list[str]
"""One right answer, or several."""


class LabelError(ValueError):
    """A table that is not written as labels/README.md has it."""


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[project]]`."""

    path: str
    language: Words | None = None
    manager: str | None = None
    version: str | None = None
    entry: Words | None = None
    start: Words | None = None
    mode: Literal["in-process", "local-server", "hosted", "none"] | None = None
    framework: Words | None = None
    error: str | None = None
    context: Literal["folder", "checkout", "file"] | None = None
    repo: str | None = None
    commit: str | None = None
    why: str = ""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    project: list[Row]
    corpus: str | None = None
    commit: str | None = None


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A row with what its table says of all rows: the table's name, the repository, its commit."""

    table: str
    repo: str
    commit: str
    row: Row

    @property
    def folder(self) -> str:
        """Where its repository's tree lies below CHECKOUTS."""
        return self.repo.replace("/", "+")


def several(words: Words | None) -> list[str]:
    return [words] if isinstance(words, str) else list(words or [])


def read_labels(names: Iterable[str] = (), folder: Path = LABELS) -> list[Project]:
    """All projects of the tables with these names (all tables without). LabelError: a table is not as it has to be."""
    wanted = set(names)
    paths = {
        path.stem: path for path in sorted(folder.glob("*.toml")) if not path.name.startswith(OF_PACKAGES)
    }
    if unknown := wanted - set(paths):
        raise LabelError(f"no such table: {', '.join(sorted(unknown))}; there are: {', '.join(paths)}")
    found = [one for name, path in paths.items() if not wanted or name in wanted for one in read_table(path)]
    commits: dict[str, str] = {}
    for one in found:
        if commits.setdefault(one.repo, one.commit) != one.commit:
            raise LabelError(f"{one.table}: {one.repo} stands at two commits")
    return found


def read_table(path: Path) -> list[Project]:
    try:
        table = msgspec.toml.decode(path.read_bytes(), type=Table)
    except (msgspec.DecodeError, ValueError) as error:
        raise LabelError(f"{path.name}: {error}") from error
    found, seen = [], set()
    for row in table.project:
        repo, commit = row.repo or table.corpus, row.commit or table.commit
        where = f"{path.name}: {row.path}"
        if repo is None or commit is None or len(commit) != 40:
            raise LabelError(f"{where}: no repository, or no full commit")
        if strange := set(several(row.language)) - LANGUAGES:
            raise LabelError(f"{where}: no language is named {', '.join(strange)}")
        if (repo, row.path, row.context) in seen:
            raise LabelError(f"{where} stands there twice")
        seen.add((repo, row.path, row.context))
        found.append(Project(table=path.stem, repo=repo, commit=commit, row=row))
    return found
