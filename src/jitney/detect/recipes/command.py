"""A command of a recipe → the file or package of the source that it starts. Words only: nothing is executed.

`sh -c "cd app && python main.py --port $PORT"` → folder `app`, words (python, main.py, --port, $PORT) → entry `app/main.py`
"""

from __future__ import annotations

import posixpath
import re
import shlex

from jitney.source import Source
from jitney.source.paths import join

_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_BEFORE = frozenset({"exec", "time", "nohup", "nice", "env", "tini", "dumb-init", "--", "gosu", "su-exec", "watch", "wait-for-it",
                     "poetry", "pipenv", "uv", "pdm", "rye", "hatch", "bundle", "xvfb-run", "opentelemetry-instrument", "ddtrace-run",
                     "doppler", "run"})  # fmt: skip
"""What stands before the program's own command: `exec`, `poetry run`, `tini --` …"""

_SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "daphne", "granian", "waitress-serve", "celery"})
_RUNNERS = frozenset(
    {"streamlit", "chainlit", "fastapi", "gradio", "flask", "adk", "marimo", "panel", "litestar"}
)
_WITH_VALUE = frozenset(
    {"-W", "-X", "--require", "-r", "--import", "--loader", "--env-file", "--config", "-c"}
)
_SOURCES = (".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".tsx", ".rb", ".php", ".pl", ".r", ".R", ".jl", ".lua", ".ex", ".exs",
            ".sh", ".go", ".rs", ".swift", ".dart", ".hs", ".kts", ".clj", ".scm", ".rkt", ".tcl")  # fmt: skip
MAX_WORDS = 400


def commands(words: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """The simple commands of one, with the folder that a `cd` before them names. Of a script line the last one is what stays."""
    if (
        len(words) >= 3
        and posixpath.basename(words[0]) in _SHELLS
        and words[1].startswith("-")
        and "c" in words[1]
    ):
        try:
            words = tuple(_lexed(words[2]))
        except ValueError:
            return []
    found: list[tuple[str, tuple[str, ...]]] = []
    folder = ""
    current: list[str] = []
    for word in (*words[:MAX_WORDS], "&&"):
        if word and set(word) <= set(";&|\n"):
            if current[:1] == ["cd"]:
                folder = posixpath.join(folder, current[1]) if len(current) > 1 else ""
            elif current:
                found.append((folder, tuple(_bare(current))))
            current = []
        else:
            current.append(word)
    return [(place, bare) for place, bare in found if bare]


def _lexed(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|\n")
    lexer.whitespace, lexer.commenters, lexer.whitespace_split = " \t\r", "", True
    return list(lexer)


def _bare(words: list[str]) -> list[str]:
    """Without variables set before it and wrappers around it."""
    rest = list(words)
    while rest and (
        re.fullmatch(r"[A-Za-z_]\w*=.*", rest[0], re.DOTALL) or posixpath.basename(rest[0]) in _BEFORE
    ):
        rest.pop(0)
    return rest


def entry_of(source: Source, words: tuple[str, ...], home: str | None = None) -> tuple[str, tuple[str, ...]]:
    """What of the source a command starts, and the words that follow it; empty where it names nothing that lies there.

    home: the folder of the source in which its paths are meant; the program's own unless given.
    """
    for folder, bare in reversed(commands(words)):
        place = _place(source, folder, source.workdir if home is None else home)
        named, after = _named(bare)
        for candidate in named:
            if found := _lies(source, place, candidate):
                return found, after
    return "", ()


def _place(source: Source, folder: str, home: str) -> str:
    """Where a `cd` leads, in the source; one to a place of an image's own is home."""
    place = join(home, folder) if folder and not folder.startswith("/") else None
    return place if place and source.has_folder(place) else home


def _named(words: tuple[str, ...]) -> tuple[list[str], tuple[str, ...]]:
    """Paths that a command may mean, best first, and its words after that."""
    program = re.sub(r"[\d.]+$", "", posixpath.basename(words[0]))
    rest = words[1:]
    if program == "python" and "-m" in rest[:3]:
        at = rest.index("-m") + 1
        module, after = (rest[at], rest[at + 1 :]) if at < len(rest) else ("", ())
        if module in _SERVERS | _RUNNERS:
            return _named((module, *after))
        path = module.replace(".", "/")
        return [f"{path}.py", f"{path}/__main__.py", f"src/{path}/__main__.py"], after
    if program in _SERVERS or program in _RUNNERS:
        return _served(program, rest), ()
    if program == "go" and rest[:1] in (("run",), ("build",)):
        return [
            word
            for word in rest[1:]
            if not word.startswith("-") and (word.startswith("./") or word.endswith(".go"))
        ], ()
    for number, word in enumerate(rest):
        if number and rest[number - 1] in _WITH_VALUE:
            continue
        if word.endswith(_SOURCES):
            return [word], rest[number + 1 :]
    return ([words[0]] if words[0].endswith(_SOURCES) else []), rest


def _served(program: str, rest: tuple[str, ...]) -> list[str]:
    """`uvicorn app.main:app`, `streamlit run x.py`, `flask --app web run`."""
    apps = [word.partition("=")[2] if word.startswith("--app=") else word for word in rest]
    modules = [
        match[1].replace(".", "/") for word in apps if (match := re.fullmatch(r"([\w.]+):[\w.()]+", word))
    ]
    if program == "flask" and "--app" in rest and rest.index("--app") + 1 < len(rest):
        modules.append(rest[rest.index("--app") + 1].partition(":")[0].replace(".", "/"))
    files = [word for word in apps if word.endswith(".py")]
    return [*files, *(f"{path}{ending}" for path in modules for ending in (".py", "/__init__.py"))]


def _lies(source: Source, folder: str, path: str) -> str:
    """The path in the source; an absolute one by its end, since where an image keeps the source is not known."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    shortest = len(parts) if not path.startswith("/") else 1
    for length in range(len(parts), shortest - 1, -1):
        place = join(folder, "/".join(parts[-length:]))
        if place and (source.has(place) or (path.startswith("./") and source.has_folder(place))):
            return place
    return ""
