"""What the compilers of the JVM's languages are given: which run, one after the other, with which options and files. Pure."""

from __future__ import annotations

import posixpath

from jitney.detect.model import Detection
from jitney.plan.maven import TOOLS, Artifact, scala_series

WORK = "/src"
"""Where the source lies in a build: what a compiler says of a file below it is told with the user's own path."""

_ENDINGS = {"java": (".java",), "kotlin": (".kt", ".kts"), "scala": (".scala", ".sc"), "groovy": (".groovy",)}
LISTS = ("clean", "groovy", "java", "javac", "kotlin", "kotlinc", "scala")
"""Argument files, by name."""

PLUGINS = {
    "kotlin-serialization-compiler-plugin-embeddable": "",
    "kotlin-scripting-compiler-embeddable": "",
    "kotlin-allopen-compiler-plugin-embeddable": "plugin:org.jetbrains.kotlin.allopen:preset=spring",
    "kotlin-noarg-compiler-plugin-embeddable": "plugin:org.jetbrains.kotlin.noarg:preset=jpa",
}
"""Plugins of Kotlin's compiler by their artifacts, and what each is told."""

LATEST_TARGET = {"1.8": 17, "1.9": 21, "2.0": 22, "2.1": 23, "2.2": 24}
"""Kotlin's series → the newest class files that it makes."""


def tools(detection: Detection) -> list[tuple[str, str]]:
    return tools_of(detection.features, detection.entry)


def tools_of(features: tuple[str, ...], entry: str) -> list[tuple[str, str]]:
    """Compilers with their versions, as resolve and compile name them: a script and a plugin are tools of their own."""
    found = []
    for one in features:
        if one.startswith("tool:"):
            tool, _, version = one.removeprefix("tool:").partition("@")
            found.append((scala_series(version) if tool == "scala" else tool, version))
            if tool == "kotlin" and is_script(entry):
                found.append(("kotlin-script", version))
            if tool == "kotlin":
                plugins = sorted(one[7:] for one in features if one.startswith("plugin:"))
                found += [(f"kotlin-{plugin}", version) for plugin in plugins]
    return found


LAUNCHER = "JitneyScript"
"""The class that a script is started by."""


def is_script(entry: str) -> bool:
    return entry.endswith(".kts") and not entry.endswith(".gradle.kts")


def commands(detection: Detection) -> tuple[str, ...]:
    """Kotlin and Scala read Java's sources beside theirs, javac reads the others' classes: it comes last."""
    languages = {language for language in _ENDINGS if _files(detection, language)}
    resources = tuple(
        f"resources:{WORK}/{folder}"
        for folder in (
            [one[10:] for one in detection.features if one.startswith("resources:")]
            or _fallback_resources(detection)
        )
    )
    order = []
    if "kotlin" in languages:
        order.append("kotlin")
        main = next((one[5:] for one in detection.features if one.startswith("main:")), "")
        order += [f"script:{main}"] if is_script(detection.entry) else []
    if "scala" in languages:
        order.append(next(tool for tool, _ in tools(detection) if tool.startswith("scala")))
    if "groovy" in languages:
        order.append("groovy")
    if "java" in languages:
        order.append("java")
    return (*order, *resources)


def _fallback_resources(detection: Detection) -> list[str]:
    """Of a Maven project that is built without Maven."""
    roots = [one[5:] for one in detection.features if one.startswith("root:")]
    folders = {posixpath.join(posixpath.dirname(root), "resources") for root in roots if "src/main" in root}
    return sorted(
        folder for folder in folders if any(path.startswith(f"{folder}/") for path in detection.takes)
    )


def _files(detection: Detection, language: str) -> list[str]:
    """Of a bare program those that it reaches; of a project all below its roots."""
    named = [one[8:] for one in detection.features if one.startswith("compile:")]
    if not named:
        roots = [one[5:] for one in detection.features if one.startswith("root:")]
        named = [
            path for path in detection.takes if any(not root or path.startswith(f"{root}/") for root in roots)
        ]
    return [
        path
        for path in named
        if path.endswith(_ENDINGS[language]) and not path.endswith(("module-info.java", ".gradle.kts"))
    ]


def lists(detection: Detection, version: str, artifacts: list[Artifact]) -> dict[str, str]:
    """Argument files: for javac its options and files apart, for the others their files (options before them)."""
    java = [f"{WORK}/{path}" for path in _files(detection, "java")]
    kotlin = [f"{WORK}/{path}" for path in _files(detection, "kotlin")]
    scala = [f"{WORK}/{path}" for path in _files(detection, "scala")]
    groovy = [f"{WORK}/{path}" for path in _files(detection, "groovy")]
    return {
        "javac": _lines(_javac(detection, version, artifacts)),
        "java": _lines(java),
        "kotlinc": _lines(_kotlinc(detection, version, artifacts)),
        "kotlin": _lines([*kotlin, *java]),
        "scala": _lines([*_options(detection), *scala, *java]),
        "groovy": "".join(f"{path}\n" for path in groovy),  # its compiler takes no quotes off
        "clean": _clean(detection),
    }


def _clean(detection: Detection) -> str:
    """The entry, and the name under which a copy of it is compiled, without what its compiler would not take."""
    renamed = next((one[3:] for one in detection.features if one.startswith("as:")), "")
    return f"{WORK}/{detection.entry}\n{renamed}\n" if renamed else ""


def _lines(words: list[str]) -> str:
    """One word a line, as argument files of these compilers are read."""
    return "".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"\n' for word in words)


def _options(detection: Detection) -> list[str]:
    return [one[6:] for one in detection.features if one.startswith("javac:")]


def _release(detection: Detection, version: str) -> str:
    said = next((one[8:] for one in detection.features if one.startswith("release:")), "")
    return str(max(8, min(int(said), int(version)))) if said else version


def _javac(detection: Detection, version: str, artifacts: list[Artifact]) -> list[str]:
    """A bare program runs no processors; a project's do what its manifest wants of them."""
    is_bare = detection.manager == "imports" and not any(one.name == "lombok" for one in artifacts)
    words = ["-proc:none"] if is_bare else (["-proc:full"] if int(version) >= 21 and artifacts else [])
    options = _options(detection)
    if "preview" in detection.features:
        words += ["--enable-preview", "--release", version]
    elif "release:" in "".join(detection.features) and "--release" not in options:
        words += ["--release", _release(detection, version)]
    return [*words, "-nowarn", "-Xlint:-options", "-implicit:class", *options]


def _kotlinc(detection: Detection, version: str, artifacts: list[Artifact]) -> list[str]:
    kotlin = next((number for tool, number in tools(detection) if tool == "kotlin"), "")
    series = ".".join(kotlin.split(".")[:2])
    words = ["-jvm-target", _target(_release(detection, version), series), "-nowarn", "-module-name", "main"]
    for one in artifacts:
        if one.name in PLUGINS:
            words.append(f"-Xplugin={TOOLS}/{one.file}")
            words += ["-P", PLUGINS[one.name]] if PLUGINS[one.name] else []
    if is_script(detection.entry):
        words += ["-Xallow-any-scripts-in-source-roots", "-Xuse-fir-lt=false"]
    return [*words, *(_options(detection) if detection.language == "kotlin" else [])]


def _target(release: str, series: str) -> str:
    most = LATEST_TARGET.get(series, 25)
    wanted = min(int(release), most)
    return "1.8" if wanted == 8 else str(wanted)
