"""build.sbt, as far as it is plain: Scala's version, library dependencies, modules, main class. It is a program in Scala, which is
not run: words that stand for a version or a dependency are followed through `val`, what goes beyond that is told by name."""

from __future__ import annotations

import re
from itertools import islice

import msgspec

from jitney.detect.code import At
from jitney.detect.data.jvm_imports import TOOLS
from jitney.detect.jvm.gradle_words import bare
from jitney.detect.jvm.project import Project, folders, one_of
from jitney.detect.jvm.version import Seen
from jitney.detect.notes import Notes
from jitney.source import Source
from jitney.source.paths import join

_VALUE = re.compile(r"\bval\s+(\w+)\s*+(?::\s*+String\s*+)?=\s*+\"([^\"\n]+)\"")
_NEED = re.compile(
    r"\"([\w.-]+)\"\s*+(%%?%?)\s*+\"([\w.-]+)\"\s*+%\s*+(?:\"([^\"]+)\"|([\w.]+))(?:\s*+%\s*+(?:\"([^\"]+)\"|(\w+)))?"
)
_NAMED = re.compile(
    r"(?m)(?:^|[{;])[ \t]*+(?:lazy\s+)?val\s+(\w+)\s*+(?::[^=\n]+)?=\s*+(?=[^\n]*%|\s*+(?:Seq|List)\b)"
)
_MODULE = re.compile(
    r"(?m)^(?:lazy\s+)?val\s+(\w+)\s*+(?::[^=\n]+)?=\s*+\(?\s*+project\b(?:\s*+\.?\s*+in\s*+\(?\s*+file\(\s*+\"([^\"]*)\")?"
)
_ASKED = re.compile(r"\blibraryDependencies\s*+(?:\+\+=|\+=|:=)\s*+")
_RELEASE = re.compile(
    r"\"-{1,2}(?:release|target|java-output-version)(?::|\"\s*+,\s*+\")(?:jvm-)?(?:1\.)?(\d+)\""
)
_PLUGINS = re.compile(r"enablePlugins\(([^)]*)\)")
BEYOND = {
    "ScalaJSPlugin": "Scala.js", "ScalaNativePlugin": "Scala Native",
    "AkkaGrpcPlugin": "gRPC, whose plugin writes code",
}  # fmt: skip
"""Plugins of sbt that change what is compiled."""

_PLAY = re.compile(r"\bPlay(?:Scala|Java|Service)\b")

_SOURCES = ("src/main/scala", "src/main/java")
_OF_PLAY = ("app",)
_RESOURCES = ("src/main/resources",)


LONGEST, MOST = 20_000, 500
"""Characters of one expression, and expressions of one build, that are looked at: nobody writes more."""


class _Module(msgspec.Struct):
    """name: of its `val`. text: of all that is said of it."""

    name: str
    folder: str
    text: str


def sbt_project(source: Source, folder: str, notes: Notes) -> Project:
    """DetectionError: no module with something to start, or several."""
    path = f"{folder}/build.sbt".lstrip("/")
    text = bare(source.read_text(path))
    helpers = _helpers(source, folder)
    modules = _modules(text, folder)
    module = _chosen(source, folder, modules)
    used = _used(modules, module)
    said = "\n".join(one.text for one in used) or text
    build = _Build(said, "\n".join((text, *(bare(source.read_text(one)) for one in helpers))))
    needed, beyond = build.needs()
    release = _RELEASE.search(said)
    main = re.search(r"\bmainClass\b[^\n]*?:=\s*+Some\(\s*+\"([\w.$]+)\"", said)
    return Project(
        manager="sbt",
        root=folder,
        module=module,
        manifests=(path, *helpers, *_settings(source, folder)),
        roots=_all_roots(source, used, build.scala),
        own=_roots(source, module, build.scala),
        resources=list(
            dict.fromkeys(one for place in used for one in folders(source, place.folder, _RESOURCES))
        ),
        mains=[main[1]] if main else [],
        release=Seen("sbt.release", f"{release[1]}+", path) if release else None,
        languages={"scala"},
        tools={"scala": build.scala},
        repositories=re.findall(r"\bat\s+\"(https?://[^\"]+)\"", said),
        needed=_placed(needed, source.read_text(path), path),
        beyond=[f"{path}: {what}" for what in (*_plugins(said), *beyond)],
        made="Play" if _PLAY.search(said) else "",
    )


def _helpers(source: Source, folder: str) -> list[str]:
    """Scala code of the build itself: versions and dependencies often stand there."""
    return [one for one in source.files(f"{folder}/project".lstrip("/")) if one.endswith(".scala")]


def _all_roots(source: Source, used: list[_Module], scala: str) -> list[str]:
    return list(dict.fromkeys(root for one in used for root in _roots(source, one.folder, scala)))


def _settings(source: Source, folder: str) -> list[str]:
    paths = (f"{folder}/project/{file}".lstrip("/") for file in ("build.properties", "plugins.sbt"))
    return [path for path in paths if source.has(path)]


def _modules(text: str, folder: str) -> list[_Module]:
    """A `val` that is a project, with all up to the next statement; what stands outside of them is the root's."""
    found, outside, end = [], [], 0
    for match in _MODULE.finditer(text):
        rest = re.compile(r"(?m)^(?=[A-Za-z@])").search(text, match.end())
        stop = rest.start() if rest else len(text)
        place = join(folder, match[2] if match[2] is not None else match[1])
        outside.append(text[end : match.start()])
        found.append(_Module(match[1], place if place is not None else folder, text[match.start() : stop]))
        end = stop
    outside.append(text[end:])
    root = next((one for one in found if one.folder == folder), None)
    if root is None:
        root = _Module("", folder, "")
        found.insert(0, root)
    root.text += "\n" + "\n".join(outside)
    return found


def _chosen(source: Source, folder: str, modules: list[_Module]) -> str:
    """The folder itself where it has code; else the module that has something to start."""
    if _roots(source, folder, "") or len(modules) == 1:
        return folder
    return one_of(source, folder, [one.folder for one in modules if _roots(source, one.folder, "")])


def _used(modules: list[_Module], folder: str) -> list[_Module]:
    """The module and those it depends on, one through the other; the root's own words go for all (`ThisBuild / …`)."""
    todo = [one for one in modules if one.folder == folder]
    found: list[_Module] = []
    while todo:
        one = todo.pop(0)
        if one not in found:
            found.append(one)
            named = " ".join(re.findall(r"\bdependsOn\(([^)]*)\)", one.text))
            todo += [other for other in modules if other.name and re.search(rf"\b{other.name}\b", named)]
    return found


def _roots(source: Source, module: str, scala: str) -> list[str]:
    """sbt also compiles sources that lie right in the module."""
    series = ".".join(scala.split(".")[:2]) if scala.startswith("2") else "3"
    found = folders(source, module, (*_SOURCES, f"src/main/scala-{series}", *_OF_PLAY))
    here, _ = source.folder(module)
    return found or ([module] if any(file.endswith(".scala") for file in here) else [])


class _Build:
    """said: all of the modules that are built; shared: of the whole build, where a `val` may stand."""

    def __init__(self, said: str, shared: str) -> None:
        self.said, self.shared = said, shared
        self.values: dict[str, str] = dict(_VALUE.findall(shared))
        self.named = {
            match[1]: _expression(shared, match.end()) for match in islice(_NAMED.finditer(shared), MOST)
        }
        self.scala = self._scala()

    def _scala(self) -> str:
        for text in (self.said, self.shared):
            match = re.search(r"\bscalaVersion\s*+:=\s*+(?:\"([^\"]+)\"|([\w.]+))", text)
            if match and (found := match[1] or self.values.get(match[2].rpartition(".")[2], "")):
                return found
        return TOOLS["scala"]

    def needs(self) -> tuple[list[str], list[str]]:
        """Artifacts in Maven's notation, and what could not be followed."""
        found: dict[str, None] = {}
        beyond: list[str] = []
        todo, followed = self._asked(), set[str]()
        while todo:
            text = todo.pop(0)
            for need, odd in (self._need(match) for match in _NEED.finditer(text)):
                found |= {need: None} if need else {}
                beyond += [odd] if odd else []
            new = [word for word in _words(text) if word in self.named and word not in followed]
            followed |= set(new)
            todo += [self.named[word] for word in new]
        return list(found), beyond

    def _asked(self) -> list[str]:
        """What `libraryDependencies` is set to; also in settings that modules share: `.settings(commonSettings)`."""
        words = set(_words(self.said))
        common = [
            text for word, text in self.named.items() if word in words and "libraryDependencies" in text
        ]
        matches = ((text, match) for text in (self.said, *common) for match in _ASKED.finditer(text))
        return [_expression(text, match.end()) for text, match in islice(matches, MOST)]

    def _need(self, match: re.Match[str]) -> tuple[str, str]:
        """One artifact and nothing, or nothing and what is odd about it; neither for a test's."""
        group, percents, artifact, number, word, scope, scope_word = match.groups()
        kind = (scope or scope_word or "").lower()
        if kind.startswith(("test", "it", "integrationtest")):
            return "", ""
        version = number or self.values.get(word.rpartition(".")[2], "")
        if not version:
            return "", f"dependency {group}:{artifact}, whose version {word} is not plain"
        if percents == "%%%":
            return "", f"dependency {group}:{artifact}, which is made for several platforms"
        full = f"{artifact}_{self._series()}" if percents == "%%" else artifact
        return f"{group}:{full}:{version}{'@provided' if kind.startswith('provided') else ''}", ""

    def _series(self) -> str:
        return "3" if self.scala.startswith("3") else ".".join(self.scala.split(".")[:2])


def _words(text: str) -> list[str]:
    """Names in an expression, outside of strings and of whole dependencies."""
    plain = re.sub(r"\"[^\"\n]*\"", "", _NEED.sub("", text))
    return sorted(set(re.findall(r"(?<![\"\w])[a-zA-Z_]\w*", plain)))


def _expression(text: str, start: int) -> str:
    """To the closing bracket of `Seq(…)`, or to the end of the line."""
    depth = 0
    for at in range(start, min(len(text), start + LONGEST)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth < 0 or (depth == 0 and text[at] in "\n)" and text[start:at].strip()):
            return text[start : at + (text[at] == ")" and depth == 0)]
    return text[start : start + LONGEST]


def _placed(needs: list[str], text: str, path: str) -> list[At]:
    lines = text.splitlines()
    found = []
    for need in needs:
        artifact = re.sub(r"_[\d.]+$", "", need.split(":")[1])
        line = next((number for number, one in enumerate(lines, 1) if f'"{artifact}"' in one), 1)
        found.append(At(need, path, line))
    return found


def _plugins(said: str) -> list[str]:
    words = [word.strip() for inner in _PLUGINS.findall(said) for word in inner.split(",")]
    found = [f"{word}: {BEYOND[word]}" for word in words if word in BEYOND]
    return found + (["a plugin of the compiler"] if "addCompilerPlugin" in said else [])
