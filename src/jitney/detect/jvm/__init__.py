"""Java, Kotlin, Scala, Groovy, Clojure: Maven, Gradle and sbt as far as they are plain, Leiningen, deps.edn, a bare file with what
it says of itself or imports, a jar or a folder that is one.

What the planner has to know beyond the Detection's own fields stands in its features: plan/jvm.py has the list.
"""

from __future__ import annotations

import re

from jitney.detect.code import At, Code, is_secret
from jitney.detect.data.jvm_imports import TOOLS
from jitney.detect.jvm.around import project_of
from jitney.detect.jvm.entry import Entry, bare_entry, project_entry
from jitney.detect.jvm.needs import Needs, bare_needs
from jitney.detect.jvm.project import Project
from jitney.detect.jvm.tree import Tree
from jitney.detect.jvm.version import java_version
from jitney.detect.model import Detection, Package, Wishes
from jitney.detect.notes import Notes
from jitney.detect.usage import usage
from jitney.errors import DetectionError
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import is_under, join, name

ARCHIVES = (".jar", ".war")
MANY = 150
"""Files that are looked at where no class of the source is the one that starts."""


def detect_java(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """DetectionError: nothing with a main, several alike, a manifest that cannot be read or goes beyond what is built here."""
    return _detect("java", source, wishes, notes)


def detect_kotlin(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    return _detect("kotlin", source, wishes, notes)


def detect_scala(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    return _detect("scala", source, wishes, notes)


def detect_groovy(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    return _detect("groovy", source, wishes, notes)


def detect_clojure(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    return _detect("clojure", source, wishes, notes)


def _detect(language: str, source: Source, wishes: Wishes, notes: Notes) -> Detection:
    file = _handed(source, wishes)
    if file.endswith(ARCHIVES):
        return _jar(source, file, wishes, notes)
    tree = Tree(source)
    project = project_of(source, file, notes)
    if project is None:
        if not file and (found := _prebuilt(tree, wishes, notes)):
            return found
        entry = bare_entry(tree, file, language, notes)
        project = Project(manager="imports", roots=list(tree.roots_of(entry.path)))
        return _bare(language, tree, entry, project, wishes, notes)
    entry = project_entry(tree, project, file or _named(tree, project, wishes), notes)
    return _project(language, tree, entry, project, wishes, notes)


def _prebuilt(tree: Tree, wishes: Wishes, notes: Notes) -> Detection | None:
    """A folder without sources: a jar in it, or a jar's own content."""
    source = tree.source
    if wishes.entry or any(
        path.endswith((".java", ".kt", ".scala", ".groovy", ".clj")) for path in source.files()
    ):
        return None
    from jitney.detect.jvm import archive  # zipfile is for jars alone

    if archive.is_exploded(source, source.workdir):
        return archive.exploded(source, wishes, notes)
    file = archive.prebuilt(source, notes)
    return _jar(source, file, wishes, notes) if file else None


def _handed(source: Source, wishes: Wishes) -> str:
    """The file that is meant: --entry where it names one, else what was handed over."""
    place = join(source.workdir, wishes.entry) if wishes.entry else None
    if place and source.has(place):
        return place
    if wishes.entry and ("/" in wishes.entry or wishes.entry.endswith((".java", ".kt"))):
        raise DetectionError(
            f"the entry {wishes.entry} is not there", "a source file, or a class by its full name"
        )
    return source.entry


def _named(tree: Tree, project: Project, wishes: Wishes) -> str:
    """The file of a class that --entry names."""
    if not wishes.entry:
        return ""
    found = tree.file_of_class(wishes.entry, project.roots)
    if not found:
        raise DetectionError(
            f"no class {wishes.entry} is there", "a source file, or a class by its full name"
        )
    return found


def _jar(source: Source, file: str, wishes: Wishes, notes: Notes) -> Detection:
    from jitney.detect.jvm.archive import jar_features  # zipfile is for jars alone

    notes.saw("jar.main", "entry", file, file)
    features = jar_features(source, file)
    return Detection(
        language="java",
        version=wishes.version or next((one[6:] for one in features if one.startswith("since:")), ""),
        entry=file,
        workdir=source.workdir,
        manager="jar",
        features=features,
        takes=tuple(sorted({*source.files(), file})),
    )


def _bare(
    language: str, tree: Tree, entry: Entry, project: Project, wishes: Wishes, notes: Notes
) -> Detection:
    source = tree.source
    reached = tree.reach(entry.path, project.roots)
    needs = bare_needs(tree, reached, wishes, notes)
    languages = {tree.language(path) for path in reached} or {language}
    features = {f"main:{entry.main}", *needs.features}
    features |= {f"root:{root}" for root in project.roots}
    features |= {f"compile:{path}" for path in reached}
    looked = [tree.look(path) for path in reached]
    if any(seen.header.preview for seen in looked):
        features.add("preview")
    tools = _tools(languages - {"java"}, needs)
    features |= _copy(tree, entry.path, language)
    extra = {path for path in source.files() if not tree.language(path) and not path.endswith(".class")}
    found = _common(language, tree, entry, reached, wishes, notes, needs)
    return _with(
        found,
        manager="imports",
        version=java_version(source, looked, None, wishes, notes),
        features=tuple(sorted(features | tools)),
        takes=tuple(sorted({*reached, *needs.files, *extra})),
        unknown=needs.unknown,
    )


def _copy(tree: Tree, path: str, language: str) -> set[str]:
    """`as:NAME` where the compiler takes the file only under another name, or without lines that are for others."""
    file, public = name(path), tree.look(path).public
    if language == "java" and public and file != f"{public}.java":
        return {f"as:{public}.java"}
    text = tree.source.read_text(path)
    marks = r"(?m)\A#!|^@file: *(?:DependsOn|Repository|Import|CompilerOptions)\(|^@Grab"
    return {f"as:{file}"} if re.search(marks, text) else set()


def _project(
    language: str, tree: Tree, entry: Entry, project: Project, wishes: Wishes, notes: Notes
) -> Detection:
    source = tree.source
    reached = _reached(tree, entry, project)
    written = {tree.language(path) for path in reached}
    needs = project.needs(tree, reached, wishes)
    features = {f"main:{entry.main}", *project.features(), *needs.features}
    if (
        "fallback:" in features or project.module in project.roots
    ):  # nothing is compiled that the program does not reach
        features |= {f"compile:{path}" for path in reached}
    if project.manager != "pom.xml" or "fallback:" in features:
        features |= _tools((project.languages | written) - {"java", ""}, needs, project)
    spoken = _language(next(iter(project.languages), language), tree, entry, reached)
    found = _common(spoken, tree, entry, reached, wishes, notes, needs)
    return _with(
        found,
        manager=project.manager,
        manifests=project.manifests,
        version=java_version(
            source, [tree.look(path) for path in reached], project.release, wishes, notes, project.gradle
        ),
        features=tuple(sorted(features)),
        takes=_takes(source, project),
    )


_SCANNING = ("org.springframework.boot:", "io.quarkus:", "io.micronaut:", "io.helidon.")
"""Groups of frameworks that find a program's parts by their annotations: nothing of it imports them."""

_SCANS = re.compile(
    r"@(?:SpringBootApplication|ComponentScan|EnableAutoConfiguration|QuarkusMain)\b|\bMicronaut\."
)


def _reached(tree: Tree, entry: Entry, project: Project) -> list[str]:
    """Files that the entry leads to; all of the module's where a framework looks for parts by itself, or where a class of a
    library starts the program."""
    reached = tree.reach(entry.path, project.roots) if entry.path else []
    is_scanned = any(at.value.startswith(_SCANNING) for at in project.needed) or (
        bool(entry.path) and bool(_SCANS.search(tree.source.read_text(entry.path)))
    )
    if entry.path and not is_scanned:
        return reached
    own = [path for root in project.own for path in tree.code_below(root)][:MANY]
    return list(dict.fromkeys([*reached, *own]))


def _language(language: str, tree: Tree, entry: Entry, reached: list[str]) -> str:
    """The entry's; of a program that a library's class starts, what most of it is written in. The manifests are Java's, whatever
    they build."""
    counts: dict[str, int] = {}
    for path in reached:
        counts[tree.language(path)] = counts.get(tree.language(path), 0) + 1
    most = max(counts, key=lambda one: counts[one], default="")
    return tree.language(entry.path) or most or language


def _takes(source: Source, project: Project) -> tuple[str, ...]:
    """Folders of the modules, less what a build left there."""
    places = [project.module, *(root.partition("/src/")[0] for root in project.roots)]
    files = [path for folder in dict.fromkeys(places) for path in source.files(folder)]
    return tuple(sorted({*(path for path in files if not _is_made(path, project)), *project.manifests}))


def _is_made(path: str, project: Project) -> bool:
    """What a build left in the folder."""
    parts = path.split("/")
    made = {"target", ".gradle", ".idea", "out"} | ({"build"} if project.manager == "gradle" else set())
    return bool(made & set(parts[:-1])) and not any(is_under(path, root) for root in project.roots)


def _tools(languages: set[str], needs: Needs, project: Project | None = None) -> set[str]:
    found = set()
    for language in sorted(languages & set(TOOLS)):
        said = project.tools.get(language, "") if project else needs.tool
        found.add(f"tool:{language}@{said or TOOLS[language]}")
    return found


def _common(
    language: str, tree: Tree, entry: Entry, reached: list[str], wishes: Wishes, notes: Notes, needs: Needs
) -> Detection:
    whole = Code()
    for path in reached:
        for field in Code.__struct_fields__:
            getattr(whole, field).extend(getattr(tree.look(path).code, field))
    declared = [At(one.name, one.why.file, one.why.line) for one in needs.packages]
    use = usage(whole, "java", notes, declared=declared)
    return Detection(
        language=language,
        frameworks=use.frameworks,
        mode=use.modes[0],
        modes=use.modes,
        entry=entry.path or entry.main,
        workdir=tree.source.workdir,
        packages=tuple(needs.packages),
        constraints=tuple(needs.platforms),
        models=tuple(whole.models),
        endpoints=use.endpoints,
        env=use.env,
        secrets=tuple(variable for variable in use.env if is_secret(variable)),
        system=tuple(
            Package(name=apt, why=Evidence(rule="flag.apt", decides="system", value=apt))
            for apt in sorted(wishes.apt)
        ),
    )


def _with(found: Detection, **fields: object) -> Detection:
    import msgspec

    return msgspec.structs.replace(found, **fields)
