"""Which package of a repository is the program: the folder's own, the one that its start script leads to, or the only one
of the workspace that can be started. Several alike: all are listed, and the user chooses.

root package.json ─ start: cd apps/web && npm start ─► apps/web
                  ─ start: turbo run start ─► every member with `start`: one, or a list
                  ─ no start ─► members with a start script ─► sites ─► members that nobody depends on
"""

from __future__ import annotations

import msgspec

from jitney.detect.model import Wishes
from jitney.detect.node import site
from jitney.detect.node.entry import USUAL
from jitney.detect.node.entry import there as file_there
from jitney.detect.node.follow import SCRIPTS
from jitney.detect.node.forward import Forward, forward
from jitney.detect.node.jsonc import loads, table, texts
from jitney.detect.node.manifest import Project
from jitney.detect.node.workspace import within
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import join, name, parent

DEPTH = 4
"""Of forwards from script to script: more is a circle."""


class Place(msgspec.Struct, frozen=True):
    """folder: the program's; script: what starts it there, of its manifest; text: a command of the one that led here. entry: the
    file that a tool's configuration names. why: in words."""

    folder: str
    script: str = "start"
    text: str = ""
    entry: str = ""
    why: str = ""


def where(source: Source, project: Project | None, wishes: Wishes, notes: Notes) -> Place | None:
    """None: here. DetectionError: several that are alike."""
    if project is None or wishes.entry or source.entry or project.folder != source.workdir:
        return None
    said = project.scripts.get("start")
    place = _forwarded(source, project, said) if said is not None else _without_start(source, project)
    if place is not None:
        value = f"{place.folder or '.'} ({place.why})"
        others = _others(source, project, place)
        notes.saw("node.workspace", "program", value, project.path_of(project.folder), 0, others)
    return place


def _others(source: Source, project: Project, place: Place) -> tuple[str, ...]:
    """The other programs of the workspace."""
    return tuple(one.folder for one in _programs(source, project, "start") if one.folder != place.folder)


def _forwarded(source: Source, project: Project, text: str) -> Place | None:
    """Where a start script leads; None: it starts something here, or what it names is not there."""
    there = forward(_own_script(project, text))
    if there is None:
        return None
    if there.folder:
        folder = join(project.folder, there.folder)
        is_there = folder is not None and source.has_folder(folder)
        return Place(folder, there.script, there.text, why=text) if is_there and folder is not None else None
    if found := _nx(source, project, there):
        return found
    if there.member:
        return next((Place(one, there.script, why=text) for one in _named(project, there.member)), None)
    is_root = project.folder == project.root
    return _one(source, project, _programs(source, project, there.script)) if is_root else None


def _own_script(project: Project, text: str) -> str:
    """`npm run start:api` is the script it names, where that leads elsewhere."""
    for _ in range(DEPTH):
        words = text.split()
        called = words[-1] if len(words) in (2, 3) and words[0] in ("npm", "yarn", "pnpm", "bun") else ""
        if called not in project.scripts or project.scripts[called] == text:
            return text
        text = project.scripts[called]
    return text


def _named(project: Project, member: str) -> list[str]:
    """Folders of members with this name: of its manifest, or of the folder."""
    exact = [folder for folder, data in project.members.items() if data.get("name") == member]
    return exact or [folder for folder in project.members if name(folder) == name(member)]


def _without_start(source: Source, project: Project) -> Place | None:
    """A root that starts nothing itself: one of its members."""
    if project.folder != project.root:
        return None  # a member itself: the others are not its parts
    if not project.members and not source.has(within(project.folder, "nx.json")):
        return None
    main = project.own.get("main") or project.own.get("module")
    if isinstance(main, str) and file_there(source, project.folder, main):
        return None
    if any(source.has(within(project.folder, f"{stem}{end}")) for stem in USUAL for end in SCRIPTS):
        return None
    return _one(source, project, _programs(source, project, "start"))


def _one(source: Source, project: Project, found: list[Place]) -> Place | None:
    if len(found) < 2:
        return found[0] if found else None
    listed = "\n  ".join(f"{one.folder} ({one.why})" for one in found[:12])
    prefix = "" if source.label in ("", ".") else f"{source.label.rstrip('/')}/"
    below = found[0].folder.removeprefix(f"{project.folder}/" if project.folder else "")
    raise DetectionError(
        f"{len(found)} programs of the workspace {source.label} could be the one to start:\n  {listed}",
        f"choose one: jitney run {prefix}{below} …",
    )


def _programs(source: Source, project: Project, script: str) -> list[Place]:
    """By the most telling sign that any member has."""
    members = {folder: data for folder, data in project.members.items() if folder != project.folder}
    scripts = {folder: texts(data.get("scripts")) for folder, data in members.items()}
    if started := [
        Place(folder, script, why=said[script]) for folder, said in scripts.items() if script in said
    ]:
        return started
    found = {one.folder: one for one in (*_sites(source, project, members), *_alone(source, members))}
    return list(found.values()) or _nx_programs(source, project)


def _sites(source: Source, project: Project, members: dict[str, dict[str, object]]) -> list[Place]:
    kinds = {
        folder: site.site_of(source, Project(folder, project.root, data, data))
        for folder, data in members.items()
    }
    return [Place(folder, why=kind.package) for folder, kind in kinds.items() if kind is not None]


def _alone(source: Source, members: dict[str, dict[str, object]]) -> list[Place]:
    """Members with a file of a program's name that no other member depends on."""
    used = {other for data in members.values() for other in Project("", "", data, data).own_dependencies()}
    files = {
        folder: _program(source, folder) for folder, data in members.items() if data.get("name") not in used
    }
    return [Place(folder, why=name(file)) for folder, file in files.items() if file]


def _program(source: Source, folder: str) -> str:
    """A file of a program's usual name; `index` alone is any library's."""
    stems = [stem for stem in USUAL if name(stem) != "mod"]
    found = (within(folder, f"{stem}{end}") for stem in stems for end in SCRIPTS)
    return next((path for path in found if source.has(path)), "")


def _nx_projects(source: Source, project: Project) -> dict[str, str]:
    """Name → folder of Nx's projects."""
    found = {}
    for path in source.files(project.folder):
        if name(path) == "project.json":
            said = _json(source, path).get("name")
            found[said if isinstance(said, str) else name(parent(path))] = parent(path)
    return found


def _nx(source: Source, project: Project, there: Forward) -> Place | None:
    """`nx serve api`, or Nx's default project."""
    path = within(project.folder, "nx.json")
    if not source.has(path):
        return None
    member = there.member or _json(source, path).get("defaultProject")
    folder = _nx_projects(source, project).get(member) if isinstance(member, str) else None
    if folder is None:
        return None
    return _nx_place(source, folder, f"nx {there.script} {member}")


def _nx_programs(source: Source, project: Project) -> list[Place]:
    """Nx's projects that have something to serve."""
    if not source.has(within(project.folder, "nx.json")):
        return []
    return [
        _nx_place(source, folder, "project.json")
        for folder in _nx_projects(source, project).values()
        if {"serve", "start"} & set(table(_json(source, f"{folder}/project.json").get("targets")))
    ]


def _nx_place(source: Source, folder: str, why: str) -> Place:
    """Its entry is the file that its build begins with, written from the root."""
    targets = table(_json(source, f"{folder}/project.json").get("targets"))
    main = table(table(targets.get("build")).get("options")).get("main")
    is_file = isinstance(main, str) and source.has(main)
    return Place(folder, entry=main if is_file and isinstance(main, str) else "", why=why)


def _json(source: Source, path: str) -> dict[str, object]:
    try:
        return table(loads(source.read_text(path)))
    except ValueError:
        return {}  # Nx, where it runs, says so
