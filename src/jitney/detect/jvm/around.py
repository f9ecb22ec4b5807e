"""Which project a program belongs to: the nearest manifest of one beside it or above."""

from __future__ import annotations

from collections.abc import Callable

from jitney.detect.jvm import gradle_words, maven
from jitney.detect.jvm.clojure import deps_project, lein_project
from jitney.detect.jvm.gradle_build import gradle_project
from jitney.detect.jvm.project import ALONE, Project
from jitney.detect.jvm.sbt import sbt_project
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import is_under, parent, parents

Reader = Callable[[Source, str, Notes], Project]


def _gradle(source: Source, folder: str) -> str:
    return gradle_words.find(source, folder) or gradle_words.settings(source, folder)


def _named(file: str) -> Callable[[Source, str], str]:
    def find(source: Source, folder: str) -> str:
        path = f"{folder}/{file}".lstrip("/")
        return path if source.has(path) else ""

    return find


KINDS: tuple[tuple[Callable[[Source, str], str], Reader], ...] = (
    # Maven first: it builds as the manifest says, while the others' manifests are programs that are read, not run.
    (maven.find, maven.maven_project),
    (_gradle, lambda source, folder, _: gradle_project(source, folder)),
    (_named("build.sbt"), sbt_project),
    (_named("project.clj"), lein_project),
    (_named("deps.edn"), deps_project),
)


def project_of(source: Source, file: str, notes: Notes) -> Project | None:
    """None: a bare file. DetectionError: a manifest that cannot be used, and no file that could do without it."""
    place = parent(file) if file else source.workdir
    for folder in [place] if source.alone else parents(place):
        there = [(path, read) for find, read in KINDS if (path := find(source, folder))]
        if there:
            return _read(source, folder, file, there, notes)
    return None


def _read(
    source: Source, folder: str, file: str, there: list[tuple[str, Reader]], notes: Notes
) -> Project | None:
    (path, read), losers = there[0], tuple(path for path, _ in there[1:])
    try:
        found = read(source, folder, notes)
        if found.beyond and file:
            raise _beyond(found)
    except DetectionError as error:
        if not file:
            raise
        notes.tell("warning", "jvm.alone", f"{error.message}; {file} is built alone, by its imports")
        return None
    if file and not any(is_under(file, root) for root in found.roots):
        return None
    notes.saw("manager.both" if losers else "manager", "manager", found.manager, path, 0, losers)
    _tell(found, path, notes)
    return found


def _tell(found: Project, path: str, notes: Notes) -> None:
    """What a user of the build tool would not expect."""
    if found.beyond:
        why = _beyond(found)
        notes.tell("error", f"{found.manager}.beyond", why.message, hint=why.hint, file=path)
    if found.manager in ("gradle", "sbt"):
        message = (
            f"{found.manifests[0]}: {found.manager} itself is in no package registry; Maven resolves what it names, "
            "and the compiler is called directly"
        )
        notes.tell("note", f"{found.manager}.without", message, file=found.manifests[0])


def _beyond(found: Project) -> DetectionError:
    """What a manifest asks for and nobody here does: the program would be half of itself."""
    listed = "\n  ".join(found.beyond)
    return DetectionError(
        f"{found.manager} is in no package registry that is reached here, and this build goes beyond what Jitney does in its "
        f"place:\n  {listed}",
        f"{ALONE};\nwith an image registry: --base-provider registry, and an image that has {found.manager}",
    )
