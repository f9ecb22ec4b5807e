"""Which language a source is: one ordered tuple of those that are built, and the rest by name so that errors
are right."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from jitney.detect.model import Detection, Wishes
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import is_under, name, parent
from jitney.source.sniff import INTERPRETERS, interpreter, sniff


class Language(msgspec.Struct, frozen=True):
    name: str
    endings: tuple[str, ...]
    manifests: tuple[str, ...]
    detect: Callable[[Source, Wishes, Notes], Detection]


def _python(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    from jitney.detect.python import detect_python

    return detect_python(source, wishes, notes)


def _go(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    from jitney.detect.go import detect_go

    return detect_go(source, wishes, notes)


LANGUAGES: tuple[Language, ...] = (
    # Go first: a go.mod is never there by chance, while many Go projects carry a requirements.txt for their
    # scripts.
    Language("go", (".go",), ("go.mod", "go.work"), _go),
    Language(
        "python", (".py", ".pyw"),
        ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "pyproject.toml", "requirements.txt", "setup.py",
        "environment.yml"),
        _python,
    ),
)  # fmt: skip

OTHERS: dict[str, str] = {
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".ts": "typescript", ".tsx":
    "typescript",
    ".rs": "rust", ".java": "java", ".kt": "kotlin", ".kts": "kotlin", ".scala": "scala", ".clj": "clojure",
    ".c": "c",
    ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".cs": "csharp", ".fs": "fsharp", ".vb": "visual-basic",
    ".rb": "ruby",
    ".php": "php", ".pl": "perl", ".lua": "lua", ".sh": "shell", ".bash": "shell", ".zsh": "shell", ".fish":
    "shell",
    ".swift": "swift", ".jl": "julia", ".r": "r", ".ex": "elixir", ".exs": "elixir", ".erl": "erlang", ".hs":
    "haskell",
    ".ml": "ocaml", ".zig": "zig", ".nim": "nim", ".dart": "dart", ".cr": "crystal", ".d": "d", ".tcl": "tcl",
    ".groovy": "groovy", ".ps1": "powershell", ".ipynb": "jupyter", ".gleam": "gleam", ".rkt": "racket",
    ".f90": "fortran",
    ".cob": "cobol", ".pas": "pascal",
}  # fmt: skip
OTHER_MANIFESTS = {
    "package.json": "javascript", "deno.json": "typescript", "Cargo.toml": "rust", "pom.xml": "java",
    "build.gradle": "java", "build.gradle.kts": "kotlin", "CMakeLists.txt": "cpp", "Gemfile": "ruby",
    "composer.json": "php", "mix.exs": "elixir", "Package.swift": "swift", "Project.toml": "julia",
    "build.sbt": "scala",
}  # fmt: skip
SUPPORTED = tuple(sorted(language.name for language in LANGUAGES))
ALIASES = {"py": "python", "python3": "python", "golang": "go"}


def choose(source: Source, wishes: Wishes, notes: Notes) -> Language:
    """DetectionError: another language, or nothing runnable."""
    if wishes.language:
        wished = ALIASES.get(wishes.language.lower(), wishes.language.lower())
        notes.saw("flag.language", "language", wished)
        return _supported(wished, "--lang")
    file = source.entry or (wishes.entry if "." in name(wishes.entry) else "")
    return _of_file(source, file, notes) if file else _of_folder(source, notes)


def _supported(language: str, where: str) -> Language:
    for known in LANGUAGES:
        if known.name == language:
            return known
    raise DetectionError(
        f"{where}: language {language} is seen, but not supported yet; supported: {', '.join(SUPPORTED)}"
    )


def by_ending(path: str) -> str:
    dot = name(path).rfind(".")
    ending = name(path)[dot:].lower() if dot >= 0 else ""
    return next(
        (language.name for language in LANGUAGES if ending in language.endings), OTHERS.get(ending, "")
    )


def _of_file(source: Source, file: str, notes: Notes) -> Language:
    path = file if source.has(file) else f"{source.workdir}/{file}".lstrip("/")
    language = by_ending(path)
    rule = "language.ending"
    if not language and source.has(path):
        text = source.read_text(path)
        language, rule = INTERPRETERS.get(interpreter(text), ""), "language.shebang"
        if not language:
            language, rule = sniff(text.encode("utf-8", "replace")), "language.content"
    if not language:
        raise DetectionError(
            f"{source.label}: no language is known for it (looked at: ending, shebang, imports); "
            f"supported: {', '.join(SUPPORTED)}", "name it: jitney run --lang python …",
        )  # fmt: skip
    notes.saw(rule, "language", language, path, 0 if rule == "language.ending" else 1)
    return _supported(language, path)


def _of_folder(source: Source, notes: Notes) -> Language:
    """A manifest beside the program, then the files right in the folder, then those below."""
    files = [path for path in source.files() if is_under(path, source.workdir)]
    here = {name(path) for path in files if parent(path) == source.workdir}
    other = next((OTHER_MANIFESTS[file] for file in OTHER_MANIFESTS if file in here), "")
    for language in LANGUAGES:
        manifest = next((file for file in language.manifests if file in here), "")
        if manifest and any(path.endswith(language.endings) for path in files):
            notes.saw(
                "language.manifest", "language", language.name, f"{source.workdir}/{manifest}".lstrip("/")
            )
            return language
    if other:
        return _supported(other, source.label)
    for group in ([path for path in files if parent(path) == source.workdir], files):
        counts: dict[str, int] = {}
        for path in group:
            if language_name := by_ending(path):
                counts[language_name] = counts.get(language_name, 0) + 1
        ranked = sorted(counts, key=lambda found: (found not in SUPPORTED, -counts[found], found))
        if ranked:
            notes.saw("language.files", "language", ranked[0], source.workdir, 0, tuple(ranked[1:]))
            return _supported(ranked[0], source.label)
    listed = ", ".join(sorted(here)[:8]) or "no files"
    raise DetectionError(
        f"{source.label}: nothing runnable was found (looked at manifests, endings, entries; there is: {listed}); "
        f"supported: {', '.join(SUPPORTED)}", "hand over a source file, or name the language with --lang",
    )  # fmt: skip
