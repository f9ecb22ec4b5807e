"""From an entry through all local modules: which files belong to it, and what it imports from elsewhere."""

from __future__ import annotations

import sys

import msgspec

from jitney.detect.code import At, Code
from jitney.detect.data.python_imports import GENERIC, distribution
from jitney.detect.notes import Notes
from jitney.detect.python.code import Facts, Import, look, parse
from jitney.source import Source
from jitney.source.paths import join, parent, parents

MAX_FILES = 400
STDLIB = sys.stdlib_module_names | {"__future__", "__main__", "tomllib", "compression", "annotationlib"}


class Program(msgspec.Struct):
    """files: the entry and the local modules it reaches. outside: imports of what is not local, first
    mention each.
    above: folders that have to be on the module path besides the program's own."""

    files: dict[str, Facts] = msgspec.field(default_factory=dict)
    outside: dict[str, tuple[At, bool]] = msgspec.field(default_factory=dict)
    above: list[str] = msgspec.field(default_factory=list)
    code: Code = msgspec.field(default_factory=Code)


def read_facts(source: Source, path: str, notes: Notes, *, needed: bool = False) -> Facts:
    """One file. needed: it is run for sure, so a syntax error ends the road here rather than after a
    build."""
    try:
        return look(parse(source.read_text(path)), path)
    except SyntaxError as error:
        line = error.lineno or 0
        message = f"{path}:{line}: {error.msg}" if line else f"{path}: {error.msg}"
        # The Python in the box may be newer than ours and know more syntax: only told, the program decides.
        told = f"this Python cannot parse {message}"
        notes.tell("warning" if needed else "note", "python.syntax", told, file=path, line=line)
        return Facts()


def follow(source: Source, entries: list[str], workdir: str, notes: Notes) -> Program:
    """All that the entries reach."""
    program = Program()
    todo = list(entries)
    while todo and len(program.files) < MAX_FILES:
        path = todo.pop(0)
        if path in program.files:
            continue
        facts = read_facts(source, path, notes, needed=path in entries)
        program.files[path] = facts
        roots = _roots(path, workdir, facts, source)
        for item in facts.imports:
            found = _local(source, item, path, roots, program, workdir)
            if found is None:
                _outside(item, path, program)
            else:
                todo += [file for file in found if file not in program.files]
    for facts in program.files.values():
        for field in Code.__struct_fields__:
            getattr(program.code, field).extend(getattr(facts.code, field))
    return program


def _roots(path: str, workdir: str, facts: Facts, source: Source) -> list[str]:
    """Folders on the module path: the program's own, its `src`, what the code appends to sys.path, then
    those above it."""
    own = [workdir, f"{workdir}/src".strip("/")]
    own += [place for text in facts.paths if (place := join(parent(path), text)) is not None]
    above = [] if source.alone else parents(workdir)[1:]
    for folder in above:
        own += [folder, f"{folder}/src".strip("/")]
    return list(dict.fromkeys(own))


def _local(
    source: Source, item: Import, path: str, roots: list[str], program: Program, workdir: str
) -> list[str] | None:
    """Files of the user's that an import means; None: it is somebody else's."""
    own = (workdir, f"{workdir}/src".strip("/"), *program.above)
    if item.level:
        folder = parent(path)
        for _ in range(item.level - 1):
            folder = parent(folder)
        return _module_files(source, folder, item.module, item.names)
    top = item.module.partition(".")[0]
    if not top or (top in STDLIB and not _beside(source, roots[0], top)):
        return []
    known = top not in GENERIC and bool(distribution(item.module))
    for root in roots:
        # An installed package beats a namespace folder, and what lies above the program is not on Python's
        # path.
        if _beside(source, root, top, regular=known) and not (known and root not in own):
            if root != roots[0] and root not in program.above:
                program.above.append(root)
            return _module_files(source, root, item.module, item.names)
    return None


def _beside(source: Source, root: str, top: str, *, regular: bool = False) -> bool:
    """A module file, a package, or a folder of Python files without `__init__` (a namespace package)."""
    head = f"{root}/{top}" if root else top
    if source.has(f"{head}.py") or source.has(f"{head}/__init__.py"):
        return True
    if regular:
        return False
    files, folders = source.folder(head)
    return any(name.endswith(".py") for name in files) or any(
        source.has(f"{head}/{name}/__init__.py") for name in folders
    )


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


def _outside(item: Import, path: str, program: Program) -> None:
    names = [f"{item.module}.{name}" for name in item.names if name != "*"] or [item.module]
    for name in names:
        known = program.outside.get(name)
        if known is None or (known[1] and not item.optional):
            program.outside[name] = (At(name, path, item.line), item.optional)
