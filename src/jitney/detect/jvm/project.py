"""The project around a program: what a Maven, Gradle, sbt, Leiningen or deps.edn manifest says, in one form."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from jitney.detect.code import At
from jitney.detect.data.jvm_imports import TOOLS, for_jvm
from jitney.detect.jvm.needs import Needs, imported, package, wished_packages
from jitney.detect.jvm.tree import Tree
from jitney.detect.jvm.version import Seen
from jitney.detect.model import Wishes
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import join

ROOTS = ("src/main/java", "src/main/kotlin", "src/main/scala", "src/main/groovy")
_PLUGINS = ("serialization", "spring", "jpa")
ALONE = "hand over the file that is started: alone, it is built by its imports"


class Project(msgspec.Struct):
    """root: the reactor's or the build's top folder; module: of what is started, relative to the source; roots: where code
    lies, of the module and those that it uses; own: of the module alone. resources: beside roots. mains: classes to start;
    entries: files, where the manifest names these. release: for which Java. gradle: the wrapper's. beyond: what the manifest
    asks for and Jitney does not do. made: who makes the class that starts (`Quarkus`), or holds it (`a servlet container`)."""

    manager: str
    root: str = ""
    module: str = ""
    manifests: tuple[str, ...] = ()
    roots: list[str] = []
    own: list[str] = []
    resources: list[str] = []
    mains: list[str] = []
    release: Seen | None = None
    languages: set[str] = set()
    tools: dict[str, str] = {}
    plugins: list[str] = []
    repositories: list[str] = []
    needed: list[At] = []
    platforms: list[At] = []
    beyond: list[str] = []
    gradle: str = ""
    made: str = ""

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
        found |= {f"release:{re.sub(r'[^0-9]', '', self.release.value)}"} if self.release else set()
        return found | {f"root:{root}" for root in self.roots}

    def needs(self, tree: Tree, reached: list[str], wishes: Wishes) -> Needs:
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


def folders(source: Source, module: str, below: Iterable[str]) -> list[str]:
    """Those of a module's folders that are there."""
    places = (join(module, one) for one in below)
    return list(dict.fromkeys(place for place in places if place is not None and source.has_folder(place)))


def one_of(source: Source, folder: str, modules: list[str], notes_of: str = "") -> str:
    """The module that has something to start. DetectionError: none, or several."""
    tree = Tree(source)
    if len(modules) > 1:
        modules = [one for one in modules if any(tree.starts(path) for path in tree.code_below(one))]
    if len(modules) == 1:
        return modules[0]
    if not modules:
        raise DetectionError(f"no module of {folder or 'this project'} has a class with a main", notes_of)
    listed = "\n  ".join(modules[:12])
    raise DetectionError(
        f"{len(modules)} modules have something to start:\n  {listed}",
        f"hand over the folder of one: jitney run {modules[0]} …",
    )
