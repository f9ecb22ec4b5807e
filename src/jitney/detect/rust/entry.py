"""Which program of a Cargo project is meant, or which file is one by itself."""

from __future__ import annotations

import msgspec

from jitney.detect.model import Wishes
from jitney.detect.notes import Notes
from jitney.detect.rust.code import look
from jitney.detect.rust.manifest import Crate, Kind, Target, members, nearest, read, targets, workspace_of
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import is_under, join, name, parent

BARE_ROOT = ".jitney-crate"
"""Where the generated manifest of a bare file lies in the build; beside the sources, so that no manifest of theirs is hidden."""


class Chosen(msgspec.Struct, frozen=True):
    """crate: None for a bare file or a script. path: the main file. root: the folder in which cargo works: the workspace's, the
    crate's, or BARE_ROOT. features: of the crate, that the target requires."""

    path: str
    kind: Kind
    name: str
    root: str
    crate: Crate | None = None
    workspace: Crate | None = None
    features: tuple[str, ...] = ()


def choose(source: Source, wishes: Wishes, notes: Notes) -> Chosen:
    """DetectionError: nothing to run, or several alike."""
    if source.entry:
        return _file(source, source.entry, notes)
    place = join(source.workdir, wishes.entry) if wishes.entry else None
    if place is not None and source.has(place) and place.endswith(".rs"):
        notes.saw("flag.entry", "entry", place, place)
        return _file(source, place, notes)
    crate = nearest(source, source.workdir, notes)
    if crate is None:
        return _without_manifest(source, wishes, notes)
    return _of_project(source, crate, wishes, notes)


def _file(source: Source, path: str, notes: Notes) -> Chosen:
    crate = None if source.alone else nearest(source, parent(path), notes)
    if crate is not None:
        found = next((target for target in targets(source, crate) if target.path == path), None)
        if found is not None:
            return _chosen("rust.entry.target", source, crate, found, notes)
        if not look(source.read_text(path), path).main and is_under(path, f"{crate.folder}/src".lstrip("/")):
            return _of_project(source, crate, Wishes(), notes)
    if not look(source.read_text(path), path).main:
        raise DetectionError(
            f"{path} has no `fn main`", "hand over the file that has it, or the crate's folder"
        )
    notes.saw("source.file", "entry", path, path)
    return Chosen(path=path, kind="bin", name="program", root=BARE_ROOT)


def _without_manifest(source: Source, wishes: Wishes, notes: Notes) -> Chosen:
    """The one crate below with a program, else the one file with a `fn main`."""
    programs = _programs_below(source, notes)
    if len(programs) == 1:
        return _of_project(source, programs[0], wishes, notes)
    if programs:
        listed = [crate.folder for crate in programs]
        message = f"{len(listed)} crates below {source.label} have programs"
        raise _several(message, listed, f"jitney run {source.label}/{listed[0]} …")
    return _file(source, _only_main(source), notes)


def _programs_below(source: Source, notes: Notes) -> list[Crate]:
    below = sorted({parent(path) for path in source.files() if name(path) == "Cargo.toml"})
    crates = [crate for folder in below if (crate := read(source, folder, notes)) is not None]
    return [crate for crate in crates if any(one.kind == "bin" for one in targets(source, crate))]


def _only_main(source: Source) -> str:
    rust = [path for path in source.files() if path.endswith(".rs")]
    mains = [path for path in rust if look(source.read_text(path), path).main]
    if not mains:
        message = f"{source.label}: no `fn main` was found in its .rs files"
        raise DetectionError(message, "name it: jitney run --entry FILE …")
    usual = [path for path in mains if name(path) == "main.rs"] if len(mains) > 1 else mains
    if len(usual) != 1:
        raise _several("several files have a `fn main`", mains, f"jitney run {mains[0]} …")
    return usual[0]


def _several(message: str, listed: list[str], command: str) -> DetectionError:
    more = f"\n  … {len(listed) - 12} more" if len(listed) > 12 else ""
    return DetectionError(message + ":\n  " + "\n  ".join(listed[:12]) + more, f"choose one: {command}")


Pair = tuple[Crate, Target]


def _of_project(source: Source, crate: Crate, wishes: Wishes, notes: Notes) -> Chosen:
    crates = _candidates(source, crate, notes)
    every = _targets(source, crates)
    if wishes.entry:
        return _wished(source, every, wishes.entry, notes)
    here = [pair for pair in every if parent(pair[1].path) == source.workdir]
    if len(here) == 1 and source.workdir != here[0][0].folder:
        return _chosen("rust.entry.folder", source, *here[0], notes)
    bins = [pair for pair in every if pair[1].kind == "bin"]
    if bins:
        return _best(source, bins, notes)
    if len(every) == 1:
        return _chosen("rust.entry.example", source, *every[0], notes)
    raise _library(crate, every)


def _targets(source: Source, crates: list[Crate]) -> list[Pair]:
    return [(one, target) for one in crates for target in targets(source, one)]


def _library(crate: Crate, examples: list[Pair]) -> DetectionError:
    if not examples:
        return DetectionError(f"{crate.file} has no program: no src/main.rs, no src/bin, no [[bin]], no examples",
                              "a library cannot be run; hand over the file of a program that uses it")  # fmt: skip
    listed = [target.path for _, target in examples]
    message = f"{crate.file} is a library with {len(listed)} examples"
    return _several(message, listed, f"jitney run {listed[0]} …")


def _candidates(source: Source, crate: Crate, notes: Notes) -> list[Crate]:
    """The crate; for a workspace without one of its own its default members, else its members."""
    if crate.package:
        return [crate]
    return members(source, crate, notes, "default-members") or members(source, crate, notes)


def _wished(source: Source, every: list[Pair], wish: str, notes: Notes) -> Chosen:
    """--entry names a program, an example, a crate of the workspace."""
    exact = [pair for pair in every if pair[1].name == wish]
    found = exact or [pair for pair in every if pair[0].name == wish and pair[1].kind == "bin"]
    if not found:
        names = ", ".join(sorted(target.name for _, target in every)[:20]) or "none"
        raise DetectionError(f"the entry {wish} is not there", f"programs and examples: {names}")
    return _chosen("flag.entry", source, *found[0], notes)


def _best(source: Source, bins: list[Pair], notes: Notes) -> Chosen:
    """The only one; `default-run`; src/main.rs; the one with the folder's name, or its crate's."""
    usual = (name(source.workdir), *(crate.name for crate, _ in bins))
    groups = {
        "rust.entry.only": bins,
        "rust.entry.default-run": [one for one in bins if _is_default(one)],
        "rust.entry.main": [one for one in bins if one[1].path.endswith("src/main.rs")],
        "rust.entry.named": [one for one in bins if one[1].name in usual],
    }
    others = tuple(target.name for _, target in bins)
    for rule, found in groups.items():
        if len(found) == 1:
            return _chosen(rule, source, *found[0], notes, others)
    names = [f"{target.name}  ({target.path})" for _, target in bins]
    raise _several(
        f"{len(bins)} programs could be the one to start", names, f"jitney run --entry {others[0]} …"
    )


def _is_default(pair: Pair) -> bool:
    crate, target = pair
    return crate.package.get("default-run") == target.name


def _chosen(
    rule: str, source: Source, crate: Crate, target: Target, notes: Notes, others: tuple[str, ...] = ()
) -> Chosen:
    notes.saw(rule, "entry", target.name, target.path, 0, tuple(one for one in others if one != target.name))
    workspace = workspace_of(source, crate, notes)
    return Chosen(
        path=target.path,
        kind=target.kind,
        name=target.name,
        root=(workspace or crate).folder,
        crate=crate,
        workspace=workspace,
        features=target.features,
    )
