"""What is started. Flag > the file handed over > Procfile > what the manifest names > project.scripts > manage.py >
__main__.py > usual names > a package's __main__.py > the only file > the only file with a `__main__` guard > the file that builds
an app > a script without an ending > the same below. Two equally good ones: an error that lists them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from jitney.detect.notes import Notes
from jitney.detect.python.code import Facts
from jitney.detect.python.declared import by_procfile, by_script
from jitney.detect.python.fronts import SERVERS, WITH_RUNNER
from jitney.detect.python.manifest import Manifest
from jitney.detect.python.modules import read_facts
from jitney.detect.python.start import front_of, is_agent, runner_of
from jitney.detect.scripts import scripts
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import is_under, join, name, parent

NAMES = ("main", "app", "start", "bot", "chat", "hello", "server", "run", "cli", "streamlit_app", "demo")
_NAMES = (
    r"(?:tests?|test_\w*|\w*_tests?|conftest|setup|noxfile|__init__|(?!__main__)_\w+|config|settings|conf|utils?|helpers?|"
    r"constants|models?|schemas?|types|version|fabfile|tasks|gunicorn[\w.]*|versioneer|rxconfig)\.pyw?$"
)
_NO_PROGRAMS = re.compile("(?i)^" + _NAMES)
NOT_ENTRIES = re.compile(
    r"(?i)(?:^|/)(?:tests?|docs?|examples?|samples?|scripts|migrations|benchmarks?|\.?binder|notebooks?|tools|pages|alembic|deploy|"
    r"deployments?|evals?|evaluation)/|(?:^|/)" + _NAMES
)
"""What is no program by its place or its name: tests, settings, pages of an app, what build tools and servers read."""

_ENDINGS = (".py", ".pyw")
_LOOKED_AT = 60
_GUARD = re.compile(r"__main__")
_FRONTS = re.compile(
    "|".join(sorted({module for front in (*WITH_RUNNER, *SERVERS) for module in front.modules}))
)
_TELLING = ("guard", "app", "package")
"""Rules whose files are all programs: of several, none below them is more likely."""

Rule = tuple[str, Callable[[], list[str]]]


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
    found = (
        by_procfile(source, workdir, notes)
        or _named_by(manifest, notes)
        or by_script(source, workdir, manifest, notes)
    )
    return found or (_by_rules(source, workdir, notes), ())


def _named_by(manifest: Manifest | None, notes: Notes) -> tuple[str, tuple[str, ...]] | None:
    """The program of a packaging that serves a class: its manifest says which file has it."""
    if manifest is None or not manifest.entry:
        return None
    notes.saw("python.entry.manifest", "entry", manifest.entry, manifest.deciding)
    return manifest.entry, manifest.start


def _by_rules(source: Source, workdir: str, notes: Notes) -> str:
    """The first rule that leaves one file. Several under a telling rule: an error."""
    own = [path for path in source.written() if path.endswith(_ENDINGS) and is_under(path, workdir)]
    alike: list[str] = []
    for rule, candidates in _rules(source, workdir, own, notes):
        paths = candidates()
        if len(paths) == 1:
            losers = [path for path in own if parent(path) == workdir and path != paths[0]]
            notes.saw(f"python.entry.{rule}", "entry", paths[0], paths[0], 0, tuple(losers[:9]))
            return paths[0]
        if paths and rule in _TELLING:
            raise _two(paths)
        alike = alike or paths
    raise _two(alike) if alike else _nothing(source, workdir, own)


def _rules(source: Source, workdir: str, own: list[str], notes: Notes) -> Iterator[Rule]:
    """What lies below is looked at only where nothing right in the folder leaves one file."""
    yield from _rules_here(source, workdir, [path for path in own if parent(path) == workdir], notes)
    yield from _rules_below(source, workdir, own, notes)


def _rules_here(source: Source, workdir: str, here: list[str], notes: Notes) -> tuple[Rule, ...]:
    """Of the files right in the folder, and packages in it that can be run."""
    likely = [path for path in here if not NOT_ENTRIES.search(name(path))]
    return (
        ("app.django", lambda: _django(source, here, notes)),
        ("main", lambda: [path for path in here if name(path) == "__main__.py"]),
        ("name", lambda: _usual(here)),
        ("named", lambda: _as_folder(source, workdir, likely)),
        ("package", lambda: _packages(source, workdir)),
        ("only", lambda: likely),
        ("guard", lambda: _guarded(source, likely, notes)),
        ("app", lambda: _apps(source, likely, notes)),
        ("app.agent", lambda: [path for path in likely if name(path) == "agent.py"]),
        ("only.shebang", lambda: [path for path, one in scripts(source, workdir).items() if one == "python"]),
    )


def _rules_below(source: Source, workdir: str, own: list[str], notes: Notes) -> tuple[Rule, ...]:
    """Of the files in folders below, nearest first; what has a test's or an example's place is none."""
    below = [path for path in own if parent(path) != workdir]
    likely = [path for path in below if not NOT_ENTRIES.search(path[len(workdir) :].lstrip("/"))]
    nearest = min((path.count("/") for path in likely), default=0)
    top = [path for path in likely if path.count("/") == nearest]
    usual = [f"{workdir}/{folder}".strip("/") for folder in ("src", "app", "backend", "server", "api")]
    return (
        ("below.django", lambda: _django(source, own, notes)),
        ("below", lambda: _usual([path for path in own if parent(path) in usual])),
        ("app.adk", lambda: _agents(source, likely, notes)),
        ("below.name", lambda: _one_folder(likely)),
        ("only.below", lambda: likely),
        ("below.guard", lambda: _guarded(source, likely, notes)),
        ("below.app", lambda: _apps(source, top, notes)),
        ("only.aside", lambda: [path for path in own if not _NO_PROGRAMS.search(name(path))]),
    )


def _packages(source: Source, workdir: str) -> list[str]:
    """`__main__.py` of the packages in the folder, or in its `src`."""
    places = (workdir, f"{workdir}/src".strip("/"))
    found = [
        path for path in source.files() if path.endswith("/__main__.py") and parent(parent(path)) in places
    ]
    return [path for path in found if not NOT_ENTRIES.search(path[len(workdir) :])]


def _as_folder(source: Source, workdir: str, paths: list[str]) -> list[str]:
    """A file named as its folder: `lora/lora.py`, `my-bot/my_bot.py`."""
    own = _letters(name(workdir or source.label.rstrip("/")))
    return [path for path in paths if own and _letters(name(path).rpartition(".")[0]) == own]


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _one_folder(paths: list[str]) -> list[str]:
    """The file with a usual name, where only one folder has such files."""
    folders = {parent(path) for path in paths if name(path).rpartition(".")[0] in NAMES}
    return _usual([path for path in paths if parent(path) in folders]) if len(folders) == 1 else []


def _two(paths: list[str]) -> DetectionError:
    listed = "\n  ".join(paths[:12]) + ("\n  …" if len(paths) > 12 else "")
    return DetectionError(
        f"{len(paths)} files could be the one to start:\n  {listed}",
        f"choose one: jitney run --entry {paths[0]} …",
    )


def _nothing(source: Source, workdir: str, own: list[str]) -> DetectionError:
    place = workdir or source.label
    seen = ", ".join(path[len(workdir) :].lstrip("/") for path in own[:6]) or "no Python file"
    return DetectionError(
        f"no Python file to start was found in {place} (there is: {seen})",
        "name it: jitney run --entry FILE FOLDER",
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


def _usual(paths: list[str]) -> list[str]:
    """The best of the usual names; only one of them counts."""
    for usual in NAMES:
        if found := [path for path in paths if name(path).rpartition(".")[0] == usual]:
            return found[:1]
    return []


def _guarded(source: Source, paths: list[str], notes: Notes) -> list[str]:
    return [path for path in _mentioning(source, paths, _GUARD) if read_facts(source, path, notes).main]


def _apps(source: Source, paths: list[str], notes: Notes) -> list[str]:
    return [path for path in _mentioning(source, paths, _FRONTS) if _is_app(read_facts(source, path, notes))]


def _mentioning(source: Source, paths: list[str], words: re.Pattern[str]) -> list[str]:
    """Those whose text has what is looked for at all: parsing costs a hundred times more than a search."""
    return [path for path in paths if words.search(source.read_text(path))][:_LOOKED_AT]


def _is_app(facts: Facts) -> bool:
    return runner_of(facts) is not None or front_of(facts) is not None


def _agents(source: Source, paths: list[str], notes: Notes) -> list[str]:
    """Packages whose agent.py has the root agent of Google's ADK; those below another one are its own."""
    found = [
        path
        for path in paths
        if name(path) == "agent.py"
        and "root_agent" in source.read_text(path)
        and is_agent(read_facts(source, path, notes))
    ]
    top = [one for one in found if not any(is_under(one, parent(other)) for other in found if other != one)]
    # ADK's server serves all agents of a folder: the first stands for them
    return top[:1] if len({parent(parent(path)) for path in top}) == 1 else top


def _django(source: Source, paths: list[str], notes: Notes) -> list[str]:
    found = [path for path in paths if name(path) == "manage.py"]
    return [
        path
        for path in found
        if any(item.module.startswith("django") for item in read_facts(source, path, notes).imports)
    ]
