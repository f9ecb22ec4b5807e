"""build.gradle and build.gradle.kts, as far as they are plain: plugins, dependencies, main class, Java. Gradle is in no registry
that is reached here, so what goes beyond that is refused by name rather than half understood."""

from __future__ import annotations

import re

import msgspec

from jitney.detect.code import At
from jitney.detect.jvm.gradle_words import Words, bare, blocks, find, settings, without
from jitney.source import Source
from jitney.source.paths import join, parents

_KNOWN = frozenset({
    "java", "application", "java-library", "idea", "eclipse", "jacoco", "base", "distribution", "checkstyle", "pmd", "groovy",
    "scala", "org.jetbrains.kotlin.jvm", "org.jetbrains.kotlin.plugin.serialization", "com.github.johnrengelman.shadow",
    "com.gradleup.shadow", "io.github.goooler.shadow", "com.diffplug.spotless", "com.github.ben-manes.versions",
    "maven-publish", "signing", "org.jetbrains.dokka", "org.jlleitschuh.gradle.ktlint", "io.gitlab.arturbosch.detekt",
    "org.springframework.boot", "io.spring.dependency-management", "java-platform", "build-dashboard", "project-report",
    "org.jetbrains.kotlin.plugin.spring", "org.jetbrains.kotlin.plugin.jpa", "org.graalvm.buildtools.native", "com.adarshr.test-logger",
    "war", "io.quarkus", "maven", "eclipse-wtp", "io.ktor.plugin", "com.google.cloud.tools.jib", "org.jetbrains.kotlinx.kover",
})  # fmt: skip
"""Plugins that change nothing of what is compiled, or whose part is done or told of here."""

_ALIASES = {
    "kotlin-jvm": "org.jetbrains.kotlin.jvm",
    "kotlin": "org.jetbrains.kotlin.jvm",
    "kotlin-serialization": "org.jetbrains.kotlin.plugin.serialization",
    "kotlin-spring": "org.jetbrains.kotlin.plugin.spring",
    "kotlin-jpa": "org.jetbrains.kotlin.plugin.jpa",
    "spring-boot": "org.springframework.boot",
}
_CLASSPATH = {
    "spring-boot-gradle-plugin": "org.springframework.boot",
    "kotlin-gradle-plugin": "org.jetbrains.kotlin.jvm",
}
"""Artifacts of a `buildscript` → the plugin whose version theirs is: how plugins were named before `plugins { }`."""

_BOMS = {
    "org.springframework.boot": "org.springframework.boot:spring-boot-dependencies",
    "io.ktor.plugin": "io.ktor:ktor-bom",
}
"""Plugins that bring a BOM of their own version."""

_SCOPES = {
    "implementation": "", "api": "", "compile": "", "runtimeOnly": "", "runtime": "", "compileOnly": "@provided",
    "annotationProcessor": "@provided", "compileOnlyApi": "@provided", "kapt": "@kapt", "ksp": "@ksp", "developmentOnly": "",
    "providedCompile": "@provided", "providedRuntime": "@provided",
}  # fmt: skip
_NO_NEED = frozenset(
    {
        "constraints",
        "detektPlugins",
        "exclude",
        "because",
        "if",
        "else",
        "for",
        "while",
        "def",
        "val",
        "components",
        "modules",
    }
)
"""Words in `dependencies` that ask for nothing. What stands below a condition is left out, as the condition's other half would be."""

_NUMBER = r"(?:JavaVersion\.(?:VERSION_)?|JvmTarget\.JVM_|[\"'])?(?:1[._])?(\d+|[A-Za-z][\w.]*(?:\(\))?)"
_JAVA = tuple(re.compile(pattern + _NUMBER) for pattern in (
    r"languageVersion\s*+(?:\.set\s*+\(|=)\s*+JavaLanguageVersion\.of\(\s*+",
    r"\bjvmToolchain\s*+\(\s*+",
    r"options\.release\s*+(?:\.set\s*+\(|=)\s*+",
    r"(?:source|target)Compatibility\s*+=?\s*+",
    r"jvmTarget\s*+(?:\.set\s*+\(|=)\s*+",
))  # fmt: skip


class Gradle(msgspec.Struct):
    """needs: `group:artifact:version@scope`; platforms: BOMs; projects: folders of the same build. kotlin: version.
    beyond: what is not understood, for people. java: with its line. wrapper: the Gradle that it names. sources: folders of code
    that it names itself."""

    path: str = ""
    plugins: list[str] = msgspec.field(default_factory=list)
    needs: list[At] = msgspec.field(default_factory=list)
    platforms: list[At] = msgspec.field(default_factory=list)
    projects: list[str] = msgspec.field(default_factory=list)
    repositories: list[str] = msgspec.field(default_factory=list)
    main: str = ""
    java: At | None = None
    kotlin: str = ""
    scala: str = ""
    beyond: list[str] = msgspec.field(default_factory=list)
    wrapper: str = ""
    sources: list[str] = msgspec.field(default_factory=list)


class Build(msgspec.Struct):
    """A module with the modules it uses: first the module itself."""

    root: str
    modules: dict[str, Gradle]


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
    found = Gradle(path=path, wrapper=_wrapper(source, root))
    text = bare(source.read_text(path)) if path else ""
    words = Words(source, root, module, text)
    for part in (text, _shared(source, root, module)):
        _plugins(part, words, found)
        part = without(part, "buildscript")
        _dependencies(part, At("", path, 1), words, found)
        found.repositories += re.findall(r"\burl\s*+(?:=\s*+)?(?:uri\()?\s*+[\"'](https?://[^\"']+)", part)
        _settings(part, words, found)
    found.sources = _sources(text)
    _versions(words, found)
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


def _shared(source: Source, root: str, module: str) -> str:
    """What the root says for all of its modules."""
    path = find(source, root)
    if module == root or not path:
        return ""
    text = bare(source.read_text(path))
    return "\n".join(body for word in ("allprojects", "subprojects") for body in blocks(text, word))


def _plugins(text: str, words: Words, found: Gradle) -> None:
    for body in blocks(text, "plugins"):
        for line in body.splitlines():
            version = re.search(r"version\s*+\(?\s*+[\"']([^\"']+)", line)
            if named := _named_plugin(line, words):
                _plugin(named[0], words.expand(version[1]) if version else named[1], found)
    old = {
        plugin: number for artifact, number in _classpath(text, words) if (plugin := _CLASSPATH.get(artifact))
    }
    for word in re.findall(r"apply\s*+\(?\s*+plugin\s*+[:=]\s*+[\"']([\w.-]+)[\"']", text):
        plugin = _ALIASES.get(word, word)
        _plugin(plugin, old.get(plugin, ""), found)


def _named_plugin(line: str, words: Words) -> tuple[str, str] | None:
    """The plugin that a line of `plugins { }` names, and its version where a catalog has it."""
    if re.search(r"\bapply\s+false\b", line):
        return None
    if match := re.search(r"\bkotlin\(\s*+[\"']([\w.-]+)[\"']\s*+\)", line):
        return f"org.jetbrains.kotlin.{match[1]}", ""
    if match := re.search(r"\bid\s*+\(?\s*+[\"']([\w.-]+)[\"']", line):
        return match[1], ""
    if match := re.search(r"alias\s*+\(\s*+libs\.plugins\.([\w.]+)\s*+\)", line):
        named, _, number = words.plugins.get(match[1], match[1]).partition(":")
        return named, number
    if match := re.fullmatch(r"\s*+`?([a-z][\w-]*)`?\s*+;?\s*+", line):
        return match[1], ""
    return None


def _classpath(text: str, words: Words) -> list[tuple[str, str]]:
    """Artifacts of the `buildscript`, with their versions."""
    named = re.findall(r"\bclasspath\s*+\(?\s*+[\"'][\w.-]+:([\w.-]+):([^\"']+)[\"']", text)
    return [(artifact, words.expand(number)) for artifact, number in named]


def _plugin(named: str, version: str, found: Gradle) -> None:
    found.plugins.append(named)
    if named == "org.jetbrains.kotlin.jvm":
        found.kotlin = found.kotlin or version or "-"
    if named in _BOMS:
        found.platforms.append(At(f"{_BOMS[named]}:{version}", found.path, 1))
    if named not in _KNOWN:
        found.beyond.append(f"plugin {named}")


def _dependencies(text: str, at: At, words: Words, found: Gradle) -> None:
    for body in blocks(text, "dependencies"):
        for line in _statements(body):
            if match := re.match(r"(\w+)(?:\s*+\(|\s++)\s*+(.+?)\)?$", line):
                _dependency(match[1], match[2], at, words, found)
    for body in blocks(text, "dependencyManagement"):
        for named in re.findall(r"mavenBom\s*+\(?\s*+[\"']([^\"']+)", body):
            found.platforms.append(At(words.expand(named), at.file, at.line))


def _statements(body: str) -> list[str]:
    """One dependency each; a closing block of excludes is left out."""
    flat = re.sub(r"(?<!\$)\{[^{}]*(?:\$\{[^{}]*\}[^{}]*)*\}", "", body)
    joined = re.sub(r",[ \t]*+\n\s*+", ", ", flat)
    return [line.strip() for line in joined.splitlines() if line.strip()]


def _dependency(scope: str, rest: str, at: At, words: Words, found: Gradle) -> None:
    if scope.startswith("test") or scope in _NO_NEED or re.match(r"=(?!=)", rest):
        return
    kind = _SCOPES.get(scope)
    if kind is None or kind in ("@kapt", "@ksp"):
        found.beyond.append(f"dependency by `{scope}`" if kind is None else f"code generation by `{scope}`")
        return
    if match := re.search(r"project\s*+\(?\s*+(?:path\s*+[:=]\s*+)?[\"']:?([\w:.-]+)[\"']", rest):
        place = join("", match[1].replace(":", "/"))
        found.projects.append(f"{words.root}/{place}".strip("/"))
        return
    is_platform = bool(re.search(r"\b(?:enforcedP|p)latform\s*+\(", rest))
    for need in _named(rest, words):
        _need(need, kind, At("", at.file, at.line), found, is_platform=is_platform)


def _need(need: str, kind: str, at: At, found: Gradle, *, is_platform: bool) -> None:
    if not need.count(":") or "$" in need:
        found.beyond.append(f"dependency {need}")
    elif is_platform:
        found.platforms.append(At(need, at.file, at.line))
    else:
        found.needs.append(At(need + kind, at.file, at.line))


def _named(rest: str, words: Words) -> list[str]:
    """Artifacts that a dependency's words stand for; where they stand for none, the words themselves."""
    if match := re.search(r"\bkotlin\(\s*+[\"']([\w-]+)[\"']", rest):
        return [f"org.jetbrains.kotlin:kotlin-{match[1]}"]
    if match := re.search(r"\blibs\.bundles\.([\w.]+)", rest):
        return [words.libraries.get(one, f"libs.{one}") for one in words.bundles.get(match[1], [])]
    if match := re.search(r"\blibs\.([\w.]+)", rest):
        return [words.libraries.get(match[1].removesuffix(".get"), f"libs.{match[1]}")]
    named = dict(re.findall(r"\b(group|name|version)\s*+[:=]\s*+[\"']([^\"']+)[\"']", rest))
    if "group" in named:
        return [words.expand(":".join(named[key] for key in ("group", "name", "version") if key in named))]
    if re.match(r"(?:files|fileTree|gradleApi|localGroovy)\s*+\(", rest):
        return [rest.partition("(")[0]]
    concatenated = re.sub(r"[\"']\s*+\+\s*+(\w+)", r"${\1}'", rest)
    found = [words.expand(one) for one in re.findall(r"[\"']([^\"'\s]+:[^\"'\s]+)[\"']", concatenated)]
    return found or [rest.strip()[:60]]


def _settings(text: str, words: Words, found: Gradle) -> None:
    main = re.search(
        r"\b(?:mainClass(?:Name)?)\s*+(?:\.set\s*+\(|=)\s*+(?:provider\s*+\{)?\s*+[\"']([\w.$]+)[\"']", text
    )
    if main and not found.main:
        found.main = main[1]
    for pattern in _JAVA:
        if found.java is None and (match := pattern.search(text)):
            value = re.sub(
                r"\D.*", "", words.values.get(match[1].removesuffix("()"), match[1]).removeprefix("1.")
            )
            found.java = At(value, found.path, text.count("\n", 0, match.start()) + 1) if value else None


def _sources(text: str) -> list[str]:
    """Folders of the main source set: `kotlin.srcDir("src")`, `java { srcDirs = ['src'] }`; tests' and resources' are others."""
    found = []
    for match in re.finditer(r"\bsrcDirs?\b\s*+[=(]?\s*+\(?\[?([^\n)\]]*)", text):
        if not re.search(
            r"(?i)test|resources", text[max(0, match.start() - 60) : match.start()].rpartition("\n")[2]
        ):
            found += [one.strip("./") for one in re.findall(r"[\"']([\w./-]+)[\"']", match[1])]
    return [one for one in dict.fromkeys(found) if one and not re.search(r"(?i)test|resources", one)]


def _versions(words: Words, found: Gradle) -> None:
    """Kotlin's own libraries have the compiler's version; a BOM without one is none."""
    if found.kotlin == "-":
        found.kotlin = words.values.get("kotlinVersion", words.values.get("kotlin_version", ""))
    boms = [at for at in found.platforms if re.fullmatch(r"[^:]+:[^:]+:.+", at.value)]
    odd = sorted({at.value for at in boms if re.search(r"\+$|\$", at.value)})
    found.beyond += [f"BOM {one}: Maven takes one in an exact version only" for one in odd]
    found.platforms = [at for at in boms if at.value not in odd]
    found.needs = [At(_range(at.value), at.file, at.line) for at in found.needs]


def _range(need: str) -> str:
    """Gradle's `1.2.+` in Maven's notation: `[1.2,1.3)`."""
    match = re.fullmatch(r"([^:]+:[^:]+):(?:(\d+(?:\.\d+)*)\.)?(\d+)\.\+(@\w+)?", need)
    if match is None:
        return need
    head = f"{match[2]}." if match[2] else ""
    return f"{match[1]}:[{head}{match[3]},{head}{int(match[3]) + 1}){match[4] or ''}"


def _wrapper(source: Source, root: str) -> str:
    path = f"{root}/gradle/wrapper/gradle-wrapper.properties".lstrip("/")
    match = re.search(r"gradle-(\d[\d.]*)-", source.read_text(path)) if source.has(path) else None
    return match[1] if match else ""
