"""A Gradle build as a project: the module that is started, and those that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from jitney.detect.jvm.gradle import Build, Gradle, read_build
from jitney.detect.jvm.gradle_words import FILES, SETTINGS, find, settings
from jitney.detect.jvm.project import ROOTS, Project, folders, one_of
from jitney.detect.jvm.version import Seen
from jitney.source import Source

_WITH = (*FILES, *SETTINGS, "gradle.properties", "gradle/libs.versions.toml")
_MANY = ("src/jvmMain/kotlin", "src/commonMain/kotlin")


def gradle_project(source: Source, folder: str) -> Project:
    """DetectionError: no module with something to start, or several."""
    module = _module(source, folder)
    build = read_build(source, module)
    own, java = build.modules[module], build.modules[module].java
    return Project(
        manager="gradle",
        root=build.root,
        module=module,
        manifests=(own.path, *_read(source, build, own.path)),
        roots=_flat(_roots(source, place, one) for place, one in build.modules.items()),
        own=_roots(source, module, own),
        resources=_flat(folders(source, place, ("src/main/resources",)) for place in build.modules),
        mains=[own.main] if own.main else [],
        release=Seen("gradle.java", f"{java.value}+", java.file, java.line) if java else None,
        languages=_languages(own),
        tools={name: value for name, value in (("kotlin", own.kotlin), ("scala", own.scala)) if value},
        beyond=_flat(
            [f"{one.path or place}: {what}" for what in one.beyond] for place, one in build.modules.items()
        ),
        gradle=own.wrapper,
        made=_maker(own),
        **_of_all(list(build.modules.values())),
    )


def _of_all(parts: list[Gradle]) -> dict[str, Any]:
    """What every module of the program adds."""
    return {
        "plugins": [plugin for one in parts for plugin in one.plugins],
        "repositories": [url for one in parts for url in one.repositories if "$" not in url],
        "needed": [at for one in parts for at in one.needs],
        "platforms": [at for one in parts for at in one.platforms],
    }


def _flat(lists: Iterable[list[str]]) -> list[str]:
    return list(dict.fromkeys(one for words in lists for one in words))


def _read(source: Source, build: Build, own: str) -> list[str]:
    """Further files of the build: of the root, and of every module."""
    places = dict.fromkeys((build.root, *build.modules))
    paths = [f"{place}/{file}".lstrip("/") for place in places for file in _WITH]
    return [path for path in paths if path != own and source.has(path)]


def _languages(own: Gradle) -> set[str]:
    return {"kotlin"} if any(one.startswith("org.jetbrains.kotlin.") for one in own.plugins) else set()


def _roots(source: Source, place: str, read: Gradle) -> list[str]:
    """Where code lies: folders that the build names, the usual ones, those of Kotlin for many platforms that a JVM has."""
    return folders(
        source,
        place,
        (*read.sources, *ROOTS, *(_MANY if "org.jetbrains.kotlin.multiplatform" in read.plugins else ())),
    )


def _maker(own: Gradle) -> str:
    if "io.quarkus" in own.plugins:
        return "Quarkus"
    return "a servlet container" if "war" in own.plugins else ""


def _module(source: Source, folder: str) -> str:
    """The folder itself where it has code; else, of the build's other modules, the one that is an application."""
    place = settings(source, folder)
    if folders(source, folder, ROOTS) or not place:
        return folder
    modules = _included(source.read_text(place))
    modules = [f"{folder}/{one}".lstrip("/") for one in modules]
    modules = [one for one in modules if find(source, one)]
    named = [one for one in modules if _is_application(source.read_text(find(source, one)))]
    return one_of(source, folder, named or modules) if modules else folder


def _is_application(text: str) -> bool:
    return bool(re.search(r"\bapplication\b|mainClass|org\.springframework\.boot|io\.quarkus", text))


def _included(text: str) -> list[str]:
    """Folders that `include` names: `":app:web"` is app/web, unless `projectDir` says otherwise."""
    calls = re.findall(r"(?m)^[ \t]*+include\s*+\(?((?:,[ \t]*+\n|\([ \t]*+\n|[^)\n])+)\)?", text)
    words = [word for call in calls for word in re.findall(r"[\"']:?([\w:.-]+)[\"']", call)]
    moved = dict(
        re.findall(
            r"project\(\s*+[\"']:?([\w:.-]+)[\"']\s*+\)\.projectDir\s*+=\s*+(?:new\s+File\(|file\()[^\"'\n]*[\"']([^\"']+)[\"']",
            text,
        )
    )
    return [moved.get(word, word.replace(":", "/")).strip("./") for word in words]
