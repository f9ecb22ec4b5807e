"""Which language a source is: one ordered tuple of those that are built, and the rest by name so that errors
are right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import filter as fnfilter
from importlib import import_module

import msgspec

from jitney.detect.model import Detection, Wishes
from jitney.detect.notes import Notes
from jitney.detect.scripts import scripts
from jitney.errors import DetectionError
from jitney.languages import LanguageTable, manifests, mentioning, names, table
from jitney.source import Source
from jitney.source.kinds import binary_hint, binary_kind
from jitney.source.paths import is_under, name, parent
from jitney.source.sniff import by_interpreter, interpreter, sniff


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
        (".py", ".pyw"),
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
        ("package.json", "bunfig.toml"),
        ("node", "detect_javascript"),
    ),
    Language(
        "cpp", (".cpp", ".cc", ".cxx", ".c++"), ("CMakeLists.txt", "meson.build"), ("native", "detect_cpp")
    ),
    Language("c", (".c",), ("Makefile", "configure.ac", "configure"), ("native", "detect_c")),
)

BINARIES_LOOKED_AT = 20

OTHERS: dict[str, str] = {
    ".vb": "visual-basic", ".ps1": "powershell", ".ipynb": "jupyter", ".gleam": "gleam",
}  # fmt: skip
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
        return _supported(wished, "--lang")
    file = source.entry or (wishes.entry if "." in name(wishes.entry) else "")
    return _of_file(source, file, notes) if file else _of_folder(source, notes)


def _by_alias(word: str) -> str:
    if word in ALIASES or any(word == language.name for language in LANGUAGES):
        return ALIASES.get(word, word)
    return next((found.name for found in mentioning(word) if word in (found.name, *found.aliases)), word)


def _supported(language: str, where: str) -> Language:
    for known in LANGUAGES:
        if known.name == language:
            return known
    if language in names():
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


def _language_of(source: Source, path: str) -> str:
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
    language = _language_of(source, path)
    rule = "language.ending"
    if not language and source.has(path):
        text = source.read_text(path)
        language, rule = by_interpreter(interpreter(text)), "language.shebang"
        if not language:
            language, rule = sniff(text.encode("utf-8", "replace")), "language.content"
    if not language:
        raise DetectionError(
            f"{source.label}: no language is known for it (looked at: ending, shebang, imports); "
            f"supported: {', '.join(supported())}", "name it: jitney run --lang python …",
        )  # fmt: skip
    notes.saw(rule, "language", language, path, 0 if rule == "language.ending" else 1)
    return _supported(language, path)


def _with_manifest(here: list[str]) -> Iterator[Language]:
    """Built-in languages first: a table never takes a program from them."""
    for language in LANGUAGES:
        if any(fnfilter(here, pattern) for pattern in language.manifests):
            yield language
    for word, patterns in manifests():
        if any(fnfilter(here, pattern) for pattern in patterns):
            yield language_of(table(word))


def _of_folder(source: Source, notes: Notes) -> Language:
    """A manifest beside the program, then the files right in the folder, then those below, then a manifest of an environment
    that has no program yet, then scripts without an ending."""
    files = [path for path in source.files() if is_under(path, source.workdir)]
    here = sorted({name(path) for path in files if parent(path) == source.workdir})
    by_shebang = scripts(source, source.workdir)
    said = [(language, _manifest_of(language, here, source)) for language in _with_manifest(here)]
    coded = [one for one in said if _has_code(one[0], files, by_shebang)]
    if coded:
        return _said(source, here, coded, notes)
    if source.has(
        jar := f"{source.workdir}/META-INF/MANIFEST.MF".lstrip("/")
    ) and "Main-Class:" in source.read_text(jar):
        notes.saw("language.jar", "language", "java", jar)  # what a jar has in it, laid out as a folder
        return _supported("java", jar)
    for group in ([path for path in files if parent(path) == source.workdir], files):
        if ranked := _ranked(source, group):
            notes.saw("language.files", "language", ranked[0], source.workdir, 0, tuple(ranked[1:]))
            return _supported(ranked[0], source.label)
    if alone := [one for one in said if name(one[1]) not in _OF_MANY]:
        return _said(source, here, alone, notes)
    for path, language in by_shebang.items():
        notes.saw("language.shebang", "language", language, path, 1)
        return _supported(language, path)
    if binary := _binary(source, files):
        raise binary
    listed = ", ".join(here[:8]) or "no files"
    raise DetectionError(
        f"{source.label}: nothing runnable was found (looked at manifests, endings, entries; there is: {listed}); "
        f"supported: {', '.join(supported())}", "hand over a source file, or name the language with --lang",
    )  # fmt: skip


_OF_MANY = ("Makefile", "configure", "configure.ac", "settings.gradle", "settings.gradle.kts")
"""Manifests that say nothing of a language where none of its files lies there."""


def _manifest_of(language: Language, here: list[str], source: Source) -> str:
    file = next(file for pattern in language.manifests for file in fnfilter(here, pattern))
    return f"{source.workdir}/{file}".lstrip("/")


def _has_code(language: Language, files: list[str], by_shebang: dict[str, str]) -> bool:
    return any(path.endswith(language.endings) for path in files) or language.name in by_shebang.values()


def _said(source: Source, here: list[str], said: list[tuple[Language, str]], notes: Notes) -> Language:
    """The first of the languages whose manifest is there, unless that one only has tools for the second."""
    language, place = said[1] if _is_for_tools(source, here, said) else said[0]
    losers = tuple(f"{other.name} ({where})" for other, where in said if other is not language)
    notes.saw("language.manifest", "language", language.name, place, 0, losers)
    return language


def _ranked(source: Source, paths: list[str]) -> list[str]:
    """Languages by the number of their files; those that are only known by name last."""
    counts: dict[str, int] = {}
    for path in paths:
        if language := _language_of(source, path):
            counts[language] = counts.get(language, 0) + 1
    return sorted(counts, key=lambda found: (found in OTHERS.values(), -counts[found], found))


def _is_for_tools(source: Source, here: list[str], said: list[tuple[Language, str]]) -> bool:
    """Python's requirements beside a package.json that says what starts: the Python files are its helpers, unless one of them
    has a program's name."""
    if len(said) < 2 or said[0][0].name != "python" or said[1][0].name not in ("javascript", "typescript"):
        return False
    weak = name(said[0][1]) in ("requirements.txt", "setup.py", "environment.yml")
    program = {
        "main.py",
        "app.py",
        "__main__.py",
        "server.py",
        "run.py",
        "cli.py",
        "manage.py",
        "bot.py",
        "chat.py",
    }
    starts = (
        '"start"' in source.read_text(f"{source.workdir}/package.json".lstrip("/"))
        if "package.json" in here
        else False
    )
    return weak and starts and not program & set(here)


def _binary(source: Source, files: list[str]) -> DetectionError | None:
    """A folder that has a compiled program, and not what it was compiled from."""
    for path in files[:BINARIES_LOOKED_AT]:
        kind = binary_kind(source.read_bytes(path)[:4096])
        if any(word in kind for word in ("compiled", "bytecode", "Windows", "WebAssembly")):
            message = f"{source.label} has no source code: {path} is {kind}"
            return DetectionError(message, binary_hint(kind))
    return None
