"""A Go program: its main package, and the files that go along."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from jitney.detect.code import At, Code
from jitney.detect.go.code import GoFile, glance, imports_of, look
from jitney.detect.go.module import Module
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import is_under, join, name, parent

_BUILT = (".go", ".s", ".h", ".hpp", ".c", ".cc", ".cpp", ".cxx", ".S", ".syso")
"""What the Go command compiles of a package."""

_OTHER_SYSTEM = re.compile(
    r"_(windows|darwin|freebsd|openbsd|netbsd|js|wasip1|plan9|solaris|android|ios|arm|386|wasm)\.go$"
)
_PASSED_OVER = re.compile(r"(?:^|/)(?:testdata|vendor|[_.][^/]*)(?:/|$)")
"""Folders that the Go command leaves out of `./...` (`go help packages`)."""

_ASIDE = re.compile(r"(?:^|/)_?(?:examples?|samples?|tools?|scripts?|internal|hack|test|e2e)(?:/|$)")
"""Where programs lie that are no part of what the module is for."""

PARSED = 1 << 20
"""Characters of one program's code that are parsed, the nearest to its main package first: about a fifth of a second."""

_SERVING = ("main", "app", "server", "web")


class Program:
    """The files of a module that were looked at, and the folders that go along."""

    def __init__(self, source: Source, module: Module, notes: Notes) -> None:
        self.source, self.module, self.notes = source, module, notes
        self.files: dict[str, GoFile] = {}
        self.folders: set[str] = set()
        self._glances: dict[str, GoFile] = {}
        self._left = PARSED

    def look(self, path: str) -> GoFile:
        """The whole file; past what is parsed of one program its imports alone."""
        if path not in self.files:
            text = self.source.read_text(path)
            self._left -= len(text)
            if self._left > 0:
                self.files[path] = look(text, path)
            else:
                self._tell_limit(path)
                self.files[path] = glance(text)
                self.files[path].code.imports = [At(one, path, 1) for one in imports_of(text)]
        return self.files[path]

    def _tell_limit(self, path: str) -> None:
        if self._left + self.source.size(path) > 0:
            message = f"a large program: of {path} and what is further from its main package only the imports were read"
            self.notes.tell("note", "go.limit", message, file=path)

    def glance(self, path: str) -> GoFile:
        if path not in self._glances:
            self._glances[path] = glance(self.source.read_text(path))
        return self._glances[path]

    def package(self, folder: str) -> list[str]:
        """Files that are compiled for a folder on Linux."""
        names, _ = self.source.folder(folder)
        go = [
            f"{folder}/{file}".lstrip("/")
            for file in names
            if file.endswith(".go") and not file.endswith("_test.go") and not file.startswith(("_", "."))
        ]
        return [path for path in go if not _OTHER_SYSTEM.search(path) and not self.glance(path).ignored]

    def is_main(self, folder: str) -> bool:
        looks = [self.glance(path) for path in self.package(folder)]
        return any(seen.package == "main" and seen.main for seen in looks)

    def mains(self) -> list[str]:
        """Folders of main packages of this module, or of its workspace."""
        inner = [] if self.module.work else self._inner()
        return [one for one in self._all_mains() if not any(is_under(one, at) for at in inner)]

    def _all_mains(self) -> list[str]:
        files = [
            path for path in self.source.files() if path.endswith(".go") and not path.endswith("_test.go")
        ]
        folders = sorted({parent(path) for path in files})
        return [folder for folder in folders if not _PASSED_OVER.search(folder) and self.is_main(folder)]

    def _inner(self) -> list[str]:
        """Folders of other modules below: the Go command builds nothing of theirs from here."""
        own = parent(self.module.file)
        files = [path for path in self.source.files() if name(path) == "go.mod" and path != self.module.file]
        return [parent(path) for path in files if not is_under(own, parent(path))]

    def entry(self, wished: str) -> str:
        """A file without a module, or where a folder's files are several programs; else the main package's folder."""
        if wished:
            return self._wished(wished)
        if self.source.entry:
            return self._file(self.source.entry)
        if self.is_main(self.source.workdir):
            return self._several(self.source.workdir) or self._chosen("go.entry.root", self.source.workdir)
        mains = self.mains()
        rule, found = self._best(mains)
        if len(found) != 1:
            raise self._none_or_many(found)
        losers = tuple(folder for folder in mains if folder != found[0])
        return self._several(found[0]) or self._chosen(rule, found[0], losers)

    def _none_or_many(self, found: list[str]) -> DetectionError:
        others = found or self._all_mains()
        listed = "\n  ".join(others[:12])
        if found:
            message = f"{len(found)} main packages could be the one to start:\n  {listed}"
            return DetectionError(message, f"choose one: jitney run --entry {found[0]} …")
        if others:
            message = f"no Go package main was found in this module; those of others below it:\n  {listed}"
            return DetectionError(message, f"hand over its folder: jitney run {others[0]} …")
        return DetectionError("no Go package main was found", "name it: jitney run --entry FOLDER …")

    def _wished(self, wished: str) -> str:
        place = join(self.source.workdir, wished.removesuffix("/"))
        if place is None or not (self.source.has(place) or self.source.has_folder(place)):
            raise DetectionError(
                f"the entry {wished} is not there", "a .go file or the folder of a main package"
            )
        self.notes.saw("flag.entry", "entry", place or ".", place)
        return place or "."

    def _best(self, mains: list[str]) -> tuple[str, list[str]]:
        """Of several: those of cmd/; those that are no examples or tools; the one with the module's name; the only one whose file
        is called main.go (helpers that are run by hand are seldom called so); the one with a server's usual name."""
        top = f"{self.source.workdir}/cmd".lstrip("/")
        commands = [one for one in mains if top in (parent(one), one)]
        rule = "go.entry.cmd" if commands else "go.entry.only"
        found = commands or self._not_aside(mains)
        if len(found) < 2:
            return rule, found or mains
        groups = self._groups(found)
        return next(((rule, group) for rule, group in groups.items() if len(group) == 1), (rule, found))

    def _groups(self, found: list[str]) -> dict[str, list[str]]:
        called = (name(self.source.workdir), re.sub(r"/v\d+$", "", self.module.name).rpartition("/")[2])
        return {
            "go.entry.named": [one for one in found if name(one) in called],
            "go.entry.main": [one for one in found if self.source.has(f"{one}/main.go")],
            "go.entry.usual": [one for one in found if name(one) in _SERVING],
        }

    def _not_aside(self, mains: list[str]) -> list[str]:
        workdir = self.source.workdir
        return [one for one in mains if not _ASIDE.search(one.removeprefix(workdir).lstrip("/"))]

    def _chosen(self, rule: str, folder: str, losers: tuple[str, ...] = ()) -> str:
        self.notes.saw(rule, "entry", folder or ".", folder, 0, losers)
        return folder or "."

    def _file(self, path: str) -> str:
        if not self.look(path).main:
            message = f"{path} has no `func main` in `package main`"
            hint = "hand over the folder or file of a main package"
            self.notes.tell("error", "go.main", message, file=path, line=1, hint=hint)
        self.notes.saw("source.file", "entry", path, path)
        return path

    def _several(self, folder: str) -> str:
        """One of several files that each have a main; main.go where there is one."""
        mains = [path for path in self.package(folder) if self.glance(path).main]
        if len(mains) < 2:
            return ""
        usual = [path for path in mains if name(path) == "main.go"]
        if usual:
            return self._file(usual[0])
        raise DetectionError(
            "several files have a `func main`:\n  " + "\n  ".join(mains),
            f"hand over one: jitney run {mains[0]}",
        )

    def reach(self, entry: str) -> Code:
        """All that the entry's package and the local packages it imports say."""
        whole = Code()
        folder = parent(entry) if entry.endswith(".go") else ("" if entry == "." else entry)
        todo, self.folders = [self._own(entry, folder)], {folder}
        while todo:
            for path in todo.pop(0):
                for field in Code.__struct_fields__:
                    getattr(whole, field).extend(getattr(self.look(path).code, field))
                todo += self._imported(path)
        return whole

    def _own(self, entry: str, folder: str) -> list[str]:
        """The package; of a file that is a program by itself, that file and its helpers."""
        own = self.package(folder)
        mains = [path for path in own if self.glance(path).main]
        if not entry.endswith(".go") or (len(mains) < 2 and self.module.file):
            return own
        helpers = [] if len(mains) > 1 else [path for path in own if self.glance(path).package == "main"]
        return list(dict.fromkeys([entry, *helpers]))

    def _imported(self, path: str) -> list[list[str]]:
        """Packages of the same module that a file imports, each once."""
        places = [self.module.local(at.value) for at in self.look(path).code.imports]
        new = [one for one in dict.fromkeys(places) if one is not None and one not in self.folders]
        self.folders |= set(new)
        return [self.package(place) for place in new]

    def takes(self) -> tuple[str, ...]:
        """The program's folder, its module's packages and manifests, local replacements, the workspace, embedded files."""
        source, module = self.source, self.module
        taken = {*source.files(), *filter(None, (module.file, module.work, module.sum))}
        taken |= {path for folder in self.folders for path in self._built(folder)}
        taken |= {file for path in self._reached() for file in self._embedded(path)}
        taken |= {path for folder in module.others() for path in source.files(folder)}
        if module.work:
            taken.add(f"{module.work}.sum")
        return tuple(sorted(path for path in taken if source.has(path)))

    def _built(self, folder: str) -> list[str]:
        """What is compiled of a package that lies outside of the program's folder, which goes along whole."""
        names, _ = self.source.folder(folder)
        files = [] if is_under(folder, self.source.workdir) else names
        return [
            f"{folder}/{file}".lstrip("/")
            for file in files
            if file.endswith(_BUILT) and not file.endswith("_test.go")
        ]

    def _reached(self) -> list[str]:
        return [path for path in sorted(self.files) if parent(path) in self.folders]

    def _embedded(self, path: str) -> list[str]:
        """Files that its `//go:embed` lines name."""
        folder = parent(path)
        fulls = [
            f"{folder}/{pattern.removeprefix('all:')}".lstrip("/") for pattern in self.files[path].embeds
        ]
        files = self.source.files(folder) if fulls else ()
        return [one for one in files if any(fnmatchcase(one, full) or is_under(one, full) for full in fulls)]

    def links(self) -> list[tuple[str, str, int]]:
        """What `#cgo` lines of what is compiled link against: word, file, line."""
        return [(at.value, at.file, at.line) for path in self._reached() for at in self.files[path].links]
