"""Makes src/jitney/detect/data/python_needs.json: what a library's sub-module needs though the library does not depend on it.

    python tools/needs_table.py NAME=SOURCE…      # agno=…/libs/agno langchain_community=…/libs/community

SOURCE is a folder with the library's pyproject.toml and its package NAME. Nothing is run. A module needs what it imports when
it is imported: outright, or in a `try` whose handler raises (`raise ImportError("… pip install x")`), itself or through a module
of the library that it imports outright. A class needs what its own methods import in such a `try`. What has a fallback, what is
only for the type checker and what the library depends on does not count. Names are turned into distributions by
data/python_imports.py; what that does not know is left out.

A sub-module's row holds for what lies below it, as in the table of imports: the longest name decides.
"""

from __future__ import annotations

import ast
import json
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from jitney.detect.data.python_imports import distribution, normal
from jitney.detect.data.python_stdlib import STDLIB
from jitney.detect.python.packages import split

OUT = Path(__file__).parents[1] / "src/jitney/detect/data/python_needs.json"
CODE = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
FIRST = frozenset(
    {"__init__", "__post_init__", "model_post_init", "lazy_load", "load", "lazy_parse", "parse"}
)
DEPENDS = Path(__file__).parents[1] / "benchmarks/labels/packages-depends.json"
TYPES = ("TYPE_CHECKING", "typing.TYPE_CHECKING")


class Library:
    """Modules of one library. own: its dependencies, whatever they bring is not followed."""

    def __init__(self, name: str, source: Path) -> None:
        self.name = name
        self.own = depends_on(source)
        root = next(path for path in (source / name, source / "src" / name) if path.is_dir())
        self.trees: dict[str, ast.Module] = {}
        for path in sorted(root.rglob("*.py")):
            parts = [name, *path.relative_to(root).with_suffix("").parts]
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            try:
                self.trees[module] = ast.parse(path.read_text(encoding="utf-8"))
            except (SyntaxError, UnicodeDecodeError):
                continue
        self.packages = {
            ".".join([name, *path.parent.relative_to(root).parts]) for path in root.rglob("__init__.py")
        }
        self._needs: dict[str, set[str]] = {}

    def needs(self, module: str) -> set[str]:
        """Of a module, as soon as it is imported."""
        if module not in self._needs:
            self._needs[module] = set()  # a cycle needs nothing more
            found: set[str] = set()
            for line in outright(self.trees[module].body):
                for name in self.absolute(line, module):
                    found |= self.of(name, outer=module)
            self._needs[module] = found
        return self._needs[module]

    def of(self, name: str, outer: str = "") -> set[str]:
        """Of an imported dotted name: a module of the library's (the longest there is), or somebody else's."""
        if name.partition(".")[0] != self.name:
            return self.foreign(name)
        while name and name not in self.trees:
            name = name.rpartition(".")[0]
        return self.needs(name) if name and name != outer else set()

    def foreign(self, name: str) -> set[str]:
        known = "" if name.partition(".")[0] in STDLIB else distribution(name)
        return {known} if known and normal(split(known)[0]) not in self.own else set()

    def absolute(self, line: ast.Import | ast.ImportFrom, module: str) -> list[str]:
        if isinstance(line, ast.Import):
            return [alias.name for alias in line.names]
        base = line.module or ""
        if line.level:
            home = module if module in self.packages else module.rpartition(".")[0]
            for _ in range(line.level - 1):
                home = home.rpartition(".")[0]
            base = f"{home}.{base}".rstrip(".")
        return [f"{base}.{alias.name}" if alias.name != "*" else base for alias in line.names]

    def rows(self) -> Iterator[tuple[str, set[str]]]:
        for module in self.trees:
            above = self.of(module.rpartition(".")[0])
            if (found := self.needs(module)) != above or (found and "." not in module):
                yield module, found
            for name, said in self.classes(module):
                yield f"{module}.{name}", said | found

    def classes(self, module: str) -> Iterator[tuple[str, set[str]]]:
        """Classes that need something as soon as they are used, by name."""
        for node in self.trees[module].body:
            if isinstance(node, ast.ClassDef) and (found := self.used(module, node.name)):
                yield node.name, found

    def used(self, module: str, name: str, depth: int = 3) -> set[str]:
        """Of a class that is made, or a function that is called."""
        node = next(
            (one for one in self.trees[module].body if isinstance(one, CODE) and one.name == name), None
        )
        if node is None or depth == 0:
            return set()
        is_class = isinstance(node, ast.ClassDef)
        parts: list[ast.AST] = (
            [one for one in node.body if not isinstance(one, CODE) or begins(one)] if is_class else [node]
        )
        lines = [line for part in parts for line in refused(part)]
        found = {
            need for line in lines for full in self.absolute(line, module) for need in self.of(full, module)
        }
        bases = (
            [one.id for one in node.bases if isinstance(one, ast.Name)]
            if isinstance(node, ast.ClassDef)
            else []
        )
        for other in {*bases, *(word for part in parts for word in made(part))}:
            where = self.place(module, other)
            if where and where != (module, name):
                found |= self.used(*where, depth - 1)
        return found

    def place(self, module: str, name: str) -> tuple[str, str] | None:
        """Module and name of something of the library's, as a module knows it by."""
        if any(isinstance(one, CODE) and one.name == name for one in self.trees[module].body):
            return module, name
        for line in imports(self.trees[module].body):
            for full in self.absolute(line, module) if isinstance(line, ast.ImportFrom) else ():
                home, _, last = full.rpartition(".")
                if last == name and home in self.trees:
                    return (home, name) if home != module else None
        return None

    def lookups(self) -> Iterator[tuple[str, str]]:
        """Names that a package hands on: by a lazy table (`{"PyPDFLoader": "….pdf"}`) or an import in its `__init__`."""
        for module in self.packages & self.trees.keys():
            for node in ast.walk(self.trees[module]):
                if isinstance(node, ast.ImportFrom):
                    for full in self.absolute(node, module):
                        yield f"{module}.{full.rpartition('.')[2]}", full
                elif isinstance(node, ast.Dict):
                    for key, value in zip(node.keys, node.values, strict=True):
                        name, place = literal(key), literal(value)
                        if name.isidentifier() and place.startswith(self.name + "."):
                            yield f"{module}.{name}", f"{place}.{name}"


def begins(node: ast.AST) -> bool:
    """A method that is called in any use of its class: what makes, checks or loads it."""
    name = getattr(node, "name", "")
    marks = " ".join(ast.unparse(one) for one in getattr(node, "decorator_list", ()))
    return name in FIRST or name.startswith("validate") or "validator" in marks or "pre_init" in marks


def refused(part: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    """Imports whose failure is told to the user; those under a condition are for another use."""
    found: list[ast.Import | ast.ImportFrom] = []
    todo = [part]
    while todo:
        one = todo.pop()
        if isinstance(one, ast.Try) and refuses(one):
            found += outright(one.body)
        elif not isinstance(one, ast.If | ast.IfExp | ast.Match):
            todo += ast.iter_child_nodes(one)
    return found


def made(part: ast.AST) -> Iterator[str]:
    """Names that are called, or given as what makes a field."""
    for one in ast.walk(part):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name):
            yield one.func.id
            yield from (
                word.value.id
                for word in one.keywords
                if word.arg == "default_factory" and isinstance(word.value, ast.Name)
            )


def literal(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def outright(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that happen when the module is imported, and cannot fail."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and ast.unparse(node.test) not in TYPES:
            yield from outright(node.orelse)  # what is imported under a condition may be for others
        elif isinstance(node, ast.Try) and (refuses(node) or not node.handlers):
            yield from outright(node.body)


def refuses(node: ast.Try) -> bool:
    """Every handler ends in a `raise`."""
    return bool(node.handlers) and all(isinstance(one.body[-1], ast.Raise) for one in node.handlers)


def imports(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    for line in body:
        for part in ast.walk(line):
            if isinstance(part, ast.Import | ast.ImportFrom):
                yield part


def depends_on(source: Path) -> set[str]:
    """Names that the library's project depends on."""
    data: dict[str, Any] = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))
    said = data.get("project", {}).get("dependencies") or list(
        data.get("tool", {}).get("poetry", {}).get("dependencies", {})
    )
    return {normal(split(one)[0]) for one in said}


def brought(names: set[str]) -> set[str]:
    """What these distributions bring along, by lock files of public programs; spelled as the tables spell it."""
    depends: dict[str, list[str]] = json.loads(DEPENDS.read_text(encoding="utf-8"))["depends"]
    seen: set[str] = set()
    todo = [normal(split(one)[0]) for one in names]
    while todo:
        for name in depends.get(todo.pop(), ()):
            if name not in seen:
                seen.add(name)
                todo.append(name)
    return seen | {one for one in ("PyYAML", "Pillow", "SQLAlchemy") if one.lower() in seen}


def main() -> int:
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    table: dict[str, list[str]] = {}
    for word in sys.argv[1:]:
        name, _, source = word.partition("=")
        library = Library(name, Path(source))
        rows = dict(library.rows())
        for public, place in library.lookups():
            found = rows.get(place) or library.of(place)
            if found and found != library.of(public):
                rows.setdefault(public, found)
        base = brought(library.own)
        for module, found in rows.items():
            least = {
                one for one in found - base if one not in brought({other for other in found if other != one})
            }
            if least or any(module.startswith(f"{above}.") and table.get(above) for above in rows):
                table[module] = sorted(least)
        print(f"{name}: {len(rows)} rows")
    OUT.write_text(
        json.dumps({"made": date.today().isoformat(), "needs": dict(sorted(table.items()))}, indent=0) + "\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
