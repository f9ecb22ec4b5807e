"""A program in a language that is a table (languages/model.py): entry, files that go along, imports → Debian packages.

entry ─► scan ─► files it names, modules that lie beside ─► scan … ─► imports that are left: the table's packages
"""

from __future__ import annotations

from fnmatch import filter as fnfilter

import msgspec

from jitney.detect.code import At, Code, is_secret
from jitney.detect.frameworks import Framework, frameworks
from jitney.detect.model import Detection, UnknownImport, Wishes
from jitney.detect.notes import Notes
from jitney.detect.table_entry import choose_entry
from jitney.detect.table_packages import packages_of
from jitney.detect.table_scan import Scanned, scan
from jitney.detect.table_version import manager_of, version_of
from jitney.detect.usage import usage
from jitney.languages import LanguageTable
from jitney.source import Source
from jitney.source.paths import inside, is_under, join, name, parent, parents
from jitney.source.sniff import interpreter, shebang

MOST_FILES = 2000
"""Files that are followed; a program of more is no single file's."""


def detect_table(table: LanguageTable, source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """DetectionError: no file to start, or several alike. Imports that nobody knows stand in `unknown`."""
    entry = choose_entry(table, source, wishes, notes)
    program = _Program(table, source)
    code = program.reach(entry)
    use = usage(code, table.name, notes, more=_clients(table), http=table.http)
    build, run, unknown = packages_of(table, program.foreign, wishes, notes)
    unknown = tuple(one for one in unknown if not program.is_lazy(one, entry))
    version, required, manifests = version_of(table, source, wishes, notes)
    if manifests:
        from jitney.detect.broken import tell_broken

        tell_broken(source, manifests, notes)
    return Detection(
        language=table.name,
        version=version,
        frameworks=use.frameworks,
        mode=use.modes[0],
        modes=use.modes,
        entry=entry,
        start=_start(table, source, entry),
        workdir=source.workdir,
        manager=manager_of(table, source),
        manifests=manifests,
        packages=build,
        unknown=unknown,
        models=tuple(code.models),
        endpoints=use.endpoints,
        env=use.env,
        secrets=tuple(variable for variable in use.env if is_secret(variable)),
        system=run,
        features=(
            *([f"requires:{required}"] if required else []),
            *(f"path:{folder}" for folder in program.roots),
            *(f"source:{path}" for path in program.order if table.compile and path != entry),
        ),
        takes=program.takes(entry),
    )


def _clients(table: LanguageTable) -> tuple[Framework, ...]:
    """Rows of the language's own file, where it has none among the tables of frameworks."""
    if frameworks(table.name):
        return ()
    rows = [msgspec.structs.asdict(row) | {"kind": "client"} for row in table.clients]
    return msgspec.convert(rows, tuple[Framework, ...])


def _start(table: LanguageTable, source: Source, entry: str) -> tuple[str, ...]:
    """What runs the entry, where that is not the language's own interpreter; interpreter and options of its first line, where
    they count and are this language's."""
    text = source.read_text(entry)
    if name(entry) in table.launch:
        return table.launch[name(entry)]
    if not table.run.shebang or interpreter(text) not in table.interpreters:
        return ()
    return shebang(text)


class _Program:
    """What was reached from the entry: order: files, each after what it uses; foreign: imports that are no files of it;
    roots: folders of modules that have to be told to the program."""

    def __init__(self, table: LanguageTable, source: Source) -> None:
        self.table, self.source, self.rules = table, source, table.code
        self.order: list[str] = []
        self.foreign: list[At] = []
        self.roots: list[str] = []
        self.above = [source.workdir] if source.alone else parents(source.workdir)

    def reach(self, entry: str) -> Code:
        whole = Code()
        seen: set[str] = set()
        todo = [(path, False) for path in (*self._project(), entry)]
        while todo:
            path, is_done = todo.pop()
            if is_done:
                self.order.append(path)
            elif path not in seen and len(seen) < MOST_FILES:
                seen.add(path)
                found = self._scan(path)
                for field in Code.__struct_fields__:
                    getattr(whole, field).extend(getattr(found.code, field))
                todo.append((path, True))
                todo += [(other, False) for other in reversed(self._own(path, found))]
        return whole

    def _project(self) -> list[str]:
        """With a manifest in the program's folder: all files of the language in it, where the table says `whole`."""
        files = (
            self.source.folder(self.source.workdir)[0] if self.rules.whole and not self.source.alone else []
        )
        if not any(fnfilter(files, manifest) for manifest in self.table.manifests):
            return []
        within = (path for path in self.source.files() if is_under(path, self.source.workdir))
        return [path for path in within if path.endswith(self.table.endings)]

    def _scan(self, path: str) -> Scanned:
        text = self.source.read_text(path)
        found = scan(text, path, self.rules)
        if self.table.run.shebang and (program := interpreter(text)):
            found.code.imports.append(At(program, path, 1))
        found.code.imports += [At(program, path, 1) for program in self.table.launch.get(name(path), ())[:1]]
        return found

    def _own(self, path: str, found: Scanned) -> list[str]:
        """Files of the program that this one names; its other imports are foreign."""
        own = [place for at in found.local for place in [self._local(path, at.value)] if place]
        for at in found.code.imports:
            place = self._module(path, at.value)
            if place:
                own.append(place)
            else:
                self.foreign.append(at)
        return list(dict.fromkeys(own))

    def _local(self, path: str, word: str) -> str:
        for folder in dict.fromkeys((parent(path), self.source.workdir)):
            for ending in ("", *self.table.endings):
                place = join(folder, word.lstrip("/") + ending)
                if place and self._is_own(place):
                    return place
        return ""

    def _module(self, path: str, word: str) -> str:
        """A module that lies beside the file, in the program's folder, or in one of `roots` at or above it."""
        name = word.replace("::", "/")
        shapes = self.rules.files or tuple("{}" + ending for ending in self.table.endings)
        for shape in shapes:
            spelled = (
                name.replace(".", "/") if "/" not in name and not name.endswith(self.table.endings) else name
            )
            for folder in dict.fromkeys((parent(path), self.source.workdir)):
                place = join(folder, shape.replace("{}", spelled))
                if place and self._is_own(place) and place != path:
                    return place
            for folder in self._root_folders():
                place = join(folder, shape.replace("{}", spelled))
                if place and self._is_own(place):
                    self._note_root(folder)
                    return place
        return ""

    def _root_folders(self) -> list[str]:
        return [
            inside(f"{above}/{root}".strip("/")) or ""
            for above in self.above
            for root in self.rules.roots
            if self.source.has_folder(f"{above}/{root}".strip("/"))
        ]

    def _note_root(self, folder: str) -> None:
        if folder not in self.roots:
            self.roots.append(folder)

    def _is_own(self, place: str) -> bool:
        return self.source.has(place) and (not self.source.alone or bool(place))

    def is_lazy(self, one: UnknownImport, entry: str) -> bool:
        """An import inside a function of a library's file is met by those who call it: an adapter for a service that this
        program may never use."""
        if one.file == entry:
            return False
        line = self.source.read_text(one.file).splitlines()[one.line - 1]
        return line[:1].isspace()

    def takes(self, entry: str) -> tuple[str, ...]:
        """The program's folder, what was reached outside of it, and, where that is a module's folder, all of it: such a
        module may load its parts by a name made at run time."""
        taken = {*self.source.files(), *self.order, entry}
        for folder in self.roots:
            if not is_under(folder, self.source.workdir):
                taken |= set(self.source.files(folder))
        return tuple(sorted(taken))
