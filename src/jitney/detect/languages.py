"""Which language a source is: one ordered tuple of those that are built, and the rest by name so that errors
are right."""

from __future__ import annotations

import re
from importlib import import_module

import msgspec

from jitney import languages
from jitney.detect.model import Detection, Wishes
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.languages import LanguageTable, mentioning, names, table
from jitney.source import Source
from jitney.source.paths import name
from jitney.source.sniff import by_interpreter, identify, interpreter


class Language(msgspec.Struct, frozen=True):
    """endings of its files, manifests that say it even where other files lie beside; module of this package and function
    that detect it: imported only for a program that is one. table: of a language that is one, which table.py detects."""

    name: str
    endings: tuple[str, ...]
    manifests: tuple[str, ...]
    detector: tuple[str, str]
    table: LanguageTable | None = None

    def detect(self, source: Source, wishes: Wishes, notes: Notes) -> Detection:
        module, function = self.detector
        if self.table is not None:
            from jitney.detect.table import detect_table

            return detect_table(self.table, source, wishes, notes)
        found: Detection = getattr(import_module(f"jitney.detect.{module}"), function)(source, wishes, notes)
        return found


LANGUAGES: tuple[Language, ...] = (
    # Go first: a go.mod is never there by chance, while many projects carry a requirements.txt for their scripts, and a
    # package.json for their tools: the languages whose manifests serve other ends come last.
    Language("go", (".go",), ("go.mod", "go.work"), ("go", "detect_go")),
    Language("rust", (".rs",), ("Cargo.toml",), ("rust", "detect_rust")),
    Language("kotlin", (".kt", ".kts"), (), ("jvm", "detect_kotlin")),
    Language("scala", (".scala", ".sc"), ("build.sbt",), ("jvm", "detect_scala")),
    Language("groovy", (".groovy",), (), ("jvm", "detect_groovy")),
    Language("clojure", (".clj", ".cljc"), ("deps.edn", "project.clj"), ("jvm", "detect_clojure")),
    Language(
        "java",
        (".java", ".jar", ".war"),
        ("pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"),
        ("jvm", "detect_java"),
    ),
    Language(
        "python",
        (".py", ".pyw", ".ipynb"),
        (
            "uv.lock",
            "poetry.lock",
            "pdm.lock",
            "Pipfile",
            "Pipfile.lock",
            "pyproject.toml",
            "pylock.toml",
            "[Rr]equirement*.txt",
            "requirments.txt",
            "requirements.in",
            "setup.py",
            "environment.y*ml",
            "pixi.toml",
            "cog.yaml",
        ),
        ("python", "detect_python"),
    ),
    Language(
        "typescript",
        (".ts", ".mts", ".cts", ".tsx"),
        ("deno.json", "deno.jsonc"),
        ("node", "detect_typescript"),
    ),
    Language(
        "javascript",
        (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".mts"),  # TypeScript's too: package.json is of both
        ("package.json", "package.json5", "bunfig.toml"),
        ("node", "detect_javascript"),
    ),
    Language(
        "cpp", (".cpp", ".cc", ".cxx", ".c++"), ("CMakeLists.txt", "meson.build"), ("native", "detect_cpp")
    ),
    Language("c", (".c",), ("Makefile", "configure.ac", "configure"), ("native", "detect_c")),
)

OTHERS: dict[str, str] = {}
"""Endings of languages that are known by name alone."""

ALIASES = {
    "py": "python", "python3": "python", "golang": "go", "js": "javascript", "node": "javascript", "ts": "typescript",
    "deno": "typescript", "bun": "typescript", "rs": "rust", "kt": "kotlin", "clj": "clojure", "c++": "cpp", "cxx": "cpp",
}  # fmt: skip


def language_of(found: LanguageTable) -> Language:
    """A language that is a table, in the form of a built-in one."""
    return Language(found.name, found.endings, found.manifests, ("table", "detect_table"), found)


def supported() -> tuple[str, ...]:
    return tuple(sorted((*(language.name for language in LANGUAGES), *names())))


def choose(source: Source, wishes: Wishes, notes: Notes) -> Language:
    """DetectionError: a language that is not supported, or nothing runnable."""
    if wishes.language:
        wished = _by_alias(wishes.language.lower())
        notes.saw("flag.language", "language", wished)
        return supported_one(wished, "--lang")
    file = source.entry or (wishes.entry if "." in name(wishes.entry) else "")
    if file:
        return _of_file(source, file, notes)
    from jitney.detect.folder import of_folder

    return of_folder(source, notes)


def _by_alias(word: str) -> str:
    if word in ALIASES or any(word == language.name for language in LANGUAGES):
        return ALIASES.get(word, word)
    return next((found.name for found in mentioning(word) if word in (found.name, *found.aliases)), word)


def supported_one(language: str, where: str) -> Language:
    """DetectionError: it is not among the languages that are built."""
    for known in LANGUAGES:
        if known.name == language:
            return known
    if language in names() or language in languages.known():
        return language_of(table(language))
    raise DetectionError(
        f"{where}: language {language} is not supported; supported: {', '.join(supported())}"
    )


def by_ending(path: str) -> str:
    """The language of a file by its name; empty: none is known."""
    return next(iter(_by_ending(path)), "")


def _by_ending(path: str) -> list[str]:
    """All that have the ending: `.pl` is Perl's and Prolog's, `.m` Octave's and Objective-C's. A built-in language alone."""
    dot = name(path).rfind(".")
    ending = name(path)[dot:] if dot >= 0 else ""
    for language in LANGUAGES:
        if ending.lower() in language.endings:
            return [language.name]
    for spelling in dict.fromkeys((ending, ending.lower())) if ending else ():
        if found := [one.name for one in mentioning(spelling) if spelling in one.endings]:
            return found
    return [OTHERS[ending.lower()]] if ending.lower() in OTHERS else []


def of_path(source: Source, path: str) -> str:
    """By its ending; where several languages have it, by its first line and the lines that only one of them has."""
    found = _by_ending(path)
    if len(found) < 2 or not source.has(path):
        return found[0] if found else ""
    text = source.read_text(path)
    named = by_interpreter(interpreter(text))
    marks = {one: sum(bool(re.search(mark, text, re.M)) for mark in table(one).marks) for one in found}
    return named if named in found else max(found, key=lambda one: marks[one])


def _of_file(source: Source, file: str, notes: Notes) -> Language:
    path = file if source.has(file) else f"{source.workdir}/{file}".lstrip("/")
    language = of_path(source, path)
    if language:
        notes.saw("language.ending", "language", language, path, 0)
        return supported_one(language, path)
    found = identify(source.read_text(path)) if source.has(path) else None
    if found is None:
        raise DetectionError(
            f"{source.label}: no language is known for it (looked at: ending, shebang, modeline, imports, words); "
            f"supported: {', '.join(supported())}", "name it: jitney run --lang python …",
        )  # fmt: skip
    losers = tuple(f"{found.rule}: {one}" for one in found.losers)
    notes.saw(found.rule, "language", f"{found.language} ({found.value})", path, found.line, losers)
    return supported_one(found.language, path)
