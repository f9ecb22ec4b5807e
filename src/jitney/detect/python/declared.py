"""Starts that a file of the project says in words: a Procfile, console scripts."""

from __future__ import annotations

import re

from jitney.detect.notes import Notes
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.packages import normal
from jitney.source import Source
from jitney.source.paths import join

Found = tuple[str, tuple[str, ...]]
_NAMED = re.compile(r"([\w./-]+)(?::\w+(?:\(\))?)?")
_TARGET = re.compile(r"([A-Za-z_][\w.]*)\s*:\s*([A-Za-z_]\w*)(?:\s*\[.*\])?")


def by_procfile(source: Source, workdir: str, notes: Notes) -> Found | None:
    """`web`, else `worker`, else the first line, if it starts a file that is there."""
    path = f"{workdir}/Procfile".lstrip("/")
    if not source.has(path):
        return None
    lines = dict(re.findall(r"(?m)^\s*(\w+)\s*:\s*(.+?)\s*$", source.read_text(path)))
    kind = next((kind for kind in ("web", "worker", *lines) if kind in lines), "")
    folder, words = _command(lines.get(kind, ""))
    entry = _entry(source, join(workdir, folder) or workdir, words)
    if entry is None:
        return None
    notes.saw("procfile", "entry", f"{kind}: {lines[kind]}", path, 1)
    start = tuple(words[1:]) if words[0].startswith("python") else ("-m", *words)
    # A variable would need a shell, and another folder a `cd`; the program's own default holds then.
    return entry, (() if folder or any("$" in word for word in start) else start)


def _command(line: str) -> tuple[str, tuple[str, ...]]:
    """The command that stays, with the folder that a `cd` before it names: what `&&` puts in front of it ends by itself."""
    import shlex

    from jitney.detect.recipes.command import commands

    try:
        found = commands(tuple(shlex.split(line)))
    except ValueError:
        return "", ()
    return found[-1] if found else ("", ())


def _entry(source: Source, folder: str, words: tuple[str, ...]) -> str | None:
    """The first word that names a file of the program's: `web/main.py`, `web.main:app`, `site.wsgi`."""
    for word in words[1:]:
        match = _NAMED.fullmatch(word)
        if match and not word.startswith("-"):
            head = word.removesuffix(".py") if word.endswith(".py") else match[1].replace(".", "/")
            for end in (".py", "/__init__.py", "/__main__.py"):
                path = join(folder, head + end)
                if path and source.has(path):
                    return path
    return None


def by_script(source: Source, workdir: str, manifest: Manifest | None, notes: Notes) -> Found | None:
    """`[project.scripts]`: the function is called as an installed script would, without installing the
    project. Of several the one that is named as the project, else the first."""
    if manifest is None:
        return None
    own = normal(manifest.name)
    for script, target in sorted(manifest.scripts.items(), key=lambda item: normal(item[0]) != own):
        match = _TARGET.fullmatch(target)
        place = _place(source, workdir, match[1]) if match else None
        if match and place:
            entry, root = place
            head = f"import sys; sys.path.insert(0, {root or '.'!r}); sys.argv[0] = {script!r}; "
            call = f"from {match[1]} import {match[2]}; sys.exit({match[2]}())"
            others = tuple(f"python.entry.script: {name}" for name in manifest.scripts if name != script)
            notes.saw(
                "python.entry.script", "entry", f"{script} = {target}", manifest.deciding, 0, others[:9]
            )
            return entry, ("-c", head + call)
    return None


def _place(source: Source, workdir: str, module: str) -> tuple[str, str] | None:
    """The module's file, and the folder below the program's that it is imported from."""
    for root in ("", "src"):
        base = f"{f'{workdir}/{root}'.strip('/')}/{module.replace('.', '/')}".lstrip("/")
        for entry in (f"{base}.py", f"{base}/__init__.py"):
            if source.has(entry):
                return entry, root
    return None
