"""The files that go into the build: the program's folder, its crate, crates it names by path, what they include, and of a
workspace's other members as much as cargo must see."""

from __future__ import annotations

from jitney.detect.notes import Notes
from jitney.detect.rust.code import INCLUDES, RustFile
from jitney.detect.rust.entry import Chosen
from jitney.detect.rust.manifest import Crate, local_paths, members, read
from jitney.source import Source
from jitney.source.paths import join, name, parent

CONFIG = (
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    ".cargo/config",
    "rust-toolchain.toml",
    "rust-toolchain",
)


def takes(source: Source, chosen: Chosen, files: dict[str, RustFile], notes: Notes) -> tuple[str, ...]:
    taken = {*source.files(), *files, chosen.path}
    if chosen.crate is not None:
        taken |= _project(source, chosen, chosen.crate, notes)
    for path, seen in files.items():
        taken |= {place for word in seen.includes if (place := join(parent(path), word))}
    return tuple(sorted(path for path in taken if source.has(path)))


def _project(source: Source, chosen: Chosen, crate: Crate, notes: Notes) -> set[str]:
    taken = {path for folder in _closure(source, chosen, crate, notes) for path in source.files(folder)}
    taken |= {found for path in sorted(taken) if path.endswith(".rs") for found in _included(source, path)}
    taken |= {f"{folder}/{file}".lstrip("/") for folder in (chosen.root, crate.folder, "") for file in CONFIG}
    return taken | _of_members(source, chosen, notes)


def _of_members(source: Source, chosen: Chosen, notes: Notes) -> set[str]:
    """Of a workspace's other members as much as cargo has to see: their manifests, and that their targets are there."""
    found = members(source, chosen.workspace, notes) if chosen.workspace else []
    files = [path for member in found for path in source.files(member.folder)]
    return {path for path in files if path.endswith(".rs") or name(path) == "Cargo.toml"}


def _included(source: Source, path: str) -> set[str]:
    """What a file includes from above its own folder."""
    text = source.read_text(path)
    if "include" not in text:
        return set()
    places = (join(parent(path), word) for word in INCLUDES.findall(text) if word.startswith(".."))
    return {place for place in places if place and source.has(place)}


def _closure(source: Source, chosen: Chosen, crate: Crate, notes: Notes) -> list[str]:
    """The crate's folder and those of the crates that it names by path, directly or through others."""
    above = chosen.workspace
    todo = [crate, *([above] if above is not None and above.folder != crate.folder else [])]
    found = [crate.folder]
    while todo:
        one = todo.pop(0)
        for folder in local_paths(one):
            if folder.startswith(".."):
                message = f"{one.file}: a dependency by path, {folder}, lies outside the source"
                notes.tell(
                    "error", "rust.path", message, hint="hand over a checkout that has both", file=one.file
                )
            elif folder not in found and (below := read(source, folder, notes)) is not None:
                found.append(folder)
                todo.append(below)
    return found
