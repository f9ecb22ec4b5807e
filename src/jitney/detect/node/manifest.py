"""package.json and what stands beside it: the project, its workspace, its package manager."""

from __future__ import annotations

import re

import msgspec

from jitney.detect.node.jsonc import loads, table, texts
from jitney.detect.node.workspace import manifest_in, members, patterns, within
from jitney.detect.notes import Notes
from jitney.source import Source
from jitney.source.paths import join, parents

BESIDE = (".npmrc", ".yarnrc.yml", ".yarnrc", "pnpm-workspace.yaml", ".pnpmfile.cjs", "bunfig.toml")
"""Files of a project that change how its packages are installed."""


class Project(msgspec.Struct):
    """folder: of the nearest package.json; root: of the workspace it belongs to, else the same. own, top: their contents.
    members: folders of the workspace → their package.json; paths: folder → path of its manifest. manager
    with its version (`9`, `1.22.22`), empty: any; is_default: nothing names one."""

    folder: str
    root: str
    own: dict[str, object]
    top: dict[str, object]
    members: dict[str, dict[str, object]] = {}
    paths: dict[str, str] = {}
    manager: str = "npm"
    manager_version: str = ""
    is_default: bool = False
    lock: str = ""

    @property
    def manifests(self) -> tuple[str, ...]:
        return tuple(self.path_of(place) for place in dict.fromkeys((self.folder, self.root, *self.members)))

    def path_of(self, folder: str) -> str:
        return self.paths.get(folder, within(folder, "package.json"))

    def own_and_top(self) -> list[tuple[str, dict[str, object]]]:
        """Path and content of the nearest manifest, then of the workspace's where that is another."""
        whole = {self.path_of(self.folder): self.own, self.path_of(self.root): self.top}
        return list(whole.items())

    @property
    def scripts(self) -> dict[str, str]:
        return texts(self.own.get("scripts"))

    def dependencies(self, *, dev: bool = False) -> dict[str, str]:
        """Name → wanted version, of the program's own package and its workspace's root."""
        kinds = ("devDependencies",) if dev else ("peerDependencies", "optionalDependencies", "dependencies")
        found: dict[str, str] = {}
        for data in (self.top, self.own):
            for kind in kinds:
                found |= texts(data.get(kind))
        return found

    def own_dependencies(self) -> set[str]:
        """Names that the nearest manifest itself declares, whatever they are for."""
        kinds = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
        return {name for kind in kinds for name in texts(self.own.get(kind))}


def find(source: Source, notes: Notes) -> Project | None:
    """The project around the program; None: a bare file."""
    around = [source.workdir] if source.alone else parents(source.workdir)
    folder = next((at for at in around if manifest_in(source, at)), None)
    if folder is None or source.alone:
        return None
    own = read(source, folder, notes)
    root, within_it = _workspace(source, folder, own, notes)
    top = own if root == folder else read(source, root, notes)
    paths = {place: manifest_in(source, place) for place in (folder, root, *within_it)}
    return Project(folder, root, own, top, within_it, paths)


def read(source: Source, folder: str, notes: Notes) -> dict[str, object]:
    path = manifest_in(source, folder)
    try:
        return table(loads(source.read_text(path), is_json5=path.endswith("5")))
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        notes.tell("error", "node.manifest", f"{path}:{line}: {error}", file=path, line=line,
                   hint="package.json has to be JSON")  # fmt: skip
        return {}


def _workspace(
    source: Source, folder: str, own: dict[str, object], notes: Notes
) -> tuple[str, dict[str, dict[str, object]]]:
    """Its root and its members; a project that is in none is its own root."""
    for at in parents(folder):
        if not manifest_in(source, at):
            continue
        globs = patterns(source, at, own if at == folder else read(source, at, Notes()))
        found = members(source, at, globs) if globs else []
        if globs and (at == folder or folder in found):
            return at, {place: read(source, place, notes) for place in found}
    return folder, {}


def beside(source: Source, project: Project) -> list[str]:
    """Paths of the files that change how packages are installed, patches too."""
    found = [within(project.root, file) for file in BESIDE if source.has(within(project.root, file))]
    for folder in ("patches", ".yarn/patches"):
        place = within(project.root, folder)
        if source.has_folder(place):
            found += source.files(place)
    return found


def local_dependencies(source: Source, project: Project) -> list[str]:
    """Folders that `file:` and `link:` name, relative to the package that names them."""
    found = []
    for folder, data in {project.folder: project.own, project.root: project.top, **project.members}.items():
        for kind in ("dependencies", "devDependencies", "optionalDependencies"):
            for wanted in texts(data.get(kind)).values():
                match = re.fullmatch(r"(?:file|link|portal):(.+)", wanted)
                place = join(folder, match[1].rstrip("/")) if match else None
                if place is not None and source.has_folder(place):
                    found.append(place)
    return list(dict.fromkeys(found))
