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

    def mains(self, under: str | None = None) -> list[str]:
        """Folders of main packages; a folder with a go.mod of its own is another module's."""
        files = [
            path
            for path in self.source.files(under)
            if path.endswith(".go") and not path.endswith("_test.go")
        ]
        inner = {parent(path) for path in self.source.files(under) if name(path) == "go.mod"} - {
            parent(self.module.file)
        }
        inner -= {at for at in inner if is_under(parent(self.module.file), at)}
        folders = sorted({parent(path) for path in files if not any(is_under(path, at) for at in inner)})
        return [folder for folder in folders if not _PASSED_OVER.search(folder) and self.is_main(folder)]

    def entry(self, wished: str) -> str:
        """A file without a module, or where a folder's files are several programs; else the main package's folder."""
        if wished:
            return self._wished(wished)
        if self.source.entry:
            return self._file(self.source.entry)
        if self.is_main(self.source.workdir):
            return self._several(self.source.workdir) or self._chosen("go.entry.root", self.source.workdir)
        mains = self.mains()
        if not mains:
            raise DetectionError("no Go package main was found", "name it: jitney run --entry FOLDER …")
        rule, found = self._best(mains)
        if len(found) == 1:
            losers = tuple(folder for folder in mains if folder != found[0])
            return self._several(found[0]) or self._chosen(rule, found[0], losers)
        listed = "\n  ".join(found[:12])
        raise DetectionError(f"{len(found)} main packages could be the one to start:\n  {listed}",
                             f"choose one: jitney run --entry {found[0]} …")  # fmt: skip

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
        workdir = self.source.workdir
        commands = [one for one in mains if f"{workdir}/cmd".lstrip("/") in (parent(one), one)]
        below = [one for one in mains if not _ASIDE.search(one.removeprefix(workdir).lstrip("/"))]
        found = commands or below or mains
        rule = "go.entry.cmd" if commands else "go.entry.only"
        if len(found) == 1:
            return rule, found
        called = (name(workdir), re.sub(r"/v\d+$", "", self.module.name).rpartition("/")[2])
        named = [one for one in found if name(one) in called]
        usual = [one for one in found if self.source.has(f"{one}/main.go")]
        serving = [one for one in found if name(one) in _SERVING]
        for rule, group in (("go.entry.named", named), ("go.entry.main", usual), ("go.entry.usual", serving)):
            if len(group) == 1:
                return rule, group
        return rule, found

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
        for folder in self.folders:
            names, _ = source.folder(folder)
            if not is_under(folder, source.workdir):
                built = [file for file in names if file.endswith(_BUILT) and not file.endswith("_test.go")]
                taken |= {f"{folder}/{file}".lstrip("/") for file in built}
        taken |= {file for path in self._reached() for file in self._embedded(path)}
        taken |= {path for folder in module.others() for path in source.files(folder)}
        if module.work:
            taken.add(f"{module.work}.sum")
        return tuple(sorted(path for path in taken if source.has(path)))

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
