"""The Maven or Gradle project around a program."""

from __future__ import annotations

import re

import msgspec

from jitney.detect.code import At
from jitney.detect.data.jvm_imports import TOOLS, for_jvm
from jitney.detect.jvm import gradle, pom
from jitney.detect.jvm.needs import Needs, imported, package, wished_packages
from jitney.detect.jvm.tree import Tree
from jitney.detect.model import Wishes
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import is_under, join, parent, parents

_GRADLE_ROOTS = ("src/main/java", "src/main/kotlin", "src/main/scala", "src/main/groovy")
_PLUGINS = ("serialization", "spring", "jpa")
ALONE = "hand over the file that is started: alone, it is built by its imports"


class Project(msgspec.Struct):
    """root: the reactor's or the build's top folder; module: of what is started, relative to the source; roots: where code
    lies, of the module and those that it uses; own: of the module alone. resources: beside roots."""

    manager: str
    root: str = ""
    module: str = ""
    manifests: tuple[str, ...] = ()
    roots: list[str] = []
    own: list[str] = []
    resources: list[str] = []
    mains: list[str] = []
    release: str = ""
    languages: set[str] = set()
    tools: dict[str, str] = {}
    plugins: list[str] = []
    repositories: list[str] = []
    needed: list[At] = []
    platforms: list[At] = []

    def features(self) -> set[str]:
        if self.manager == "pom.xml":
            below = self.module[len(self.root) :].strip("/") or "."
            found = {f"reactor:{self.root}", f"module:{below}"}
        else:
            found = {f"resources:{folder}" for folder in self.resources}
            found |= {f"repository:{url}" for url in self.repositories}
        found |= {
            f"plugin:{word}" for word in _PLUGINS if f"org.jetbrains.kotlin.plugin.{word}" in self.plugins
        }
        found |= {f"release:{self.release}"} if self.release else set()
        return found | {f"root:{root}" for root in self.roots}

    def needs(self, tree: Tree, reached: list[str], wishes: Wishes, notes: Notes) -> Needs:
        """What the manifest says. For Maven it is shown alone: the build asks Maven itself; should that fail for an artifact
        that nobody has, the imports may suffice (`fallback:`)."""
        rule = f"{self.manager}.dependency"
        needs = Needs(packages=[], platforms=[], features=set(), files=[])
        for at in self.needed:
            if at.value.count(":") >= 1 and "$" not in at.value:
                needs.packages.append(package(self._versioned(at.value), rule, at))
        needs.platforms = [package(at.value, rule, at) for at in self.platforms]
        needs.packages += wished_packages(wishes)
        if self.manager == "pom.xml":
            found, unknown = imported(tree, reached)
            if reached and not unknown:
                needs.features = {f"fallback:{one.name}{one.spec}" for one in found} | {"fallback:"}
        return needs

    def _versioned(self, need: str) -> str:
        """Kotlin's own libraries have the compiler's version; of one for many platforms it is the JVM's."""
        if self.manager == "gradle":
            need = for_jvm(need)
        if need.startswith("org.jetbrains.kotlin:") and need.count(":") == 1 and self.manager == "gradle":
            return f"{need}:{self.tools.get('kotlin') or TOOLS['kotlin']}"
        return need


def project_of(source: Source, file: str, notes: Notes) -> Project | None:
    """None: a bare file. DetectionError: a manifest that cannot be used, and no file that could do without it."""
    place = parent(file) if file else source.workdir
    for folder in [place] if source.alone else parents(place):
        path = f"{folder}/pom.xml".lstrip("/")
        build = gradle.find(source, folder) or gradle.settings(source, folder)
        if source.has(path) or build:
            try:
                found = _maven(source, folder, notes) if source.has(path) else _gradle(source, folder)
            except DetectionError as error:
                if not file:
                    raise
                notes.tell("warning", "jvm.alone", f"{error.message}; {file} is built alone, by its imports")
                return None
            if file and not any(is_under(file, root) for root in found.roots):
                return None
            if source.has(path) and build:
                notes.saw("manager.both", "manager", "pom.xml", path, 0, (build,))
            notes.saw("manager", "manager", found.manager, found.manifests[0])
            if found.manager == "gradle":
                message = f"{found.manifests[0]}: Gradle itself is in no package registry; Maven resolves what it names, and the compiler is called directly"
                notes.tell("note", "gradle.without", message, file=found.manifests[0])
            return found
    return None


def _maven(source: Source, folder: str, notes: Notes) -> Project:
    module = _only_module(source, folder)
    path = f"{module}/pom.xml".lstrip("/")
    read = pom.read_pom(source, path)
    if read.broken:
        raise DetectionError(f"{read.broken}: it cannot be read", ALONE)
    root = pom.reactor(source, module)
    modules = pom.modules_of(source, root)
    manifests = [path, *read.parents, *(f"{one}/pom.xml".lstrip("/") for one in modules)]
    if not source.has(path):
        raise DetectionError(f"{path} is not there")
    for wrapper in (".mvn/maven.config", ".mvn/jvm.config", ".mvn/extensions.xml"):
        place = f"{root}/{wrapper}".lstrip("/")
        manifests += [place] if source.has(place) else []
    properties = f"{root}/.mvn/wrapper/maven-wrapper.properties".lstrip("/")
    if source.has(properties):
        notes.tell(
            "note",
            "maven.wrapper",
            f"{properties} names a Maven of its own: the one of the base builds it, which fetches nothing but artifacts",
            file=properties,
        )
    used = _used(source, module, modules)
    roots = {one: _folders(source, one, pom.read_pom(source, _join(one, "pom.xml")).roots) for one in used}
    return Project(
        manager="pom.xml",
        root=root,
        module=module,
        manifests=tuple(dict.fromkeys(manifests)),
        roots=[root for one in used for root in roots[one]],
        own=roots[module],
        mains=read.mains,
        release=read.release,
        languages=set(read.languages),
        needed=[
            At(f"{one.name}:{one.version}" if one.version else one.name, path, one.line)
            for one in read.dependencies
            if one.scope not in ("test", "import", "system") and "$" not in f"{one.name}{one.version}"
        ],
    )


def _join(folder: str, file: str) -> str:
    return f"{folder}/{file}".lstrip("/")


def _folders(source: Source, module: str, below: list[str]) -> list[str]:
    places = (join(module, one) for one in below)
    return list(dict.fromkeys(place for place in places if place is not None and source.has_folder(place)))


def _used(source: Source, module: str, modules: list[str]) -> list[str]:
    """The module, and those of the same reactor that it depends on, one through the other."""
    read = {one: pom.read_pom(source, _join(one, "pom.xml")) for one in dict.fromkeys((module, *modules))}
    named = {
        f"{one.properties.get('project.groupId')}:{one.properties.get('project.artifactId')}": place
        for place, one in read.items()
    }
    found: list[str] = []
    todo = [module]
    while todo:
        place = todo.pop(0)
        if place not in found:
            found.append(place)
            todo += [named[need.name] for need in read[place].dependencies if need.name in named]
    return found


def _only_module(source: Source, folder: str) -> str:
    """The folder itself, or of a parent's modules the one that has something to start."""
    path = f"{folder}/pom.xml".lstrip("/")
    own = pom.read_pom(source, path)
    if own.broken or own.packaging != "pom" or not own.modules:
        return folder
    modules = [one for one in pom.modules_of(source, folder) if one != folder]
    named = [one for one in modules if pom.read_pom(source, f"{one}/pom.xml".lstrip("/")).mains]
    return _one(source, folder, named or modules)


def _one(source: Source, folder: str, modules: list[str]) -> str:
    tree = Tree(source)
    if len(modules) > 1:
        modules = [one for one in modules if any(tree.look(path).mains for path in tree.code_below(one))]
    if len(modules) == 1:
        return modules[0]
    if not modules:
        raise DetectionError(f"no module of {folder or 'this project'} has a class with a main")
    listed = "\n  ".join(modules[:12])
    raise DetectionError(
        f"{len(modules)} modules have something to start:\n  {listed}",
        f"hand over the folder of one: jitney run {modules[0]} …",
    )


def _gradle(source: Source, folder: str) -> Project:
    module = _gradle_module(source, folder)
    build = gradle.read_build(source, module)
    own = build.modules[module]
    beyond = [f"{one.path or place}: {what}" for place, one in build.modules.items() for what in one.beyond]
    if beyond:
        raise DetectionError(
            "Gradle is in no package registry that is reached here, and this build goes beyond what Jitney does in its place:\n  "
            + "\n  ".join(dict.fromkeys(beyond)),
            f"{ALONE};\nwith an image registry: --base-provider registry, and an image that has Gradle",
        )
    roots = [f"{place}/{below}".lstrip("/") for place in build.modules for below in _GRADLE_ROOTS]
    resources = [f"{place}/src/main/resources".lstrip("/") for place in build.modules]
    settings = [
        f"{place}/{file}".lstrip("/")
        for place in dict.fromkeys((build.root, *build.modules))
        for file in (*gradle.FILES, *gradle.SETTINGS, "gradle.properties", "gradle/libs.versions.toml")
    ]
    parts = list(build.modules.values())
    tools = {name: value for name, value in (("kotlin", own.kotlin), ("scala", own.scala)) if value}
    return Project(
        manager="gradle",
        root=build.root,
        module=module,
        manifests=tuple(dict.fromkeys([own.path, *(path for path in settings if source.has(path))])),
        roots=[root for root in roots if source.has_folder(root)],
        own=_folders(source, module, list(_GRADLE_ROOTS)),
        resources=[one for one in resources if source.has_folder(one)],
        mains=[own.main] if own.main else [],
        release=own.java,
        languages={"kotlin"} if own.kotlin else set(),
        tools=tools,
        plugins=[plugin for one in parts for plugin in one.plugins],
        repositories=[url for one in parts for url in one.repositories if "$" not in url],
        needed=[at for one in parts for at in one.needs],
        platforms=[at for one in parts for at in one.platforms],
    )


def _gradle_module(source: Source, folder: str) -> str:
    """The folder itself where it has code; else, of the build's other modules, the one that is an application."""
    if any(source.has_folder(f"{folder}/{below}".lstrip("/")) for below in _GRADLE_ROOTS):
        return folder
    settings = gradle.settings(source, folder)
    if not settings:
        return folder
    calls = re.findall(r"(?m)^\s*include\s*\(?([^)\n]+(?:,\s*\n[^)\n]+)*)\)?", source.read_text(settings))
    words = [word for call in calls for word in re.findall(r"[\"']:?([\w:.-]+)[\"']", call)]
    modules = [f"{folder}/{word.replace(':', '/')}".lstrip("/") for word in words]
    modules = [one for one in modules if gradle.find(source, one)]
    named = [
        one
        for one in modules
        if re.search(r"\bapplication\b|mainClass", source.read_text(gradle.find(source, one)))
    ]
    return _one(source, folder, named or modules) if modules else folder
