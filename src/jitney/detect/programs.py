"""Programs in the folders below one that has none itself: the only one, the one that is started, or a list to choose from."""

from __future__ import annotations

import re

import msgspec

from jitney.detect import languages
from jitney.detect.folder import OF_MANY, has_binary, manifest_of, node_starts, with_manifest
from jitney.detect.languages import Language
from jitney.detect.model import Detection, Wishes
from jitney.detect.notes import Notes
from jitney.detect.scripts import scripts
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import is_under, join, name, parent

_ASIDE = re.compile(
    r"(?:^|/)(?:\.[^/]*|tests?|specs?|docs?|examples?|samples?|scripts?|tools?|fixtures|testdata|benchmarks?|e2e|ci|vendor"
    r"|third_party|[^/]+[._-](?:[Tt]ests?|[Bb]enchmarks?|e2e))(?:/|$)"
)
"""Folders whose programs are beside the point where there are others."""

_GLUE = frozenset({"shell", "sql", "powershell"})
"""Languages of the scripts that start or deploy what lies in the folders below."""


class Program(msgspec.Struct, frozen=True):
    """A folder below that is a program of its own, by its manifest."""

    folder: str
    language: str
    manifest: str
    is_site: bool = False

    def __str__(self) -> str:
        kind = f"{self.language}, a web site's front" if self.is_site else self.language
        return f"{self.folder} ({kind}: {name(self.manifest)})"


def locate(source: Source, wishes: Wishes, notes: Notes) -> tuple[Source, Wishes]:
    """The source with the folder of its program, and the wishes as seen from there. Another than what was handed over only where
    that one has no program itself.

    DetectionError: several programs below that are alike, all named.
    """
    if source.alone or source.entry or _has_own(source):
        return source, wishes
    found = [one for one in _programs(source) if wishes.language in ("", one.language)]
    if wishes.entry:
        return _around(source, wishes, found)
    if not found:
        return source, wishes
    rule, chosen, others = _choice(source, found)
    value = f"{chosen.folder} ({_WHY[rule]})"
    notes.saw(f"program.{rule}", "program", value, chosen.manifest, 0, tuple(map(str, others)))
    return source.at(chosen.folder), wishes


_WHY = {
    "only": "the only program below",
    "started": "what the Procfile or the Dockerfile starts",
    "server": "the only one that is no site's front",
}


def _around(source: Source, wishes: Wishes, found: list[Program]) -> tuple[Source, Wishes]:
    """The program that has the entry which the user names."""
    entry = join(source.workdir, wishes.entry) or ""
    one = next((one for one in found if is_under(entry, one.folder) and source.has(entry)), None)
    if one is None:
        return source, wishes
    below = entry.removeprefix(f"{one.folder}/")
    return source.at(one.folder), msgspec.structs.replace(wishes, entry=below)


def _choice(source: Source, found: list[Program]) -> tuple[str, Program, list[Program]]:
    """Rule, the program that is meant, the others. DetectionError: several alike."""
    found = [one for one in found if not _ASIDE.search(_below(one.folder, source))] or found
    found = [one for one in found if not _is_library(source, one)] or found
    rule, chosen = _meant(source, found)
    return rule, chosen, [one for one in found if one is not chosen]


def _meant(source: Source, found: list[Program]) -> tuple[str, Program]:
    """The first rule that leaves one."""
    tries = (
        ("only", found),
        ("started", _started_below(source, found)),
        ("server", [one for one in found if not one.is_site]),
    )
    for rule, some in tries:
        if len(some) == 1:
            return rule, some[0]
    raise _several(source, found)


def _started_below(source: Source, found: list[Program]) -> list[Program]:
    """Programs whose folder stands in the command of a Procfile or a Dockerfile: `cd server && npm start`."""
    from jitney.detect.recipes import read_recipes

    starts = [one.value for one in read_recipes(source, only=("procfile", "docker")) if one.kind == "start"]
    return [
        one
        for one in found
        for folder in [re.escape(_below(one.folder, source))]
        if any(re.search(rf"(?:^|[\s=\"'/]){folder}(?:[/\s\"':]|$)", text) for text in starts[:1])
    ]


def _below(folder: str, source: Source) -> str:
    return folder.removeprefix(f"{source.workdir}/" if source.workdir else "")


def _several(source: Source, found: list[Program]) -> DetectionError:
    listed = "\n  ".join(str(one) for one in found[:12])
    prefix = "" if source.label in ("", ".") else f"{source.label.rstrip('/')}/"
    error = DetectionError(
        f"{len(found)} programs below {source.label} could be the one to start:\n  {listed}",
        f"choose one: jitney run {prefix}{_below(found[0].folder, source)} …",
    )
    if len({one.language for one in found}) == 1:
        error.seen = Detection(language=found[0].language)
    return error


def _has_own(source: Source) -> bool:
    """The folder itself is a program, or says that it is one: a manifest in it, or code that does more than start others."""
    head = f"{source.workdir}/" if source.workdir else ""
    if source.has(f"{head}config.yaml") and source.has(f"{head}model/model.py"):
        return True  # a Truss: its class has this place, and what it bundles lies beside in packages/
    here = sorted(source.folder(source.workdir)[0])
    if any(
        _is_own(language, manifest_of(language, here, source), source) for language in with_manifest(here)
    ):
        return True
    own = {found for path in here if (found := languages.by_ending(path))}
    return bool((own | set(scripts(source, source.workdir).values())) - _GLUE)


def _is_own(language: Language, place: str, source: Source) -> bool:
    """Not: a package.json that starts nothing (hooks and formatters of a repository), a Makefile that compiles nothing."""
    if language.name == "javascript":
        return node_starts(source)
    return language.name != "c" or any(
        path.endswith((".c", ".cc", ".cpp", ".cxx")) for path in source.files()
    )


def _programs(source: Source) -> list[Program]:
    """Folders below with a manifest and code of its language; none that lies in another one."""
    files = source.written()
    folders: dict[str, list[str]] = {}
    for path in files:
        folders.setdefault(parent(path), []).append(name(path))
    found: list[Program] = []
    for folder in sorted(folders, key=lambda one: (one.count("/"), one)):
        if folder == source.workdir or any(is_under(folder, one.folder) for one in found):
            continue
        if (one := _program(source, folder, folders[folder], files)) is not None:
            found.append(one)
    return found


def _program(source: Source, folder: str, here: list[str], files: tuple[str, ...]) -> Program | None:
    said = list(with_manifest(here))
    within = [path for path in files if is_under(path, folder)] if said else []
    inner = source.at(folder)
    for language in said:
        manifest = manifest_of(language, here, inner)
        if name(manifest) not in OF_MANY and any(path.endswith(language.endings) for path in within):
            return Program(folder, language.name, manifest, _is_site(inner, manifest))
    return None


def _is_site(source: Source, manifest: str) -> bool:
    """Pages that a tool makes: where a program of another kind lies beside them, that one is what they talk to."""
    if not name(manifest).startswith("package.json"):
        return False
    from jitney.detect.node.manifest import Project, read
    from jitney.detect.node.site import site_of

    data = read(source, source.workdir, Notes())
    return site_of(source, Project(source.workdir, source.workdir, data, data)) is not None


def _is_library(source: Source, one: Program) -> bool:
    """A .NET project that makes no program, or tests one; a package of Dart without bin/."""
    text = source.read_text(one.manifest)
    if one.manifest.endswith("proj"):
        said = re.search(r"<OutputType>\s*(\w+)", text)
        is_web = re.search(r"Sdk=\"Microsoft\.NET\.Sdk\.(?:Web|Worker|BlazorWebAssembly)", text)
        makes = said[1].lower() in ("exe", "winexe") if said else bool(is_web)
        return not makes or "Microsoft.NET.Test.Sdk" in text
    if name(one.manifest) == "Cargo.toml":
        return not has_binary(source.at(one.folder), one.manifest)
    return False
