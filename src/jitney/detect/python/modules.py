"""From an entry through all local modules: which files belong to it, and what it imports from elsewhere."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from jitney.detect.code import At, Code
from jitney.detect.data.python_imports import Known
from jitney.detect.data.python_stdlib import OF_PYTHON_2, STDLIB
from jitney.detect.notes import Notes
from jitney.detect.python.code import Facts, look, parse
from jitney.detect.python.imports import Import
from jitney.detect.python.salvage import salvage
from jitney.source import Source
from jitney.source.paths import is_under, join, parent, parents

MAX_FILES = 400
NOTEBOOK = ".ipynb"
HOSTS = frozenset({"google.colab", "kaggle_secrets", "dbruntime", "modal_utils", "IPython.core.getipython"})
"""Modules that exist only on the host that a notebook was written on: nothing can be installed for them."""


class Program(msgspec.Struct):
    """files: the entry and the local modules it reaches. outside: imports of what is not local, first
    mention each; alternatives: the same in groups of which one will do, the first that is known.
    above: folders that have to be on the module path besides the program's own. old: modules that only Python 2 has."""

    files: dict[str, Facts] = msgspec.field(default_factory=dict)
    outside: dict[str, tuple[At, bool]] = msgspec.field(default_factory=dict)
    above: list[str] = msgspec.field(default_factory=list)
    code: Code = msgspec.field(default_factory=Code)
    known: Known = msgspec.field(default_factory=Known)
    old: dict[str, At] = msgspec.field(default_factory=dict)


def read_facts(source: Source, path: str, notes: Notes, *, needed: bool = False) -> Facts:
    """One file; of a notebook the script that it makes. needed: it is run for sure, so a syntax error is worth a
    warning. DetectionError: a notebook that is none."""
    text = source.read_text(path)
    if path.endswith(NOTEBOOK):
        return _notebook_facts(text, path, notes, needed=needed)
    return _facts(text, path, notes, needed=needed)


def _notebook_facts(text: str, path: str, notes: Notes, *, needed: bool) -> Facts:
    from jitney.detect.python import notebook  # few programs are one

    script = notebook.read(text, path)
    facts = _facts(script.text, path, notes, needed=needed)
    facts.requirements = [At(one, path, line) for one, line in script.requirements]
    facts.apt = [At(one, path, line) for one, line in script.apt]
    return facts


def _facts(text: str, path: str, notes: Notes, *, needed: bool) -> Facts:
    try:
        return look(parse(text), path)
    except SyntaxError as error:
        line = error.lineno or 0
        place = f"{path}:{line}" if line else path
        level: Literal["warning", "note"] = "warning" if needed else "note"
        if said := _python_2(text, error):
            hint = f"make it Python 3 first, for instance with 2to3 -w {path}"
            notes.tell(
                level, "python.two", f"{place}: this is Python 2 ({said})", hint=hint, file=path, line=line
            )
            return Facts()
        # The Python in the box may be newer than ours and know more syntax: only told, the program decides.
        told = f"this Python cannot parse {place}: {error.msg}"
        notes.tell(level, "python.syntax", told, file=path, line=line)
        return look(salvage(text), path)


_STATEMENTS = (
    (re.compile(r"(?m)^\s*print\s+[\"'\w%]"), "print statement"),
    (re.compile(r"(?m)^\s*except\s+[\w.]+\s*,\s*\w+\s*:"), "`except E, name`"),
    (re.compile(r"(?m)^\s*raise\s+[\w.]+\s*,"), "`raise E, text`"),
    (re.compile(r"(?m)^\s*exec\s+[\"'\w]"), "exec statement"),
)


def _python_2(text: str, error: SyntaxError) -> str:
    """What of the broken line is Python 2's; empty: nothing."""
    lines = text.splitlines()
    line = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else ""
    return next((said for pattern, said in _STATEMENTS if pattern.search(line)), "")


def follow(
    source: Source, entries: list[str], workdir: str, notes: Notes, known: Known | None = None
) -> Program:
    """All that the entries reach. known: which modules are packages; the tables, unless the user says more."""
    program = Program(known=known or Known())
    road = _Road(source, workdir, program, frozenset(entries))
    todo = list(entries)
    while todo and len(program.files) < MAX_FILES:
        path = todo.pop(0)
        if path in program.files:
            continue
        facts = read_facts(source, path, notes, needed=path in entries)
        program.files[path] = facts
        todo += [file for file in road.imports(path, facts) if file not in program.files]
    for at in program.old.values():
        message = f"{at.file}:{at.line}: {at.value} is a module of Python 2, which Jitney does not run"
        hint = f"make it Python 3 first, for instance with 2to3 -w {at.file}"
        notes.tell("error", "python.two", message, hint=hint, file=at.file, line=at.line)
    for facts in program.files.values():
        for field in Code.__struct_fields__:
            getattr(program.code, field).extend(getattr(facts.code, field))
    return program


_NAME = re.compile(r"(?m)^\s*name\s*=\s*[\"']?([\w.-]+)")


def _project_names(source: Source, folders: tuple[str, ...]) -> set[str]:
    """What manifests in these folders call their projects."""
    found: set[str] = set()
    for folder in folders:
        for file in ("pyproject.toml", "setup.cfg", "setup.py"):
            path = f"{folder}/{file}".lstrip("/")
            if source.has(path):
                found |= {
                    name.lower().replace("_", "-") for name in _NAME.findall(source.read_text(path)[:8192])
                }
    return found


def _foreign(words: list[At], own: set[str]) -> list[At]:
    """Without modules of the user's, whatever library is called like one of them (`agents.py` beside the program)."""
    return [at for at in words if at.value.partition(".")[0] not in own]


class _Road:
    """Tells what is the user's from what is somebody else's, and writes the latter down."""

    def __init__(self, source: Source, workdir: str, program: Program, entries: frozenset[str]) -> None:
        self.source = source
        self.program = program
        self.entries = entries
        self.workdir = workdir
        self._places: dict[str, list[str]] | None = None

    def imports(self, path: str, facts: Facts) -> list[str]:
        """The user's files that a file's imports mean."""
        roots = self._roots(path, facts)
        taken: dict[int, int] = {}  # group → the branch that is known
        found: list[str] = []
        own: set[str] = set()
        for item in facts.imports:
            files = self._local(item, path, roots)
            if item.group and not self._chosen(item, files, taken):
                continue
            if files is None:
                self._outside(item, path)
            else:
                found += files
                own |= self._shadow(item, files)
        facts.code.imports = _foreign(facts.code.imports, own)
        facts.code.uses = _foreign(facts.code.uses, own)
        return found

    def _shadow(self, item: Import, files: list[str]) -> set[str]:
        """The top module of an import that means the user's files, unless these are the library's own: an example in a checkout
        of the library that it shows."""
        top = item.module.partition(".")[0]
        if item.level or not files:
            return set()
        head = files[0].rpartition(f"{top}/")[0].strip("/") if f"{top}/" in files[0] else parent(files[0])
        names = {top, self.program.known.distribution(top) or top}
        wanted = {name.lower().replace("_", "-") for name in names}
        return set() if wanted & _project_names(self.source, (head, parent(head))) else {top}

    def _chosen(self, item: Import, files: list[str] | None, taken: dict[int, int]) -> bool:
        """Of alternatives the first branch that is known; the others are for machines that lack it."""
        known, top = self.program.known, item.module.partition(".")[0]
        is_known = (
            files is not None
            or bool(known.distribution(item.module))
            or any(known.distribution(f"{item.module}.{name}") for name in item.names)
        )
        if top in OF_PYTHON_2:
            return False
        if item.group not in taken and is_known:
            taken[item.group] = item.branch
        return taken.get(item.group) == item.branch

    def _roots(self, path: str, facts: Facts) -> list[str]:
        """Folders on the module path: a script's own, the program's, its `src`, what the code appends to
        sys.path, then those above it."""
        own = [parent(path)] if path in self.entries else []
        own += [self.workdir, f"{self.workdir}/src".strip("/")]
        own += [place for text in facts.paths if (place := join(parent(path), text)) is not None]
        above = [] if self.source.alone else parents(self.workdir)[1:]
        for folder in above:
            own += [folder, f"{folder}/src".strip("/")]
        return list(dict.fromkeys(own))

    def _local(self, item: Import, path: str, roots: list[str]) -> list[str] | None:
        """Files of the user's that an import means; None: it is somebody else's."""
        if item.level:
            return self._relative(item, path)
        top = item.module.partition(".")[0]
        if not top or (top in STDLIB and not _beside(self.source, roots[0], top, item)):
            return []
        is_known = bool(self.program.known.distribution(item.module))
        for root in roots:
            # What lies above the program is not on Python's path: there an installed package comes first.
            on_path = is_under(root, self.workdir) or root in self.program.above
            if (on_path or not is_known) and _beside(self.source, root, top, item, known=is_known):
                return self._from(root, item)
        return None if is_known else self._anywhere(item)

    def _relative(self, item: Import, path: str) -> list[str]:
        folder = parent(path)
        for _ in range(item.level - 1):
            folder = parent(folder)
        return _module_files(self.source, folder, item.module, item.names)

    def _from(self, root: str, item: Import) -> list[str]:
        if root != self.workdir and root not in self.program.above:
            self.program.above.append(root)
        return _module_files(self.source, root, item.module, item.names)

    def _anywhere(self, item: Import) -> list[str] | None:
        """A module that nobody else has, in whatever folder of the program it lies: the nearest one to the top. It is
        run from there, or by a tool that puts the folder on the path."""
        if self.source.alone:
            return None
        if self._places is None:
            self._places = _places(self.source, self.workdir)
        homes = self._places.get(item.module.partition(".")[0], [])
        return self._from(homes[0], item) if homes else None

    def _outside(self, item: Import, path: str) -> None:
        """Note what an import takes from elsewhere: the first mention, and one without a fallback before those that have one."""
        if item.module in HOSTS or self._is_old(item, path):
            return
        for name in [f"{item.module}.{name}" for name in item.names if name != "*"] or [item.module]:
            known = self.program.outside.get(name)
            is_better = known is None or (known[1] and not item.optional)
            if is_better and name not in HOSTS:
                self.program.outside[name] = (At(name, path, item.line), item.optional)

    def _is_old(self, item: Import, path: str) -> bool:
        """A module that only Python 2 has."""
        top = item.module.partition(".")[0]
        if top not in OF_PYTHON_2 or self.program.known.distribution(item.module):
            return False
        if not item.optional:
            self.program.old.setdefault(top, At(top, path, item.line))
        return True


def _places(source: Source, workdir: str) -> dict[str, list[str]]:
    """Module → folders of the program that hold it, the shortest first."""
    found: dict[str, list[str]] = {}
    for path in source.files(workdir):
        if path.endswith(".py"):
            home = parent(path)
            stem = path[len(home) :].lstrip("/").removesuffix(".py")
            if stem == "__init__":
                home, stem = parent(home), home.rpartition("/")[2]
            found.setdefault(stem, []).append(home)
    return {stem: sorted(homes, key=lambda home: (home.count("/"), home)) for stem, homes in found.items()}


def _beside(source: Source, root: str, top: str, item: Import, *, known: bool = False) -> bool:
    """A module file, a package, or a folder of Python files without `__init__` (a namespace package).

    known: an installed package beats a folder without `__init__`, so that has to have what is imported."""
    head = f"{root}/{top}" if root else top
    if source.has(f"{head}.py") or source.has(f"{head}/__init__.py"):
        return True
    if known:
        below = item.module[len(top) + 1 :].replace(".", "/")
        wanted = [below] if below else list(item.names)
        return any(_is_module(source, f"{head}/{name}") for name in wanted)
    files, folders = source.folder(head)
    return any(name.endswith(".py") for name in files) or any(
        _is_module(source, f"{head}/{name}") for name in folders
    )


def _is_module(source: Source, head: str) -> bool:
    return source.has(f"{head}.py") or source.has(f"{head}/__init__.py")


def _module_files(source: Source, root: str, module: str, names: tuple[str, ...]) -> list[str]:
    """The packages on the way, the module, and the sub-modules that `from` may name."""
    found: list[str] = []
    head = root
    for part in module.split(".") if module else ():
        head = f"{head}/{part}" if head else part
        found += [file for file in (f"{head}.py", f"{head}/__init__.py") if source.has(file)]
    for name in names:
        below = f"{head}/{name}" if head else name
        found += [file for file in (f"{below}.py", f"{below}/__init__.py") if source.has(file)]
    return found
