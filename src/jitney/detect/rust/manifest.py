"""Cargo.toml: packages, their targets, workspaces, path dependencies. Cargo's own rules for what is found without being named
(doc.rust-lang.org/cargo/reference/cargo-targets.html#target-auto-discovery)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

from jitney.detect.notes import Notes
from jitney.source import Source
from jitney.source.paths import join, name, parent, parents

Kind = Literal["bin", "example"]


class Target(msgspec.Struct, frozen=True):
    """What `cargo build --bin NAME` or `--example NAME` makes. path: its main file, from the root."""

    kind: Kind
    name: str
    path: str
    features: tuple[str, ...] = ()


class Crate(msgspec.Struct, frozen=True):
    """folder: from the root. data: the whole manifest; a virtual one has no `package`."""

    folder: str
    data: dict[str, Any]

    @property
    def file(self) -> str:
        return f"{self.folder}/Cargo.toml".lstrip("/")

    @property
    def package(self) -> dict[str, Any]:
        found = self.data.get("package")
        return found if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        return str(self.package.get("name", ""))

    @property
    def workspace(self) -> dict[str, Any] | None:
        found = self.data.get("workspace")
        return found if isinstance(found, dict) else None


def read(source: Source, folder: str, notes: Notes) -> Crate | None:
    """None: no Cargo.toml there. Broken TOML is a finding of level error."""
    path = f"{folder}/Cargo.toml".lstrip("/")
    if not source.has(path):
        return None
    try:
        return Crate(folder, tomllib.loads(source.read_text(path)))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = (int(at[1]), int(at[2])) if at else (1, 1)
        message = f"{path}:{line}:{column}: no TOML: {str(error).partition(' (at ')[0]}"
        notes.tell(
            "error", "cargo.toml", message, file=path, line=line, hint="mend it; `cargo check` says the same"
        )
        return Crate(folder, {})


def nearest(source: Source, folder: str, notes: Notes) -> Crate | None:
    """The crate at or above a folder."""
    for at in parents(folder):
        found = read(source, at, notes)
        if found is not None:
            return found
    return None


def workspace_of(source: Source, crate: Crate, notes: Notes) -> Crate | None:
    """The manifest with `[workspace]` that the crate belongs to: its own, the one it names, the nearest above."""
    if crate.workspace is not None:
        return crate
    named = crate.package.get("workspace")
    if isinstance(named, str):
        place = join(crate.folder, named)
        return read(source, place, notes) if place is not None else None
    for at in parents(crate.folder)[1:]:
        found = read(source, at, notes)
        if found is not None and found.workspace is not None:
            return None if _excludes(found, crate.folder[len(at) :].lstrip("/")) else found
    return None


def _excludes(workspace: Crate, below: str) -> bool:
    listed = (workspace.workspace or {}).get("exclude")
    out = [str(path).rstrip("/") for path in listed] if isinstance(listed, list) else []
    return any(below == path or below.startswith(f"{path}/") for path in out)


def members(source: Source, workspace: Crate, notes: Notes, key: str = "members") -> list[Crate]:
    """Crates that the patterns of `members` or `default-members` name."""
    patterns = (workspace.workspace or {}).get(key, [])
    folders: list[str] = []
    for pattern in patterns if isinstance(patterns, list) else []:
        folders += sorted(_match(source, workspace.folder, str(pattern).strip("/").removeprefix("./")))
    crates = (read(source, folder, notes) for folder in dict.fromkeys(folders))
    return [crate for crate in crates if crate is not None]


def _match(source: Source, folder: str, pattern: str) -> Iterator[str]:
    head, _, rest = pattern.partition("/")
    if not head or head == ".":
        yield folder
        return
    if head == "..":
        place = join(folder, head)
        found = [] if place is None else [place]
    else:
        _, below = source.folder(folder)
        found = [f"{folder}/{one}".lstrip("/") for one in below if fnmatchcase(one, head)]
    for place in found:
        if rest:
            yield from _match(source, place, rest)
        else:
            yield place


def targets(source: Source, crate: Crate) -> list[Target]:
    """Programs first, then examples."""
    return [*_bins(source, crate), *_examples(source, crate)]


def _bins(source: Source, crate: Crate) -> list[Target]:
    if not crate.package:
        return []
    named = list(_named(crate, "bin", "src/bin"))
    found = {target.name: target for target in named}
    taken = {target.path for target in named}
    for target in _found_bins(source, crate):
        if target.path not in taken:
            found.setdefault(target.name, target)
    return [target for target in found.values() if source.has(target.path)]


def _found_bins(source: Source, crate: Crate) -> Iterator[Target]:
    """Without being named: src/main.rs under the crate's name, all of src/bin under their own."""
    if crate.package.get("autobins") is not False:
        main = f"{crate.folder}/src/main.rs".lstrip("/")
        yield from [Target("bin", crate.name, main)] if source.has(main) else []
        yield from _found(source, crate, "bin", "src/bin")


def _examples(source: Source, crate: Crate) -> list[Target]:
    if not crate.package:
        return []
    found = {target.name: target for target in _named(crate, "example", "examples")}
    if crate.package.get("autoexamples") is not False:
        for target in _found(source, crate, "example", "examples"):
            found.setdefault(target.name, target)
    return [target for target in found.values() if source.has(target.path)]


def _named(crate: Crate, kind: Kind, folder: str) -> Iterator[Target]:
    entries = crate.data.get(kind)
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            usual = (
                "src/main.rs"
                if kind == "bin" and entry["name"] == crate.name
                else f"{folder}/{entry['name']}.rs"
            )
            path = join(crate.folder, str(entry.get("path", usual)))
            features = entry.get("required-features", [])
            if path is not None:
                yield Target(kind, entry["name"], path, tuple(str(one) for one in features))


def _found(source: Source, crate: Crate, kind: Kind, folder: str) -> Iterator[Target]:
    at = f"{crate.folder}/{folder}".lstrip("/")
    files, folders = source.folder(at)
    for file in sorted(files):
        if file.endswith(".rs"):
            yield Target(kind, file.removesuffix(".rs"), f"{at}/{file}")
    for below in sorted(folders):
        if source.has(f"{at}/{below}/main.rs"):
            yield Target(kind, below, f"{at}/{below}/main.rs")


def tables(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every table of dependencies of a manifest."""
    kinds = ("dependencies", "dev-dependencies", "build-dependencies")
    whole = [data, *(one for one in (data.get("target") or {}).values() if isinstance(one, dict))]
    for place in whole:
        yield from (place[kind] for kind in kinds if isinstance(place.get(kind), dict))


def local_paths(crate: Crate) -> Iterator[str]:
    """Folders of path dependencies, from the root; also those of the workspace's table and of `[patch]`."""
    for table in [*tables(crate.data), *_shared(crate)]:
        entries = [entry for entry in table.values() if isinstance(entry, dict)]
        for path in (entry["path"] for entry in entries if isinstance(entry.get("path"), str)):
            place = join(crate.folder, path)
            yield place if place is not None else f"../{name(path)}"


def _shared(crate: Crate) -> list[dict[str, Any]]:
    patches = crate.data.get("patch")
    more = [
        (crate.workspace or {}).get("dependencies"),
        *(patches.values() if isinstance(patches, dict) else ()),
    ]
    return [one for one in more if isinstance(one, dict)]


def line_of(text: str, word: str) -> int:
    """First line that starts with a key; 1 where it is written otherwise."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().startswith(word) or line.strip().endswith(f".{word}]"):
            return number
    return 1


__all__ = [
    "Crate", "Target", "line_of", "local_paths", "members", "nearest", "parent", "read", "tables", "targets", "workspace_of",
]  # fmt: skip
