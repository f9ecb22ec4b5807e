"""Which package manager a project belongs to.

packageManager > devEngines > pnpm-lock.yaml > bun.lock > yarn.lock > a file that one manager alone reads > engines that name
one manager alone > npm's lock > npm

A name is believed before a lock: Corepack and the managers themselves refuse to work where the name says another. npm's lock
comes last: it is written by accident most often.
"""

from __future__ import annotations

import re

import msgspec

from jitney.detect.node.jsonc import table, texts
from jitney.detect.node.manifest import Project
from jitney.detect.node.workspace import within
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source import Source

LOCKS: tuple[tuple[str, str], ...] = (
    ("pnpm-lock.yaml", "pnpm"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("yarn.lock", "yarn"),
    ("npm-shrinkwrap.json", "npm"),
    ("package-lock.json", "npm"),
)
"""Lock file → its manager, in the order in which they are believed."""

SETTINGS: tuple[tuple[str, str], ...] = (
    ("pnpm-workspace.yaml", "pnpm"),
    (".pnpmfile.cjs", "pnpm"),
    (".yarnrc.yml", "yarn"),
    ("bunfig.toml", "bun"),
    (".yarnrc", "yarn"),
    ("package.json5", "pnpm"),
)
"""Files that one manager alone reads."""

MANAGERS = ("npm", "pnpm", "yarn", "bun")
_PNPM = {"5.3": "6", "5.4": "7", "6": "8", "9": "9"}
_BERRY = {"4": "3.0", "5": "3.1", "6": "3", "7": "4.0.0-rc.42", "8": "4.13", "9": "4.14"}
"""Version of yarn.lock → the last Yarn that writes it: a newer one would write it anew, which is no longer the lock."""


class Found(msgspec.Struct, frozen=True):
    manager: str
    rule: str
    file: str
    version: str = ""


def choose_manager(source: Source, project: Project, notes: Notes) -> None:
    """Sets the project's manager, its version and its lock. DetectionError: package.json names two."""
    locks = [(file, whose) for file, whose in LOCKS if source.has(within(project.root, file))]
    found = _named(project) or _told(source, project, locks)
    own, others = _sorted(locks, found.manager)
    project.manager, project.is_default = found.manager, found.rule == "node.manager.default"
    project.lock = within(project.root, own) if own else ""
    project.manager_version = found.version or _version(source, project)
    if found.manager == "yarn" and _is_berry(source, project):
        project.manager = "berry"
    if others:
        _tell_others(found, own, others, notes)
    notes.saw(found.rule, "manager", project.manager, found.file, 0, tuple(others))


def _sorted(locks: list[tuple[str, str]], manager: str) -> tuple[str, list[str]]:
    """The manager's own lock, empty where it has none; the others in words."""
    own = next((file for file, whose in locks if whose == manager), "")
    return own, [f"{file} ({whose})" for file, whose in locks if whose != manager]


def _told(source: Source, project: Project, locks: list[tuple[str, str]]) -> Found:
    """What the files of the root say."""
    for file, whose in locks:
        if whose != "npm":
            return Found(whose, "node.manager.lock", within(project.root, file))
    for file, whose in SETTINGS:
        if source.has(path := within(project.root, file)):
            return Found(whose, "node.manager.settings", path)
    manifest = project.path_of(project.root)
    if named := _engines(project):
        return Found(named, "node.manager.engines", manifest)
    if locks:
        return Found("npm", "node.manager.lock", within(project.root, locks[0][0]))
    return Found("npm", "node.manager.default", manifest)


def _engines(project: Project) -> str:
    """The one manager whose version is asked for: a list of several says which are taken, not which is used; and a sentence
    (`"yarn": "please use npm"`) forbids."""
    engines = texts(project.top.get("engines")) | texts(project.own.get("engines"))
    named = [name for name in MANAGERS if re.match(r"[\s<>=~^v]*\d|\*", engines.get(name, ""))]
    return named[0] if len(named) == 1 else ""


def _tell_others(found: Found, own: str, others: list[str], notes: Notes) -> None:
    if own:
        message = f"lock files of several package managers: {own} ({found.manager}) is used, not {', '.join(others)}"
        notes.tell("warning", "node.locks", message, hint="remove those that are not kept up")
        return
    message = f"{found.file} names {found.manager}, whose lock file is missing; not used: {', '.join(others)}"
    notes.tell("warning", "node.manager", message, file=found.file,
               hint=f"make a lock file with {found.manager}, or name the other manager")  # fmt: skip


def _named(project: Project) -> Found | None:
    """Manager and version that package.json names. DetectionError: two different ones."""
    path = project.path_of(project.root)
    field = project.top.get("packageManager") or project.own.get("packageManager")
    match = re.match(r"(npm|pnpm|yarn|bun)@([\w.-]+)", field if isinstance(field, str) else "")
    other = _dev_engine(project)
    if match and other and other != match[1]:
        raise DetectionError(
            f"{path}: packageManager says {match[1]}, devEngines.packageManager says {other}",
            "leave one of them",
        )
    if match:
        return Found(match[1], "node.manager.named", path, match[2])
    return Found(other, "node.manager.dev-engines", path) if other else None


def _dev_engine(project: Project) -> str:
    """`devEngines.packageManager`: one, or a list in which the first counts."""
    said = table(project.top.get("devEngines")).get("packageManager")
    first = said[0] if isinstance(said, list) and said else said
    name = table(first).get("name")
    return name if isinstance(name, str) and name in MANAGERS else ""


def _version(source: Source, project: Project) -> str:
    """Of pnpm: the major that writes this lock's version. 10 and 11 write 9.0 as 9 does: `engines` says which."""
    if project.manager != "pnpm":
        return ""
    engines = texts(project.top.get("engines")) | texts(project.own.get("engines"))
    wanted = re.match(r"\D*(\d+)", engines.get("pnpm", ""))
    text = source.read_text(project.lock)[:400] if project.lock else ""
    match = re.search(r"(?m)^lockfileVersion:\s*['\"]?(\d+(?:\.\d+)?)", text)
    found = _PNPM.get(match[1], _PNPM.get(match[1].partition(".")[0], "")) if match else ""
    return wanted[1] if wanted and (not found or int(wanted[1]) > 9) else found


def _is_berry(source: Source, project: Project) -> bool:
    """Yarn 2 and newer: by its lock, else by the version that is named, else by its settings."""
    text = source.read_text(project.lock)[:2000] if project.lock else ""
    match = re.search(r"(?m)^__metadata:\s*\n\s+version:\s*(\d+)", text)
    if match and not project.manager_version:
        project.manager_version = _BERRY.get(match[1], "4")
    major = project.manager_version.partition(".")[0]
    if not text and not major:
        return source.has(within(project.root, ".yarnrc.yml"))
    return bool(match) or (major.isdigit() and int(major) > 1 and not text)
