"""build.gradle and build.gradle.kts, as far as they are plain: plugins, dependencies, main class, Java. Gradle is in no registry
that is reached here, so what goes beyond that is refused by name rather than half understood."""

from __future__ import annotations

import re

import msgspec

from jitney.detect.code import At
from jitney.source import Source
from jitney.source.paths import join, parents

FILES = ("build.gradle.kts", "build.gradle")
SETTINGS = ("settings.gradle.kts", "settings.gradle")
_KNOWN = frozenset({
    "java", "application", "java-library", "idea", "eclipse", "jacoco", "base", "distribution", "checkstyle", "pmd", "groovy",
    "scala", "org.jetbrains.kotlin.jvm", "org.jetbrains.kotlin.plugin.serialization", "com.github.johnrengelman.shadow",
    "com.gradleup.shadow", "io.github.goooler.shadow", "com.diffplug.spotless", "com.github.ben-manes.versions",
    "maven-publish", "signing", "org.jetbrains.dokka", "org.jlleitschuh.gradle.ktlint", "io.gitlab.arturbosch.detekt",
    "org.springframework.boot", "io.spring.dependency-management", "java-platform", "build-dashboard", "project-report",
    "org.jetbrains.kotlin.plugin.spring", "org.jetbrains.kotlin.plugin.jpa", "org.graalvm.buildtools.native", "com.adarshr.test-logger",
})  # fmt: skip
"""Plugins that change nothing of what is compiled, or whose part is done here."""

_ALIASES = {
    "kotlin-jvm": "org.jetbrains.kotlin.jvm",
    "kotlin": "org.jetbrains.kotlin.jvm",
    "kotlin-serialization": "org.jetbrains.kotlin.plugin.serialization",
    "kotlin-spring": "org.jetbrains.kotlin.plugin.spring",
    "kotlin-jpa": "org.jetbrains.kotlin.plugin.jpa",
}
_SCOPES = {
    "implementation": "", "api": "", "compile": "", "runtimeOnly": "", "runtime": "", "compileOnly": "@provided",
    "annotationProcessor": "@provided", "compileOnlyApi": "@provided", "kapt": "@kapt", "ksp": "@ksp", "developmentOnly": "",
}  # fmt: skip


class Gradle(msgspec.Struct):
    """needs: `group:artifact:version@scope`; platforms: BOMs; projects: folders of the same build. kotlin: version.
    beyond: what is not understood, for people."""

    path: str = ""
    plugins: list[str] = msgspec.field(default_factory=list)
    needs: list[At] = msgspec.field(default_factory=list)
    platforms: list[At] = msgspec.field(default_factory=list)
    projects: list[str] = msgspec.field(default_factory=list)
    repositories: list[str] = msgspec.field(default_factory=list)
    main: str = ""
    java: str = ""
    kotlin: str = ""
    scala: str = ""
    beyond: list[str] = msgspec.field(default_factory=list)
    wrapper: str = ""


class Build(msgspec.Struct):
    """A module with the modules it uses: first the module itself."""

    root: str
    modules: dict[str, Gradle]


def find(source: Source, folder: str) -> str:
    """The build file of a folder, or an empty string."""
    return _first(source, folder, FILES)


def settings(source: Source, folder: str) -> str:
    """The file that names the modules, or an empty string."""
    return _first(source, folder, SETTINGS)


def _first(source: Source, folder: str, files: tuple[str, ...]) -> str:
    places = (f"{folder}/{file}".lstrip("/") for file in files)
    return next((place for place in places if source.has(place)), "")


def read_build(source: Source, module: str) -> Build:
    root = next((place for place in parents(module) if settings(source, place)), module)
    build = Build(root=root, modules={})
    todo = [module]
    while todo:
        place = todo.pop(0)
        if place not in build.modules:
            build.modules[place] = _read(source, root, place)
            todo += build.modules[place].projects
    return build


def _read(source: Source, root: str, module: str) -> Gradle:
    path = find(source, module)
    found = Gradle(path=path)
    text = _bare(source.read_text(path)) if path else ""
    words = _Words(source, root, module, text)
    shared = _shared(source, root, module)
    _wrapper(source, root, found)
    for part in (text, shared):
        _plugins(part, words, found)
        _dependencies(part, At("", path, 1), words, found)
        found.repositories += re.findall(r"\burl\s*(?:=\s*)?(?:uri\()?\s*[\"'](https?://[^\"']+)", part)
        _settings(part, words, found)
    _spring(words, found)
    found.needs, found.platforms = _placed(found.needs, text), _placed(found.platforms, text)
    if not path:
        found.beyond.append(f"{module or '.'} has no build file")
    return found


def _placed(ats: list[At], text: str) -> list[At]:
    """With the line that names them, where one does so whole."""
    lines = text.splitlines()
    found = []
    for at in ats:
        named = ":".join(at.value.split(":")[:2])
        found.append(At(at.value, at.file, next((n for n, line in enumerate(lines, 1) if named in line), 1)))
    return found


def _bare(text: str) -> str:
    """Without comments; line breaks stay."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    return re.sub(r"(?m)(?<![:\"'])//.*$", "", text)


def _shared(source: Source, root: str, module: str) -> str:
    """What the root says for all of its modules."""
    path = find(source, root)
    if module == root or not path:
        return ""
    text = _bare(source.read_text(path))
    return "\n".join(body for word in ("allprojects", "subprojects") for body in _blocks(text, word))


def _blocks(text: str, word: str) -> list[str]:
    """Bodies of `word { … }`, braces matched."""
    found = []
    for match in re.finditer(rf"\b{word}\b[^\n{{]*\{{", text):
        depth, at = 1, match.end()
        while depth and at < len(text):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        found.append(text[match.end() : at - 1])
    return found


class _Words:
    """Variables, properties and the catalog: what a `$version` or `libs.openai` stands for."""

    def __init__(self, source: Source, root: str, module: str, text: str) -> None:
        self.root = root
        self.values: dict[str, str] = {}
        self.bundles: dict[str, list[str]] = {}
        for folder in dict.fromkeys((root, module)):
            path = f"{folder}/gradle.properties".lstrip("/")
            if source.has(path):
                self.values |= dict(re.findall(r"(?m)^\s*([\w.]+)\s*=\s*(\S+)\s*$", source.read_text(path)))
        above = find(source, root)
        for part in (_bare(source.read_text(above)) if above else "", text):
            self.values |= dict(
                re.findall(
                    r"(?m)(?:\b(?:def|val|var|ext\.|String)\s*|^\s*(?:extra\[)?)\"?([\w.]+)\"?\]?\s*(?::\s*String\s*)?=\s*[\"']([^\"'$]+)[\"']",
                    part,
                )
            )
        catalog = f"{root}/gradle/libs.versions.toml".lstrip("/")
        self.libraries: dict[str, str] = {}
        self.plugins: dict[str, str] = {}
        if source.has(catalog):
            self._catalog(source.read_text(catalog))

    def _catalog(self, text: str) -> None:
        import tomllib  # only where there is a catalog

        try:
            whole = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return
        versions = whole.get("versions", {})

        def version(entry: object) -> str:
            if isinstance(entry, dict):
                entry = versions.get(entry.get("ref", ""), entry.get("strictly", entry.get("require", "")))
            return entry if isinstance(entry, str) else ""

        for alias, entry in whole.get("libraries", {}).items():
            if isinstance(entry, str):
                self.libraries[_accessor(alias)] = entry
            else:
                module = entry.get("module") or f"{entry.get('group')}:{entry.get('name')}"
                number = version(entry.get("version", ""))
                self.libraries[_accessor(alias)] = f"{module}:{number}" if number else module
        for alias, entry in whole.get("plugins", {}).items():
            if isinstance(entry, str):
                self.plugins[_accessor(alias)] = entry
            else:
                self.plugins[_accessor(alias)] = f"{entry.get('id')}:{version(entry.get('version', ''))}"
        self.bundles = {
            _accessor(alias): [_accessor(one) for one in names]
            for alias, names in whole.get("bundles", {}).items()
        }

    def expand(self, text: str) -> str:
        return re.sub(r"\$\{?([\w.]+)\}?", lambda m: self.values.get(m[1], m[0]), text)


def _accessor(alias: str) -> str:
    return re.sub(r"[-_]", ".", alias)


def _plugins(text: str, words: _Words, found: Gradle) -> None:
    for body in _blocks(text, "plugins"):
        for line in body.splitlines():
            version = re.search(r"version\s*\(?\s*[\"']([^\"']+)", line)
            number = words.expand(version[1]) if version else ""
            if match := re.search(r"\bkotlin\(\s*[\"']([\w.-]+)[\"']\s*\)", line):
                _plugin(f"org.jetbrains.kotlin.{match[1]}", number, found)
            elif match := re.search(r"\bid\s*\(?\s*[\"']([\w.-]+)[\"']", line):
                _plugin(match[1], number, found)
            elif match := re.search(r"alias\s*\(\s*libs\.plugins\.([\w.]+)\s*\)", line):
                named, _, number = words.plugins.get(match[1], match[1]).partition(":")
                _plugin(named, number, found)
            elif match := re.fullmatch(r"\s*`?([a-z][\w-]*)`?\s*;?\s*", line):
                _plugin(match[1], "", found)
    for word in re.findall(r"apply\s*\(?\s*plugin\s*[:=]\s*[\"']([\w.-]+)[\"']", text):
        _plugin(_ALIASES.get(word, word), "", found)


def _plugin(named: str, version: str, found: Gradle) -> None:
    found.plugins.append(named)
    if named == "org.jetbrains.kotlin.jvm":
        found.kotlin = found.kotlin or version or "-"
    if named == "org.springframework.boot":
        found.platforms.append(
            At(f"org.springframework.boot:spring-boot-dependencies:{version}", found.path, 1)
        )
    if named not in _KNOWN:
        found.beyond.append(f"plugin {named}")


def _dependencies(text: str, at: At, words: _Words, found: Gradle) -> None:
    for body in _blocks(text, "dependencies"):
        for line in _statements(body):
            if match := re.match(r"(\w+)\s*[( ]\s*(.+?)\)?$", line):
                _dependency(match[1], match[2], at, words, found)
    for body in _blocks(text, "dependencyManagement"):
        for named in re.findall(r"mavenBom\s*\(?\s*[\"']([^\"']+)", body):
            found.platforms.append(At(words.expand(named), at.file, at.line))


def _statements(body: str) -> list[str]:
    """One dependency each; a closing block of excludes is left out."""
    flat = re.sub(r"\{[^{}]*\}", "", body)
    joined = re.sub(r",\s*\n\s*", ", ", flat)
    return [line.strip() for line in joined.splitlines() if line.strip()]


def _dependency(scope: str, rest: str, at: At, words: _Words, found: Gradle) -> None:
    if scope.startswith("test") or scope in ("constraints", "detektPlugins", "exclude", "because"):
        return
    if scope not in _SCOPES:
        found.beyond.append(f"dependency by `{scope}`")
        return
    kind = _SCOPES[scope]
    if kind in ("@kapt", "@ksp"):
        found.beyond.append(f"code generation by `{scope}`")
        return
    if match := re.search(r"project\s*\(?\s*(?:path\s*[:=]\s*)?[\"']:?([\w:.-]+)[\"']", rest):
        place = join("", match[1].replace(":", "/"))
        found.projects.append(f"{words.root}/{place}".strip("/"))
        return
    is_platform = bool(re.search(r"\b(?:enforcedP|p)latform\s*\(", rest))
    for need in _named(rest, words):
        if need.count(":") and "$" not in need:
            (found.platforms if is_platform else found.needs).append(
                At(need if is_platform else need + kind, at.file, at.line)
            )
        else:
            found.beyond.append(f"dependency {need}")


def _named(rest: str, words: _Words) -> list[str]:
    if match := re.search(r"\bkotlin\(\s*[\"']([\w-]+)[\"']", rest):
        return [f"org.jetbrains.kotlin:kotlin-{match[1]}"]
    if match := re.search(r"\blibs\.bundles\.([\w.]+)", rest):
        return [words.libraries.get(one, f"libs.{one}") for one in words.bundles.get(match[1], [])]
    if match := re.search(r"\blibs\.([\w.]+)", rest):
        return [words.libraries.get(match[1].removesuffix(".get"), f"libs.{match[1]}")]
    named = dict(re.findall(r"\b(group|name|version)\s*[:=]\s*[\"']([^\"']+)[\"']", rest))
    if "group" in named:
        return [words.expand(":".join(named[key] for key in ("group", "name", "version") if key in named))]
    if re.match(r"(?:files|fileTree|gradleApi|localGroovy)\s*\(", rest):
        return [rest.partition("(")[0]]
    concatenated = re.sub(r"[\"']\s*\+\s*(\w+)", r"${\1}'", rest)
    found = [words.expand(one) for one in re.findall(r"[\"']([^\"'\s]+:[^\"'\s]+)[\"']", concatenated)]
    return found or [rest.strip()[:60]]


def _settings(text: str, words: _Words, found: Gradle) -> None:
    main = re.search(
        r"\b(?:mainClass(?:Name)?)\s*(?:\.set\s*\(|=)\s*(?:provider\s*\{)?\s*[\"']([\w.$]+)[\"']", text
    )
    if main and not found.main:
        found.main = main[1]
    for pattern in (
        r"languageVersion\s*(?:\.set\s*\(|=)\s*JavaLanguageVersion\.of\(\s*[\"']?(\d+)",
        r"jvmToolchain\s*\(\s*(\d+)",
        r"options\.release\s*(?:\.set\s*\(|=)\s*(\d+)",
        r"(?:source|target)Compatibility\s*=?\s*(?:JavaVersion\.(?:VERSION_)?|[\"'])?(?:1[._])?(\d+)",
        r"jvmTarget\s*(?:\.set\s*\(|=)\s*(?:JvmTarget\.JVM_|[\"'])(?:1[._])?(\d+)",
    ):
        if not found.java and (match := re.search(pattern, text)):
            found.java = match[1]


def _spring(words: _Words, found: Gradle) -> None:
    """Kotlin's own libraries have the compiler's version; a BOM without one is none."""
    if found.kotlin == "-":
        found.kotlin = words.values.get("kotlinVersion", words.values.get("kotlin_version", ""))
    found.platforms = [
        at for at in found.platforms if at.value.count(":") >= 2 and not at.value.endswith(":")
    ]


def _wrapper(source: Source, root: str, found: Gradle) -> None:
    path = f"{root}/gradle/wrapper/gradle-wrapper.properties".lstrip("/")
    if source.has(path) and (match := re.search(r"gradle-([\d.]+)-", source.read_text(path))):
        found.wrapper = match[1]
