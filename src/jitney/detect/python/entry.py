"""What is started. Flag > the file handed over > Procfile > project.scripts > __main__.py > usual names >
the only file >
the only file with a `__main__` guard > the file that builds an app. Two equally good ones: an error that
lists them."""

from __future__ import annotations

import re
from collections.abc import Callable

from jitney.detect.notes import Notes
from jitney.detect.python.code import Facts
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.modules import read_facts
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import is_under, join, name, parent

NAMES = ("main", "app", "start", "bot", "chat", "hello", "server", "run", "cli", "streamlit_app", "demo")
APPS = ("FastAPI", "Flask", "Blocks", "Interface", "ChatInterface", "Starlette", "Quart", "Sanic")
_NOT_ENTRIES = re.compile(
    r"(?:^|/)(?:tests?|docs?|examples?|scripts|migrations)/|"
    r"(?:^|/)(?:test_\w*|\w*_test|conftest|setup|noxfile|__init__|config|utils|constants)\.py$"
)


def find(
    source: Source, workdir: str, wished: str, manifest: Manifest | None, notes: Notes
) -> tuple[str, tuple[str, ...]]:
    """The file, and the start where something else than the file says so. DetectionError: nothing, or two
    alike."""
    if wished:
        return _wished(source, workdir, wished, notes), ()
    if source.entry:
        notes.saw("source.file", "entry", source.entry, source.entry)
        return source.entry, ()
    own = [path for path in source.files() if path.endswith(".py") and is_under(path, workdir)]
    found = _procfile(source, workdir, notes) or _scripts(source, workdir, manifest, notes)
    if found:
        return found
    return _by_rules(source, workdir, own, notes), ()


def _by_rules(source: Source, workdir: str, own: list[str], notes: Notes) -> str:
    """The first rule that leaves one file. Several under a telling rule: an error."""
    root = [path for path in own if parent(path) == workdir]
    main = f"{workdir}/__main__.py".lstrip("/")
    if main in root:
        notes.saw("python.entry.main", "entry", main, main)
        return main
    src, app = f"{workdir}/src".strip("/"), f"{workdir}/app".strip("/")
    packages = [
        path for path in own if path.endswith("/__main__.py") and parent(parent(path)) in (workdir, src)
    ]
    rules: tuple[tuple[str, Callable[[], list[str]]], ...] = (
        ("name", lambda: _named(root)),
        ("package", lambda: packages),
        ("only", lambda: [path for path in root if not _NOT_ENTRIES.search(path)]),
        ("guard", lambda: _guarded(source, root, notes)),
        ("app", lambda: _apps(source, root or own, notes)),
        ("below", lambda: _named([path for path in own if parent(path) in (src, app)])),
        ("only.below", lambda: own),
    )
    alike: list[str] = []
    for rule, candidates in rules:
        paths = candidates()
        if len(paths) == 1:
            notes.saw(
                f"python.entry.{rule}",
                "entry",
                paths[0],
                paths[0],
                0,
                tuple(p for p in root if p != paths[0])[:9],
            )
            return paths[0]
        if len(paths) > 1 and rule in ("guard", "app", "package"):
            raise _two(paths)
        alike = alike or (paths if len(paths) > 1 else [])
    if alike:
        raise _two(alike)
    raise DetectionError("no Python file to start was found", "name it: jitney run --entry FILE FOLDER")


def _two(paths: list[str]) -> DetectionError:
    listed = "\n  ".join(paths[:12]) + ("\n  …" if len(paths) > 12 else "")
    return DetectionError(
        f"{len(paths)} files could be the one to start:\n  {listed}",
        f"choose one: jitney run --entry {paths[0]} …",
    )


def _wished(source: Source, workdir: str, wished: str, notes: Notes) -> str:
    for path in (join(workdir, wished), join("", wished)):
        if path and source.has(path):
            notes.saw("flag.entry", "entry", path, path)
            return path
    from difflib import get_close_matches

    near = get_close_matches(wished, [path[len(workdir) :].lstrip("/") for path in source.files()], 3, 0.5)
    raise DetectionError(
        f"the entry {wished} is not there", f"did you mean {' or '.join(near)}?" if near else ""
    )


def _named(paths: list[str]) -> list[str]:
    """The best of the usual names; only one of them counts."""
    for usual in NAMES:
        for path in paths:
            if name(path) == f"{usual}.py":
                return [path]
    return []


def _guarded(source: Source, paths: list[str], notes: Notes) -> list[str]:
    return [path for path in paths if not _NOT_ENTRIES.search(path) and read_facts(source, path, notes).main]


def _apps(source: Source, paths: list[str], notes: Notes) -> list[str]:
    def builds(facts: Facts) -> bool:
        streamlit = any(item.module == "streamlit" for item in facts.imports)
        return streamlit or any(app in facts.builds for app in APPS)

    return [path for path in paths[:50] if builds(read_facts(source, path, notes))]


def _procfile(source: Source, workdir: str, notes: Notes) -> tuple[str, tuple[str, ...]] | None:
    path = f"{workdir}/Procfile".lstrip("/")
    if not source.has(path):
        return None
    import shlex

    lines = dict(re.findall(r"(?m)^\s*(\w+)\s*:\s*(.+?)\s*$", source.read_text(path)))
    kind = next((kind for kind in ("web", "worker", *lines) if kind in lines), "")
    try:
        words = shlex.split(lines.get(kind, ""))
    except ValueError:
        words = []
    file = next((word for word in words if word.endswith(".py")), "")
    module = next((word for word in words if re.fullmatch(r"[\w.]+:\w+(?:\(\))?", word)), "")
    entry = join(workdir, file or module.partition(":")[0].replace(".", "/") + ".py")
    if not words or entry is None or not source.has(entry):
        return None
    notes.saw("procfile", "entry", f"{kind}: {lines[kind]}", path, 1)
    start = tuple(words[1:]) if words[0].startswith("python") else ("-m", *words)
    # A variable would need a shell; the program's own default holds then.
    return entry, (() if any("$" in word for word in start) else start)


def _scripts(
    source: Source, workdir: str, manifest: Manifest | None, notes: Notes
) -> tuple[str, tuple[str, ...]] | None:
    """`[project.scripts]`: the function is called as an installed script would, without installing the
    project."""
    for script, target in (manifest.scripts if manifest else {}).items():
        match = re.fullmatch(r"([A-Za-z_][\w.]*)\s*:\s*([A-Za-z_]\w*)(?:\s*\[.*\])?", target)
        for root in ("", "src"):
            place = f"{workdir}/{root}".strip("/")
            base = f"{place}/{match[1].replace('.', '/')}".lstrip("/") if match else ""
            for entry in (f"{base}.py", f"{base}/__init__.py"):
                if match and source.has(entry):
                    head = f"import sys; sys.path.insert(0, {root or '.'!r}); sys.argv[0] = {script!r}; "
                    call = f"from {match[1]} import {match[2]}; sys.exit({match[2]}())"
                    notes.saw(
                        "python.entry.script",
                        "entry",
                        f"{script} = {target}",
                        manifest.files[-1] if manifest else "",
                    )
                    return entry, ("-c", head + call)
    return None
