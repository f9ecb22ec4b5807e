"""Go: go.work, go.mod, or a bare file whose imports decide."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from jitney.detect.code import Code, is_secret
from jitney.detect.data.native import LINKED, MODULES, ONLY_SID
from jitney.detect.go import modfile
from jitney.detect.go.code import GoFile, look
from jitney.detect.model import Detection, Package, Wishes
from jitney.detect.notes import Notes
from jitney.detect.usage import usage
from jitney.errors import DetectionError
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import is_under, join, name, parent, parents

_BUILT = (".go", ".s", ".h", ".hpp", ".c", ".cc", ".cpp", ".cxx", ".S", ".syso")
"""What the Go command compiles of a package."""

_OTHER_SYSTEM = re.compile(
    r"_(windows|darwin|freebsd|openbsd|netbsd|js|wasip1|plan9|solaris|android|ios|arm|386|wasm)\.go$"
)


def detect_go(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """DetectionError: no package main, or several alike."""
    program = _Program(source, notes)
    entry = program.entry(wishes.entry)
    code = program.reach(entry)
    use = usage(code, "go", notes)
    cgo = any(at.value == "C" for at in code.imports)
    system = program.system(wishes.apt)
    return Detection(
        language="go",
        version=program.version(wishes.version),
        frameworks=use.frameworks,
        mode=use.modes[0],
        modes=use.modes,
        entry=entry,
        start=(),
        workdir=source.workdir,
        manager="go.mod" if program.module else "imports",
        manifests=tuple(path for path in (program.module, program.work) if path),
        lock=program.sum,
        packages=tuple(program.packages(code, wishes.packages)),
        models=tuple(code.models),
        endpoints=use.endpoints,
        env=use.env,
        secrets=tuple(variable for variable in use.env if is_secret(variable)),
        system=system,
        features=(*(("cgo",) if cgo else ()), *_suite(system)),
        takes=program.takes(),
    )


def _suite(system: tuple[Package, ...]) -> tuple[str, ...]:
    """A library that only Debian's development release has takes the whole build there."""
    return ("suite:sid",) if any(package.name in ONLY_SID for package in system) else ()


class _Program:
    """The module around the program, the files of it that were looked at, the folders that go along."""

    def __init__(self, source: Source, notes: Notes) -> None:
        self.source, self.notes = source, notes
        self.files: dict[str, GoFile] = {}
        self.folders: set[str] = set()
        around = [source.workdir] if source.alone else parents(source.workdir)
        self.module = next(
            (f"{at}/go.mod".lstrip("/") for at in around if source.has(f"{at}/go.mod".lstrip("/"))), ""
        )
        self.work = next(
            (f"{at}/go.work".lstrip("/") for at in around if source.has(f"{at}/go.work".lstrip("/"))), ""
        )
        total = f"{parent(self.module)}/go.sum".lstrip("/")
        self.sum = total if self.module and source.has(total) else ""
        self.mod = modfile.read(source.read_text(self.module)) if self.module else []
        line = modfile.first(self.mod, "module")
        self.name = line.words[0] if line else ""
        if self.module:
            notes.saw("go.manager.mod", "manager", "go.mod", self.module, line.number if line else 0)
            if not line:
                notes.tell("error", "go.mod", f"{self.module} has no `module` line", file=self.module, line=1)

    def look(self, path: str) -> GoFile:
        if path not in self.files:
            self.files[path] = look(self.source.read_text(path), path)
        return self.files[path]

    def package(self, folder: str) -> list[str]:
        """Files that are compiled for a folder on Linux."""
        names, _ = self.source.folder(folder)
        go = [
            f"{folder}/{file}".lstrip("/")
            for file in names
            if file.endswith(".go") and not file.startswith(("_", "."))
        ]
        return [
            path for path in go
            if not path.endswith("_test.go") and not _OTHER_SYSTEM.search(path) and not
            self.look(path).ignored
        ]  # fmt: skip

    def is_main(self, folder: str) -> bool:
        looks = [self.look(path) for path in self.package(folder)]
        return any(seen.package == "main" and seen.main for seen in looks)

    def entry(self, wished: str) -> str:
        """A file without a module, or where a folder's files are several programs; else the main package's
        folder."""
        source = self.source
        if wished:
            place = join(source.workdir, wished.removesuffix("/"))
            if place is None or not (source.has(place) or source.has_folder(place)):
                raise DetectionError(
                    f"the entry {wished} is not there", "a .go file or the folder of a main package"
                )
            self.notes.saw("flag.entry", "entry", place or ".", place)
            return place or "."
        if source.entry:
            return self._file(source.entry)
        if self.is_main(source.workdir):
            return self._several(source.workdir) or self._chosen("go.entry.root", source.workdir)
        folders = sorted(
            {
                parent(path)
                for path in source.files()
                if path.endswith(".go") and not path.endswith("_test.go")
            }
        )
        mains = [folder for folder in folders if "/testdata" not in f"/{folder}" and self.is_main(folder)]
        commands = [
            folder for folder in mains if f"{source.workdir}/cmd".lstrip("/") in (parent(folder), folder)
        ]
        found = commands or [folder for folder in mains if "example" not in folder] or mains
        if len(found) == 1:
            return self._chosen("go.entry.cmd" if commands else "go.entry.only", found[0])
        if not found:
            raise DetectionError("no Go package main was found", "name it: jitney run --entry FOLDER …")
        same = [
            folder
            for folder in commands
            if name(folder) in (name(source.workdir), self.name.rpartition("/")[2])
        ]
        if len(same) == 1:
            return self._chosen("go.entry.named", same[0])
        listed = "\n  ".join(found[:12])
        raise DetectionError(f"{len(found)} main packages could be the one to start:\n  {listed}",
                             f"choose one: jitney run --entry {found[0]} …")  # fmt: skip

    def _chosen(self, rule: str, folder: str) -> str:
        self.notes.saw(rule, "entry", folder or ".", folder)
        return folder or "."

    def _file(self, path: str) -> str:
        if not self.look(path).main:
            self.notes.tell("error", "go.main", f"{path} has no `func main` in `package main`", file=path,
            line=1,
                            hint="hand over the folder or file of a main package")  # fmt: skip
        self.notes.saw("source.file", "entry", path, path)
        return path

    def _several(self, folder: str) -> str:
        """One of several files that each have a main; main.go where there is one."""
        mains = [path for path in self.package(folder) if self.look(path).main]
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
        own = self.package(folder)
        mains = [path for path in own if self.look(path).main]
        if entry.endswith(".go") and (len(mains) > 1 or not self.module):
            helpers = [] if len(mains) > 1 else [path for path in own if self.look(path).package == "main"]
            own = list(dict.fromkeys([entry, *helpers]))
        todo, seen = [own], {folder}
        self.folders.add(folder)
        while todo:
            for path in todo.pop(0):
                for field in Code.__struct_fields__:
                    getattr(whole, field).extend(getattr(self.look(path).code, field))
                for at in self.look(path).code.imports:
                    place = self._local(at.value)
                    if place is not None and place not in seen:
                        seen.add(place)
                        self.folders.add(place)
                        todo.append(self.package(place))
        return whole

    def _local(self, path: str) -> str | None:
        """The folder of an import of the same module."""
        if not self.name or not (path == self.name or path.startswith(self.name + "/")):
            return None
        place = join(parent(self.module), path[len(self.name) :].lstrip("/"))
        return place if place is not None and self.source.has_folder(place) else None

    def version(self, wished: str) -> str:
        """flag > toolchain > go line > .go-version."""
        seen = [("flag.version", wished, "", 0)] if wished else []
        for verb in ("toolchain", "go"):
            line = modfile.first(self.mod, verb)
            if line and re.fullmatch(r"(?:go)?\d+(?:\.\d+)*(?:(?:rc|beta)\d+)?(?:-\S+)?", line.words[0]):
                seen.append(
                    (f"go.version.{verb}", line.words[0].removeprefix("go"), self.module, line.number)
                )
            elif line and line.words[0] != "default":
                self.notes.tell("error", "go.mod", f"{self.module}:{line.number}: `{line.words[0]}` is no Go version",
                                file=self.module, line=line.number)  # fmt: skip
        path = f"{self.source.workdir}/.go-version".lstrip("/")
        if self.source.has(path) and (
            match := re.match(r"\s*(?:go)?(\d+(?:\.\d+)+)\s*$", self.source.read_text(path))
        ):
            seen.append(("go.version.file", match[1], path, 1))
        if not seen:
            return ""
        rule, value, file, number = seen[0]
        self.notes.saw(rule, "version", value, file, number, tuple(f"{r}: {v}" for r, v, _, _ in seen[1:]))
        return value

    def packages(self, code: Code, wished: tuple[str, ...]) -> list[Package]:
        """Modules that go.mod requires directly, or the imports of a bare file: the Go command finds their
        modules."""
        found: dict[str, Package] = {}
        for line in self.mod:
            if line.verb == "require" and len(line.words) >= 2:
                text = self.source.read_text(self.module).splitlines()[line.number - 1]
                if "// indirect" not in text:
                    why = Evidence(rule="go.require", decides="package", value=" ".join(line.words),
                    file=self.module,
                                   line=line.number)  # fmt: skip
                    found[line.words[0]] = Package(name=line.words[0], spec=f"@{line.words[1]}", why=why)
        for at in code.imports if not self.module else ():
            if "." in at.value.partition("/")[0] and not at.value.startswith("."):
                why = Evidence(
                    rule="go.import", decides="package", value=at.value, file=at.file, line=at.line
                )
                found.setdefault(at.value, Package(name=at.value, why=why))
        for wish in wished:
            path, _, version = wish.partition("@")
            why = Evidence(rule="flag.package", decides="package", value=wish)
            found[path] = Package(name=path, spec=f"@{version}" if version else "", why=why)
        return list(found.values())

    def system(self, wished: tuple[str, ...]) -> tuple[Package, ...]:
        """Debian packages that were asked for, and those that `#cgo` lines of what is compiled link against."""
        found = {
            apt: Package(name=apt, why=Evidence(rule="flag.apt", decides="system", value=apt))
            for apt in sorted(wished)
        }
        links = [
            at
            for path, seen in sorted(self.files.items())
            if parent(path) in self.folders
            for at in seen.links
        ]
        for at in links:
            table = LINKED if at.value.startswith("-l") else MODULES
            for apt in table.get(at.value.removeprefix("-l"), "").split():
                why = Evidence(rule="go.cgo", decides="system", value=at.value, file=at.file, line=at.line)
                found.setdefault(apt, Package(name=apt, why=why))
        return tuple(found.values())

    def takes(self) -> tuple[str, ...]:
        """The program's folder, its module's packages and manifests, local replacements, the workspace,
        embedded files."""
        source, taken = self.source, set(self.source.files())
        taken |= {path for path in (self.module, self.work, self.sum) if path}
        for folder in self.folders:
            names, _ = source.folder(folder)
            if not is_under(folder, source.workdir):
                built = [file for file in names if file.endswith(_BUILT) and not file.endswith("_test.go")]
                taken |= {f"{folder}/{file}".lstrip("/") for file in built}
        for path, seen in self.files.items():
            if parent(path) in self.folders:
                taken |= {file for pattern in seen.embeds for file in self._embedded(parent(path), pattern)}
        for folder in self._modules():
            taken |= set(source.files(folder))
        if self.work and source.has(f"{self.work}.sum"):
            taken.add(f"{self.work}.sum")
        return tuple(sorted(path for path in taken if source.has(path)))

    def _embedded(self, folder: str, pattern: str) -> list[str]:
        full = f"{folder}/{pattern.removeprefix('all:')}".lstrip("/")
        return [path for path in self.source.files(folder) if fnmatchcase(path, full) or is_under(path, full)]

    def _modules(self) -> list[str]:
        """Folders of other modules: `replace` with a path, `use` of the workspace; theirs in turn."""
        todo = [(self.module, line) for line in modfile.local_replaces(self.mod)]
        if self.work:
            text = modfile.read(self.source.read_text(self.work))
            todo += [(self.work, line) for line in text if line.verb == "use" and line.words]
            todo += [(self.work, line) for line in modfile.local_replaces(text)]
        found: list[str] = []
        while todo:
            file, line = todo.pop(0)
            place = join(parent(file), line.words[0])
            if place is None or not self.source.has_folder(place):
                self.notes.tell("error", "go.replace", f"{file}:{line.number}: {line.words[0]} lies outside the source",
                                hint="hand over a checkout that has both", file=file, line=line.number)  # fmt: skip
            elif place not in found:
                found.append(place)
                below = f"{place}/go.mod".lstrip("/")
                if self.source.has(below):
                    lines = modfile.read(self.source.read_text(below))
                    todo += [(below, more) for more in modfile.local_replaces(lines)]
        return found
