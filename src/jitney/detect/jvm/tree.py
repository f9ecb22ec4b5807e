"""The files around a program: looked at once, and those that it reaches."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from jitney.detect.jvm.code import ENDINGS, JvmFile, language_of, look
from jitney.source import Source
from jitney.source.paths import is_under, join, name, parent

_ALL = tuple(ending for endings in ENDINGS.values() for ending in endings)
_DECLARED = re.compile(
    r"\b(?:fun|class|object|interface|val|def|trait|defn?)\s+(?:<[^>]*>\s*)?(?:\w+\.)?([A-Za-z_]\w*)"
)

_ASIDE = re.compile(r"(?:^|/)(?:src/\w*[tT]est\w*|target)/")
_MAY_START = re.compile(r"\bmain\b|^//MAIN", re.M)


class Tree:
    def __init__(self, source: Source) -> None:
        self.source = source
        self._seen: dict[str, JvmFile] = {}

    def look(self, path: str) -> JvmFile:
        if path not in self._seen:
            self._seen[path] = look(self.source.read_text(path), path)
        return self._seen[path]

    def starts(self, path: str) -> bool:
        """Whether something in it can be started; a text without the word for it is not parsed."""
        if path.endswith((".java", ".kt")) and not _MAY_START.search(self.source.read_text(path)):
            return False
        return bool(self.look(path).mains)

    def language(self, path: str) -> str:
        return language_of(path)

    def code_below(self, folder: str) -> list[str]:
        """Sources below a folder, tests left out."""
        is_inside = is_under(folder, self.source.workdir)
        files = self.source.files() if is_inside else self.source.files(folder)
        return [
            path
            for path in files
            if path.endswith(_ALL) and is_under(path, folder) and not _ASIDE.search(path)
        ]

    def roots_of(self, path: str) -> tuple[str, ...]:
        """The folder that the file's package counts from: its own where its path does not end as its package does."""
        folder = parent(path)
        package = self.look(path).package.replace(".", "/")
        if package and (folder == package or folder.endswith(f"/{package}")):
            folder = folder[: len(folder) - len(package)].rstrip("/")
        return (folder,)

    def file_of_class(self, dotted: str, roots: list[str]) -> str:
        """Where a class is written; a Kotlin file's class is called like the file, `Kt` behind it."""
        if place := next((found for root in roots if (found := self._place(dotted, root))), ""):
            return place
        code = (path for root in roots for path in self.code_below(root))
        return next((path for path in code if self.starts(path) and dotted in self.look(path).mains), "")

    def _place(self, dotted: str, root: str) -> str:
        base = f"{root}/{dotted.replace('.', '/')}".lstrip("/")
        return next((base + ending for ending in _ALL if self.source.has(base + ending)), "")

    def reach(self, entry: str, roots: list[str]) -> list[str]:
        """The entry and the program's own files that it needs, one through the other."""
        found: list[str] = []
        todo = [entry]
        while todo:
            path = todo.pop(0)
            if path in found:
                continue
            found.append(path)
            todo += [*self._said(path), *self._imported(path, roots), *self._beside(path)]
        return found

    def _said(self, path: str) -> list[str]:
        """Files that its header names, patterns too."""
        found = []
        for at in self.look(path).header.sources:
            place = join(parent(path), at.value)
            if place is None:
                continue
            names, _ = self.source.folder(parent(place))
            inside = [f"{parent(place)}/{one}".lstrip("/") for one in names]
            found += [one for one in inside if fnmatchcase(one, place) and one.endswith(_ALL)]
        return found

    def _imported(self, path: str, roots: list[str]) -> list[str]:
        found = []
        for at in self.look(path).code.imports:
            dotted = at.value
            for root in roots:
                place = self._place(dotted, root) or self._place(dotted.rpartition(".")[0], root)
                if place:
                    found.append(place)
                elif self.source.has_folder(f"{root}/{dotted.replace('.', '/')}".lstrip("/")):
                    found += self._used(f"{root}/{dotted.replace('.', '/')}".lstrip("/"), path)
        return found

    def _beside(self, path: str) -> list[str]:
        """Same package, same folder: no import is needed."""
        return [] if self.source.alone else self._used(parent(path), path)

    def _used(self, folder: str, path: str) -> list[str]:
        names, _ = self.source.folder(folder)
        found = []
        text = ""
        for one in names:
            place = f"{folder}/{one}".lstrip("/")
            if place == path or not one.endswith(_ALL):
                continue
            if one.endswith(".java"):
                if one.removesuffix(".java") in self.look(path).words:
                    found.append(place)
                continue
            text = text or self.source.read_text(path)
            if self._is_helper(place, path, text):
                found.append(place)
        return found

    def _is_helper(self, place: str, path: str, text: str) -> bool:
        """A file without a main that declares a name which the other uses."""
        if self.language(place) == "clojure" or (self.look(place).mains and self.language(place) != "groovy"):
            return False
        declared = _DECLARED.findall(self.source.read_text(place))
        stem = name(place).partition(".")[0]
        used = set(re.findall(r"\w+", text))
        return bool((set(declared) if self.language(place) != "groovy" else {stem}) & used)

    def is_own(self, dotted: str, roots: list[str], packages: set[str]) -> bool:
        """Whether an import means the program's own code."""
        if any(self._place(dotted, root) or self._place(dotted.rpartition(".")[0], root) for root in roots):
            return True
        return any(dotted == package or dotted.startswith(package + ".") for package in packages) or any(
            self.source.has_folder(f"{root}/{dotted.replace('.', '/')}".lstrip("/"))
            or self._place(dotted.replace("-", "_"), root)
            for root in roots
        )
