"""pom.xml, as far as it says what is started, for which Java, and where the code lies. What it depends on, Maven itself says
in a build."""

from __future__ import annotations

import pyexpat as expat
import re

import msgspec

from jitney.source import Source
from jitney.source.paths import join, name, parent, parents

MAINS = ("mainClass", "start-class", "exec.mainClass", "main.class", "main-class")
RELEASES = (
    "maven.compiler.release",
    "release",
    "java.version",
    "maven.compiler.target",
    "maven.compiler.source",
    "target",
    "source",
    "jdk.version",
    "kotlin.compiler.jvmTarget",
    "jvmTarget",
)
"""Properties, and settings of the compilers' plugins, that say for which Java; the first one counts."""

_COMPILERS = ("maven-compiler-plugin", "kotlin-maven-plugin")
_LANGUAGES = {"kotlin-maven-plugin": "kotlin", "scala-maven-plugin": "scala", "gmavenplus-plugin": "groovy"}


class Element(msgspec.Struct):
    name: str
    line: int
    text: str = ""
    children: list[Element] = msgspec.field(default_factory=list)

    def child(self, word: str) -> Element | None:
        return next((one for one in self.children if one.name == word), None)

    def value(self, *path: str) -> str:
        """Text at the end of a path of names; empty where there is none."""
        found: Element | None = self
        for word in path:
            found = found.child(word) if found else None
        return found.text.strip() if found else ""

    def all(self, word: str) -> list[Element]:
        """Elements of this name at any depth."""
        found, todo = [], [self]
        while todo:
            one = todo.pop()
            found += [one] if one.name == word else []
            todo += reversed(one.children)
        return found


class Dependency(msgspec.Struct, frozen=True):
    name: str
    version: str
    scope: str
    line: int


class Pom(msgspec.Struct):
    """One project: properties of it and its parents in the checkout. broken: why it cannot be read, with line and column.
    plugins: artifacts of all that it names; languages: those that they compile."""

    path: str
    broken: str = ""
    packaging: str = "jar"
    properties: dict[str, str] = {}
    modules: list[str] = []
    dependencies: list[Dependency] = []
    mains: list[str] = []
    release: str = ""
    release_line: int = 0
    roots: list[str] = []
    parents: list[str] = []
    plugins: set[str] = set()

    @property
    def languages(self) -> set[str]:
        return {language for plugin, language in _LANGUAGES.items() if plugin in self.plugins}


def read_xml(text: str) -> Element:
    """expat.ExpatError: no XML, or with entities of its own, which no pom needs."""
    root = Element("", 0)
    stack = [root]
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(tag: str, _: dict[str, str]) -> None:
        element = Element(tag.rpartition(" ")[2], parser.CurrentLineNumber)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_: str) -> None:
        stack.pop()

    def data(words: str) -> None:
        stack[-1].text += words

    def entity(*_: object) -> None:
        raise expat.ExpatError("entities of its own")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = data, entity
    parser.Parse(text.encode("utf-8", "replace"), True)
    return root.children[0]


class Poms:
    """The poms of a source, each read once: a reactor's modules name each other, and all of them their parents."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._read: dict[str, Pom] = {}
        self._roots: dict[str, Element | expat.ExpatError] = {}

    def read(self, path: str, depth: int = 0) -> Pom:
        if path not in self._read:
            self._read[path] = self._pom(path, depth)
        return self._read[path]

    def _root(self, path: str) -> Element | expat.ExpatError:
        if path not in self._roots:
            try:
                self._roots[path] = read_xml(_bare(self.source.read_text(path)))
            except expat.ExpatError as error:
                self._roots[path] = error
        return self._roots[path]

    def _pom(self, path: str, depth: int) -> Pom:
        pom, root = Pom(path=path), self._root(path)
        if isinstance(root, expat.ExpatError):
            pom.broken = _broken(path, root)
        elif root.name != "project":
            pom.broken = f"{path}:{root.line}: <{root.name}> is no Maven project"
        else:
            above = self._parent(path, root, depth) or Pom(path="")
            _fill(pom, root, above)
            pom.release_line = _line_of(self.source.read_text(path), pom.release)
        return pom

    def _parent(self, path: str, root: Element, depth: int) -> Pom | None:
        """The parent where it lies in the checkout, and is what it should be."""
        element = root.child("parent")
        if element is None or depth > 8:
            return None
        relative = element.child("relativePath")
        wanted = relative.text.strip() if relative else "../pom.xml"
        place = join(parent(path), wanted) if wanted else None
        if place is not None and self.source.has_folder(place):
            place = f"{place}/pom.xml".lstrip("/")
        if not place or not self.source.has(place):
            return None
        found = self.read(place, depth + 1)
        return found if found.properties.get("project.artifactId") == element.value("artifactId") else None

    def listed(self, path: str) -> list[str]:
        """Folders of the modules that a pom names, in profiles too."""
        root = self._root(path)
        if isinstance(root, expat.ExpatError):
            return []
        places = [join(parent(path), one.text.strip()) for one in root.all("module")]
        return [parent(place) if name(place) == "pom.xml" else place for place in places if place is not None]

    def reactor(self, module: str) -> str:
        """The topmost folder whose poms list this module, one through the other; the module itself where none does."""
        found = module
        for folder in parents(module)[1:]:
            path = f"{folder}/pom.xml".lstrip("/")
            if self.source.has(path) and found in self.listed(path):
                found = folder
        return found

    def modules_of(self, folder: str) -> list[str]:
        """All folders with a pom below and with this one, as the poms list them."""
        todo, found = [folder], dict[str, None]()
        while todo:
            place = todo.pop(0)
            path = f"{place}/pom.xml".lstrip("/")
            if place not in found and self.source.has(path):
                found[place] = None
                todo += self.listed(path)
        return list(found)


def _fill(pom: Pom, root: Element, above: Pom) -> None:
    """What a pom says, and what its parent says for it."""
    pom.properties = {
        **above.properties,
        **{one.name: one.text.strip() for one in _children(root.child("properties"))},
        "project.version": root.value("version") or root.value("parent", "version"),
        "project.groupId": root.value("groupId") or root.value("parent", "groupId"),
        "project.artifactId": root.value("artifactId"),
    }
    pom.parents = [above.path, *above.parents] if above.path else []
    pom.packaging = root.value("packaging") or "jar"
    pom.modules = [one.text.strip() for one in _children(root.child("modules"))]
    own = [_dependency(pom, one) for one in _children(root.child("dependencies"), "dependency")]
    pom.dependencies = own + above.dependencies
    pom.mains = _mains(pom, root) or above.mains
    pom.release = _release(pom, root) or above.release
    pom.roots = _roots(pom, root)
    pom.plugins = {plugin.value("artifactId") for plugin in root.all("plugin")} | above.plugins


def _bare(text: str) -> str:
    """Without the declaration: its encoding was dealt with when the file was read. Lines stay."""
    return re.sub(r"\A(\s*)<\?xml[^>]*\?>", r"\1", text)


def _broken(path: str, error: expat.ExpatError) -> str:
    place = f"{path}:{error.lineno}:{error.offset + 1}" if hasattr(error, "lineno") else path
    return f"{place}: {str(error).partition(':')[0]}"


def _line_of(text: str, release: str) -> int:
    lines = enumerate(text.splitlines(), 1)
    return next((at for at, line in lines if release and re.search(rf">\s*(?:1\.)?{release}\s*<", line)), 0)


def _children(element: Element | None, word: str = "") -> list[Element]:
    """All of an element's own, or those of one name."""
    return [one for one in element.children if not word or one.name == word] if element else []


def _expanded(pom: Pom, text: str) -> str:
    for _ in range(4):
        text = re.sub(r"\$\{([^}]+)\}", lambda m: pom.properties.get(m[1], m[0]), text)
    return text


def _dependency(pom: Pom, one: Element) -> Dependency:
    named = f"{one.value('groupId')}:{one.value('artifactId')}"
    return Dependency(
        _expanded(pom, named), _expanded(pom, one.value("version")), one.value("scope"), one.line
    )


def _mains(pom: Pom, root: Element) -> list[str]:
    """The exec plugin's word counts first: it is there to start the program."""
    found: list[tuple[bool, str]] = []
    for plugin in root.all("plugin"):
        is_exec = plugin.value("artifactId") == "exec-maven-plugin"
        found += [(not is_exec, one.text.strip()) for one in plugin.all("mainClass")]
    found += [(True, pom.properties[word]) for word in MAINS if word in pom.properties]
    words = [_expanded(pom, word) for _, word in sorted(found, key=lambda one: one[0])]
    return list(dict.fromkeys(word for word in words if re.fullmatch(r"[\w.$]+", word)))


def _release(pom: Pom, root: Element) -> str:
    configured = _configured(root)
    toolchain = next((jdk.value("version") for jdk in root.all("jdk")), "")
    values = [configured.get(word, "") or pom.properties.get(word, "") for word in RELEASES]
    for value in (_expanded(pom, one) for one in (*values, toolchain)):
        if match := re.fullmatch(r"[\[(]?(?:1\.)?(\d+)(?:,.*)?", value):
            return match[1]
    return ""


def _configured(root: Element) -> dict[str, str]:
    """Settings of the compilers' plugins."""
    plugins = [one for one in root.all("plugin") if one.value("artifactId") in _COMPILERS]
    settings = [one for plugin in plugins for part in plugin.all("configuration") for one in part.children]
    return {one.name: one.text.strip() for one in settings}


def _roots(pom: Pom, root: Element) -> list[str]:
    said = [root.value("build", "sourceDirectory")]
    said += [one.text.strip() for one in root.all("sourceDir")] + [
        one.text.strip() for one in root.all("source")
    ]
    places = [
        _expanded(pom, word).replace("${project.basedir}/", "").replace("${basedir}/", "") for word in said
    ]
    usual = ["src/main/java", "src/main/kotlin", "src/main/scala", "src/main/groovy"]
    return list(dict.fromkeys([*(place for place in places if "/" in place or place == "src"), *usual]))
