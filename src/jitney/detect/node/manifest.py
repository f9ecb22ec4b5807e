"""package.json and what stands beside it: the project, its workspace, its package manager."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import msgspec

from jitney.detect.node.jsonc import loads, strings, table, texts
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import join, parent, parents

LOCKS: tuple[tuple[str, str], ...] = (
    ("pnpm-lock.yaml", "pnpm"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("yarn.lock", "yarn"),
    ("npm-shrinkwrap.json", "npm"),
    ("package-lock.json", "npm"),
)
"""Lock file → its manager, in the order in which they are believed: npm's is written by accident most often."""

BESIDE = (".npmrc", ".yarnrc.yml", ".yarnrc", "pnpm-workspace.yaml", ".pnpmfile.cjs", "bunfig.toml")
"""Files of a project that change how its packages are installed."""


class Project(msgspec.Struct):
    """folder: of the nearest package.json; root: of the workspace it belongs to, else the same. own, top: their contents.
    members: folders of the workspace → their package.json. manager with its version (`9`, `1.22.22`), empty: any."""

    folder: str
    root: str
    own: dict[str, object]
    top: dict[str, object]
    members: dict[str, dict[str, object]] = {}
    manager: str = "npm"
    manager_version: str = ""
    lock: str = ""

    @property
    def manifests(self) -> tuple[str, ...]:
        places = dict.fromkeys((self.folder, self.root, *self.members))
        return tuple(f"{place}/package.json".lstrip("/") for place in places)

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


def find(source: Source, notes: Notes) -> Project | None:
    """The project around the program; None: a bare file."""
    around = [source.workdir] if source.alone else parents(source.workdir)
    folder = next((at for at in around if source.has(_in(at, "package.json"))), None)
    if folder is None or source.alone:
        return None
    own = read(source, folder, notes)
    root, members = _workspace(source, folder, own, notes)
    project = Project(folder, root, own, own if root == folder else read(source, root, notes), members)
    _choose_manager(source, project, notes)
    return project


def read(source: Source, folder: str, notes: Notes) -> dict[str, object]:
    path = _in(folder, "package.json")
    try:
        return table(loads(source.read_text(path)))
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        notes.tell("error", "node.manifest", f"{path}:{line}: {error}", file=path, line=line,
                   hint="package.json has to be JSON")  # fmt: skip
        return {}


def _in(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file


def _patterns(source: Source, folder: str, data: dict[str, object]) -> list[str]:
    """Globs of a workspace's members."""
    said = data.get("workspaces")
    found = strings(said) or strings(table(said).get("packages"))
    path = _in(folder, "pnpm-workspace.yaml")
    if source.has(path):
        block = re.search(
            r"(?m)^packages:[ \t]*\n((?:[ \t]*(?:#.*)?\n|[ \t]*-.*\n?)*)", source.read_text(path) + "\n"
        )
        found += (
            re.findall(r"(?m)^[ \t]*-[ \t]*[\"']?([^\"'\n#]+?)[\"']?[ \t]*(?:#.*)?$", block[1])
            if block
            else []
        )
    return [pattern.removeprefix("./").rstrip("/") for pattern in found]


def _workspace(
    source: Source, folder: str, own: dict[str, object], notes: Notes
) -> tuple[str, dict[str, dict[str, object]]]:
    for at in parents(folder):
        if not source.has(_in(at, "package.json")):
            continue
        patterns = _patterns(source, at, own if at == folder else read(source, at, Notes()))
        if not patterns:
            continue
        members = _members(source, at, patterns)
        if at == folder or folder in members:
            return at, {place: read(source, place, notes) for place in members}
    return folder, {}


def _members(source: Source, root: str, patterns: list[str]) -> list[str]:
    found = []
    for path in source.files(root):
        if not path.endswith("/package.json"):
            continue
        place = parent(path)
        below = place.removeprefix(root).strip("/")
        wanted = [_matches(below, pattern) for pattern in patterns if not pattern.startswith("!")]
        unwanted = [_matches(below, pattern[1:]) for pattern in patterns if pattern.startswith("!")]
        if below and any(wanted) and not any(unwanted):
            found.append(place)
    return found


def _matches(path: str, pattern: str) -> bool:
    """`*` stays in its folder, `**` does not."""
    if "**" in pattern:
        return fnmatchcase(path, pattern.replace("**/", "*").replace("**", "*"))
    return path.count("/") == pattern.count("/") and fnmatchcase(path, pattern)


def _choose_manager(source: Source, project: Project, notes: Notes) -> None:
    """packageManager and devEngines, then lock files, then engines. A lock is believed before a name: it has the versions."""
    path = _in(project.root, "package.json")
    said, version = _named(project, path)
    locks = [(file, manager) for file, manager in LOCKS if source.has(_in(project.root, file))]
    if not locks and project.folder != project.root:
        locks = []
    fitting = [(file, manager) for file, manager in locks if not said or manager == said] or locks
    file, manager = fitting[0] if fitting else ("", said)
    if said and manager != said:
        notes.tell("warning", "node.manager", f"{path} names {said}, but the only lock file is {manager}'s {file}: it is used",
                   file=path, hint=f"make a lock file with {said}, or take packageManager out")  # fmt: skip
        version = ""
    others = tuple(f"{other} ({whose})" for other, whose in locks if other != file and whose != manager)
    if others:
        message = (
            f"lock files of several package managers: {file} ({manager}) is used, not {', '.join(others)}"
        )
        notes.tell("warning", "node.locks", message, hint="remove those that are not kept up")
    if not manager:
        engines = texts(project.top.get("engines")) | texts(project.own.get("engines"))
        manager = next((name for name in ("pnpm", "bun", "yarn") if name in engines), "npm")
        manager = "bun" if manager == "npm" and source.has(_in(project.root, "bunfig.toml")) else manager
    project.manager, project.lock = manager, _in(project.root, file) if file else ""
    project.manager_version = version or _version_of_lock(source, project)
    if manager == "yarn" and _is_berry(source, project):
        project.manager = "berry"
    rule = "node.manager.lock" if file else "node.manager.named" if said else "node.manager.default"
    notes.saw(rule, "manager", project.manager, project.lock or path, 0, others)


def _named(project: Project, path: str) -> tuple[str, str]:
    """Manager and version that package.json names. DetectionError: two different ones."""
    field = project.top.get("packageManager") or project.own.get("packageManager")
    match = re.match(r"(npm|pnpm|yarn|bun)@([\w.-]+)", field if isinstance(field, str) else "")
    engines = table(table(project.top.get("devEngines")).get("packageManager"))
    other = engines.get("name")
    if match and isinstance(other, str) and other != match[1]:
        raise DetectionError(
            f"{path}: packageManager says {match[1]}, devEngines.packageManager says {other}",
            "leave one of them",
        )
    if match:
        return match[1], match[2]
    return (other, "") if other in ("npm", "pnpm", "yarn", "bun") and isinstance(other, str) else ("", "")


_PNPM = {"5.3": "6", "5.4": "7", "6": "8", "9": "9"}
_BERRY = {"4": "3.0", "5": "3.1", "6": "3", "7": "4.0.0-rc.42", "8": "4.13", "9": "4.14"}
"""Version of yarn.lock → the last Yarn that writes it: a newer one would write it anew, which is no longer the lock."""


def _version_of_lock(source: Source, project: Project) -> str:
    """The major of pnpm that writes this lock's version."""
    if project.manager == "pnpm":
        wanted = re.match(r"\D*(\d+)", texts(project.top.get("engines")).get("pnpm", ""))
        text = source.read_text(project.lock)[:400] if project.lock else ""
        match = re.search(r"(?m)^lockfileVersion:\s*['\"]?(\d+(?:\.\d+)?)", text)
        found = _PNPM.get(match[1], _PNPM.get(match[1].partition(".")[0], "")) if match else ""
        return wanted[1] if wanted and (not found or int(wanted[1]) > 9) else found
    return ""


def _is_berry(source: Source, project: Project) -> bool:
    text = source.read_text(project.lock)[:2000] if project.lock.endswith("yarn.lock") else ""
    match = re.search(r"(?m)^__metadata:\s*\n\s+version:\s*(\d+)", text)
    if match and not project.manager_version:
        project.manager_version = _BERRY.get(match[1], "4")
    major = project.manager_version.partition(".")[0]
    if not text and not major:
        return source.has(_in(project.root, ".yarnrc.yml"))
    return bool(match) or (major.isdigit() and int(major) > 1 and not text)


def beside(source: Source, project: Project) -> list[str]:
    """Paths of the files that change how packages are installed, patches too."""
    found = [_in(project.root, file) for file in BESIDE if source.has(_in(project.root, file))]
    for folder in ("patches", ".yarn/patches"):
        place = _in(project.root, folder)
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
