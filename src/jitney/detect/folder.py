"""Which language a folder is.

a manifest beside the program ─► files right in the folder ─► files below ─► a manifest of an environment that has no program
─► scripts without an ending
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import filter as fnfilter
from fnmatch import translate
from functools import cache

from jitney.detect import languages
from jitney.detect.data.starters import STARTERS
from jitney.detect.languages import LANGUAGES, OTHERS, Language
from jitney.detect.notes import Notes
from jitney.detect.scripts import scripts
from jitney.errors import DetectionError
from jitney.languages import known, manifests
from jitney.source import Source
from jitney.source.kinds import binary_hint, binary_kind
from jitney.source.paths import is_under, name, parent

BINARIES_LOOKED_AT = 20

OF_MANY = ("Makefile", "configure", "configure.ac", "settings.gradle", "settings.gradle.kts")
"""Manifests that say nothing of a language where none of its files lies there."""

_GLOB = re.compile(r"[*?\[]")

_PYTHON_PROGRAMS = frozenset(
    {"main.py", "app.py", "__main__.py", "server.py", "run.py", "cli.py", "manage.py", "bot.py", "chat.py"}
)

_SERVERS: dict[str, tuple[str, ...]] = {
    "php": ("artisan", "index.php", "public/index.php", "bin/console"),
    "ruby": ("config.ru", "bin/rails"),
    "elixir": ("mix.exs",),
    "dart": ("pubspec.yaml",),
    "csharp": ("Program.cs", "Startup.cs"),
}
"""Files that start a web program of a language: a package.json beside them has the tools of its pages."""

_NODE_STARTS = tuple(
    f"{folder}{stem}{end}"
    for folder in ("", "src/")
    for stem in ("index", "main", "app", "server")
    for end in (".js", ".ts", ".mjs", ".cjs")
)


def of_folder(source: Source, notes: Notes) -> Language:
    """The language of the program in the source's folder. DetectionError: nothing runnable."""
    files = [path for path in source.written() if is_under(path, source.workdir)]
    here = sorted({name(path) for path in files if parent(path) == source.workdir})
    by_shebang = scripts(source, source.workdir)
    said = [(language, manifest_of(language, here, source)) for language in with_manifest(here)]
    coded = [one for one in said if _has_code(one[0], files, by_shebang)]
    if coded:
        return _said(source, here, coded, notes)
    found = _of_files(source, files, by_shebang, notes)
    return found or _without_code(source, files, here, said, by_shebang, notes)


def _without_code(
    source: Source,
    files: list[str],
    here: list[str],
    said: list[tuple[Language, str]],
    by_shebang: dict[str, str],
    notes: Notes,
) -> Language:
    """A manifest of an environment that has no program, then a script without an ending."""
    if alone := [one for one in said if name(one[1]) not in OF_MANY]:
        return _said(source, here, alone, notes)
    if not by_shebang:
        raise _nothing(source, files, here)
    path, language = next(iter(by_shebang.items()))
    notes.saw("language.shebang", "language", language, path, 1)
    return languages.supported_one(language, path)


def _of_files(source: Source, files: list[str], by_shebang: dict[str, str], notes: Notes) -> Language | None:
    """What a jar has in it, laid out as a folder; the files right in the folder, then those below."""
    jar = f"{source.workdir}/META-INF/MANIFEST.MF".lstrip("/")
    if source.has(jar) and "Main-Class:" in source.read_text(jar):
        notes.saw("language.jar", "language", "java", jar)
        return languages.supported_one("java", jar)
    here = [path for path in files if parent(path) == source.workdir]
    ranked = _ranked(source, here) or _ranked(source, files)
    # an expression of Nix, a page: what a script beside it runs in, or shows
    if not ranked or (by_shebang and ranked[0] in known()):
        return None
    notes.saw("language.files", "language", ranked[0], source.workdir, 0, tuple(ranked[1:]))
    return languages.supported_one(ranked[0], source.label)


@cache
def _patterns() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Language → manifests. Built-in languages first: a table never takes a program from them."""
    built = tuple((language.name, language.manifests) for language in LANGUAGES)
    return (*built, *((word, patterns) for word, patterns in manifests() if patterns))


@cache
def _exact() -> frozenset[str]:
    """Names of manifests that are no patterns."""
    return frozenset(one for _, every in _patterns() for one in every if not _GLOB.search(one))


@cache
def _globs() -> re.Pattern[str]:
    """Whether a name may fit one of the patterns."""
    return re.compile(
        "|".join(translate(one) for _, every in _patterns() for one in every if _GLOB.search(one))
    )


def with_manifest(here: list[str]) -> Iterator[Language]:
    """Languages whose manifest lies in a folder with these files."""
    named = [one for one in here if one in _exact() or _globs().match(one)]
    for word, patterns in _patterns() if named else ():
        if any(fnfilter(named, pattern) for pattern in patterns):
            yield languages.supported_one(word, word)


def manifest_of(language: Language, here: list[str], source: Source) -> str:
    file = next(file for pattern in language.manifests for file in fnfilter(here, pattern))
    return f"{source.workdir}/{file}".lstrip("/")


def _has_code(language: Language, files: list[str], by_shebang: dict[str, str]) -> bool:
    return any(path.endswith(language.endings) for path in files) or language.name in by_shebang.values()


def _said(source: Source, here: list[str], said: list[tuple[Language, str]], notes: Notes) -> Language:
    """The language that the Procfile starts, else the first whose manifest is more than another's tools."""
    started = _started(source)
    strong = [one for one in said if len(said) > 1 and not _is_weak(*one, source, here)]
    language, place = next((one for one in said if one[0].name == started), (strong or said)[0])
    losers = tuple(f"{other.name} ({where})" for other, where in said if other is not language)
    notes.saw("language.manifest", "language", language.name, place, 0, losers)
    return language


def _started(source: Source) -> str:
    """The language of the program that the Procfile starts."""
    path = f"{source.workdir}/Procfile".lstrip("/")
    match = (
        re.search(r"(?m)^[ \t]*web[ \t]*:[ \t]*(\S+)", source.read_text(path)) if source.has(path) else None
    )
    return STARTERS.get(match[1].removeprefix("./"), "") if match else ""


def _is_weak(language: Language, place: str, source: Source, here: list[str]) -> bool:
    """A manifest that serves another language's program as often as one of its own, and nothing beside it says that it is one."""
    if language.name == "python":
        is_weak = name(place) in ("requirements.txt", "setup.py", "environment.yml")
        return is_weak and "package.json" in here and node_starts(source) and not _PYTHON_PROGRAMS & set(here)
    if language.name == "rust":
        return not has_binary(source, place)
    if language.name == "javascript":
        return not node_starts(source) or _has_server(source)
    return name(place) in OF_MANY


def _has_server(source: Source) -> bool:
    """A web program of another language, whose pages' tools a package.json beside it has."""
    here = list(source.folder(source.workdir)[0])
    prefix = f"{source.workdir}/" if source.workdir else ""
    for word, patterns in manifests():
        if word in _SERVERS and any(fnfilter(here, pattern) for pattern in patterns):
            return any(source.has(prefix + file) for file in _SERVERS[word])
    return False


def node_starts(source: Source) -> bool:
    """Whether a package.json says what starts, or a file of a program's name lies there: one for tools has neither."""
    from jitney.detect.node.manifest import Project, read
    from jitney.detect.node.site import site_of
    from jitney.detect.node.workspace import manifest_in, patterns

    folder = source.workdir
    if not manifest_in(source, folder):
        return False
    data = read(source, folder, Notes())
    project = Project(folder, folder, data, data)
    if "start" in project.scripts or patterns(source, folder, data) or site_of(source, project) is not None:
        return True
    prefix = f"{folder}/" if folder else ""
    said = (data.get(field) for field in ("main", "module", "bin"))
    named = [file.removeprefix("./") for file in said if isinstance(file, str)]
    return any(source.has(prefix + file) for file in (*named, *_NODE_STARTS))


def has_binary(source: Source, place: str) -> bool:
    """A crate that is a program, or a workspace: a library beside a pyproject.toml or a package.json is their extension."""
    folder = f"{source.workdir}/" if source.workdir else ""
    text = source.read_text(place)
    has_file = source.has(f"{folder}src/main.rs") or source.has_folder(f"{folder}src/bin")
    return has_file or bool(re.search(r"(?m)^[ \t]*\[(?:\[bin\]\]|workspace\b)", text))


def _ranked(source: Source, paths: list[str]) -> list[str]:
    """Languages by the number of their files; those that are only known by name last."""
    counts: dict[str, int] = {}
    for path in paths:
        if language := languages.of_path(source, path):
            counts[language] = counts.get(language, 0) + 1
    last = {*OTHERS.values(), *known()}
    return sorted(counts, key=lambda found: (found in last, -counts[found], found))


def _nothing(source: Source, files: list[str], here: list[str]) -> DetectionError:
    """What the folder has instead of a program."""
    if (binary := _binary(source, files)) is not None:
        return binary
    if page := next((path for path in files if path.endswith((".html", ".htm"))), ""):
        return DetectionError(
            f"{source.label}: nothing runnable was found: a static site ({page}), which a browser shows",
            "any web server shows it; Jitney runs programs",
        )
    listed = ", ".join(here[:8]) or "no files"
    dockerfile = next((one for one in here if one.lower() in ("dockerfile", "containerfile")), "")
    return DetectionError(
        f"{source.label}: nothing runnable was found (looked at manifests, endings, entries; there is: {listed}); "
        f"supported: {', '.join(languages.supported())}",
        f"{dockerfile} may say how it is run: jitney run --use-dockerfile …" if dockerfile
        else "hand over a source file, or name the language with --lang",
    )  # fmt: skip


def _binary(source: Source, files: list[str]) -> DetectionError | None:
    """A compiled program, and not what it was compiled from."""
    for path in files[:BINARIES_LOOKED_AT]:
        kind = binary_kind(source.read_bytes(path)[:4096])
        if any(word in kind for word in ("compiled", "bytecode", "Windows", "WebAssembly")):
            message = f"{source.label} has no source code: {path} is {kind}"
            return DetectionError(message, binary_hint(kind))
    return None
