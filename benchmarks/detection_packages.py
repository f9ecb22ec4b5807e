"""Packages from imports alone, the manifests hidden, against what the programs declare.

A program is a folder with a manifest (requirements.txt, pyproject.toml, Pipfile, environment.yml) and code of its own below
it. Jitney is given the code and nothing else; every file counts as an entry, since the manifest is for all of them.

Rules, so that the figures mean something:

- Names are compared as the registry does (PEP 503). Two names that bring the same module (`psycopg2`, `psycopg2-binary`)
  are the same answer.
- A declared name counts only if the code has a trace of it: an import that leads to it by *any* claimant (not just by the
  one that our table chose), or an import that a framework turns into that need. The rest is left out and counted.
- A detected name that nobody declares is wrong, unless a declared package brings it along: by that the program works. What
  a package brings is read from lock files of public programs (`--depends` makes the table). Those are counted apart.
- Nor is it wrong where the manifest forgot it: a file imports the module without a fallback, and nobody but that
  distribution claims the module, so the program cannot do without. `strict` is the precision with those counted as wrong.
- A third of the programs, drawn by a hash of their place, is held out: no rule was made by looking at them.
- A library's own project is no program (its extras are its users' choice): `skip` in the labels. Nor is the manifest at the
  root of a repository that has others below.
- Labels overrule a manifest that is wrong, each with its reason.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jitney.detect.data.python_implied import implied
from jitney.detect.data.python_imports import distribution, is_distribution
from jitney.detect.data.python_stdlib import STDLIB
from jitney.detect.notes import Notes
from jitney.detect.python import manifests, modules, packages
from jitney.detect.python.packages import normal
from jitney.source import Source

HERE = Path(__file__).parent
TOOLS = HERE.parent / "tools"
LABELS = HERE / "labels/packages-python.toml"
DEPENDS = HERE / "labels/packages-depends.json"
MANIFESTS = ("requirements.txt", "pyproject.toml", "Pipfile", "environment.yml")
APART = frozenset({"tests", "test", "node_modules", ".venv", "venv", ".git", "docs", "site-packages"})
"""Folders whose code is not what the manifest's plain dependencies are for."""
NOT_CODE = frozenset({"setup.py", "noxfile.py", "conftest.py", "tasks.py"})


@dataclass
class Program:
    """One program: where it lies, its code, and the names that its manifest declares."""

    repo: str
    path: str
    code: dict[str, str]
    declared: frozenset[str]
    held: bool = False
    own: frozenset[str] = frozenset()


@dataclass
class Score:
    """right and wrong by name; missed and extra for the listing."""

    right: int = 0
    missed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    brought: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    untraced: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--held", action="store_true", help="list what is wrong in the held-out third, too")
    parser.add_argument(
        "--names", action="store_true", help="print what is declared outside the held-out third"
    )
    parser.add_argument("--depends", action="store_true", help="make the table of what packages bring along")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--corpus", action="append", default=[])
    parser.add_argument("--show", action="store_true")
    add_arguments(parser)
    arguments = parser.parse_args(argv)
    if arguments.depends:
        return write_depends(arguments.checkouts)
    if arguments.names:
        return print_names(arguments.checkouts)
    return report(arguments.checkouts, arguments.corpus, show=arguments.show, held=arguments.held)


Corpus = dict[str, Any]


def each(
    labels: dict[str, Any],
    checkouts: Path,
    corpora: list[str],
    programs_of: Callable[[Path, str, list[str]], Iterator[Program]],
) -> Iterator[tuple[Corpus, Program]]:
    """The programs of all corpora, or of those that are named."""
    for corpus in labels["corpus"]:
        if not corpora or corpus["repo"] in corpora:
            for program in programs_of(checkouts, corpus["repo"], corpus.get("skip", [])):
                yield corpus, program


class Tally:
    """Sums by group. show, held: whether what is wrong with one program is listed, and of which group."""

    def __init__(self, *, show: bool, held: bool) -> None:
        self.show, self.held = show, held
        self.sums = {"seen": Score(), "held out": Score()}
        self.count: Counter[str] = Counter()

    def add(self, program: Program, one: Score) -> None:
        group = "held out" if program.held else "seen"
        self.count[group] += 1
        if self.show and program.held == self.held:
            listing(program, one)
        merge(self.sums[group], one)

    def printed(self) -> int:
        """The table on stdout. 1: a goal is missed."""
        return table(self.sums, self.count, held=self.held)


def report(checkouts: Path, corpora: list[str], *, show: bool = False, held: bool = False) -> int:
    """The table on stdout. 1: a goal is missed."""
    labels = tomllib.loads(LABELS.read_text(encoding="utf-8"))
    brings = Graph(json.loads(DEPENDS.read_text(encoding="utf-8"))["depends"])
    claims = Claims()
    judged = {(one["repo"], one["path"]): one for one in labels.get("program", [])}
    tally = Tally(show=show, held=held)
    for corpus, program in each(labels, checkouts, corpora, programs):
        label = judged.get((program.repo, program.path), {})
        label = {**label, "add": [*label.get("add", []), *corpus.get("add", [])]}
        if label.get("skip"):
            tally.count["set aside by label"] += 1
        else:
            tally.add(program, score(program, brings, claims, label))
    return tally.printed()


def listing(program: Program, one: Score) -> None:
    """What is wrong with one program."""
    for word, names in (
        ("missed", one.missed),
        ("extra", one.extra),
        ("forgotten", one.forgotten),
        ("unknown", one.unknown),
    ):
        if names:
            print(f"{program.repo}/{program.path}: {word} {' '.join(names)}")


def merge(into: Score, one: Score) -> None:
    into.right += one.right
    for name in ("missed", "extra", "brought", "forgotten", "untraced", "unknown"):
        getattr(into, name).extend(getattr(one, name))


def table(sums: dict[str, Score], count: Counter[str], *, held: bool) -> int:
    bad = 0
    print(
        f"{'programs':10} {'':5} {'recall':>7} {'precision':>9} {'strict':>7} {'declared':>9} {'no trace':>9} {'brought':>8} {'forgotten':>9}"
    )
    for group, one in sums.items():
        wanted, given = one.right + len(one.missed), one.right + len(one.extra) + len(one.forgotten)
        recall, strict = one.right / max(wanted, 1), one.right / max(given, 1)
        precision = (one.right + len(one.forgotten)) / max(given, 1)
        bad += recall < 0.95 or precision < 0.95
        print(
            f"{group:10} {count[group]:5} {recall:7.3f} {precision:9.3f} {strict:7.3f} {wanted + len(one.untraced):9} "
            f"{len(one.untraced):9} {len(one.brought):8} {len(one.forgotten):9}"
        )
        for word, names in (("missed", one.missed), ("extra", one.extra), ("unknown", one.unknown)):
            if group == "held out" and not held:
                continue
            most = " ".join(f"{name} {times}" for name, times in Counter(names).most_common(25))
            print(f"  {word} {len(names)}: {most}")
    if count["set aside by label"]:
        print(f"{count['set aside by label']} programs set aside by label")
    return int(bad > 0)


def score(program: Program, brings: Graph, claims: Claims, label: dict[str, Any]) -> Score:
    source = Source.from_mapping(
        {name: text for name, text in program.code.items() if name.endswith((".py", ".ipynb"))}
    )
    notes = Notes()
    seen = modules.follow(
        source, [path for path in source.files() if path.endswith((".py", ".ipynb"))], "", notes
    )
    found, unknown = packages.from_imports(seen, ())
    names = {normal(package.name): package for package in found}
    declared = (program.declared | set(label.get("add", []))) - set(label.get("remove", []))
    groups = claims.groups(seen)
    result = Score(unknown=[one.name for one in unknown])
    closure = brings.closure(declared)
    matched: set[str] = set()
    for name in sorted(one for one in declared if "[" not in one):
        same = {name}.union(*(group for group in groups if name in group))
        hit = same & names.keys()
        if hit:
            result.right += 1
            matched |= hit
        elif len(same) > 1 or any(name in group for group in groups):
            result.missed.append(name)
        else:
            result.untraced.append(name)
    outright = claims.outright(seen)
    for name in sorted(names.keys() - matched - program.own):
        kind = result.brought if name in closure else result.forgotten if name in outright else result.extra
        kind.append(name)
    return result


class Claims:
    """Everybody who could bring a module: our own table, whoever else claims it, and a distribution of its name."""

    def __init__(self) -> None:
        self.by_module: dict[str, set[str]] = {}
        for line in (TOOLS / "import_claims.txt").read_text(encoding="utf-8").splitlines():
            module, name, _ = line.split()
            self.by_module.setdefault(module, set()).add(name)
        overlay = tomllib.loads((TOOLS / "import_overlay.toml").read_text(encoding="utf-8"))
        self.same = [frozenset(group.split()) for group in overlay["same"]["groups"]]
        self.spaces = set(overlay["namespaces"]["names"].split())

    def groups(self, seen: modules.Program) -> list[frozenset[str]]:
        """For each import, all names that could bring it; for each need that it implies, that."""
        dotted = {at.value for facts in seen.files.values() for at in facts.code.imports} | set(seen.outside)
        found = [self._of(module) for module in dotted]
        found += [
            self._alike({normal(packages.split(extra)[0])}) for module in dotted for extra in implied(module)
        ]
        return [group for group in found if group]

    def outright(self, seen: modules.Program) -> set[str]:
        """Distributions that a module is imported from without a fallback, where nobody claims the module but they."""
        found = set()
        for module, (_, optional) in seen.outside.items():
            name = normal(packages.split(distribution(module))[0])
            claimed = {
                one
                for part in _prefixes(module)
                if part not in self.spaces
                for one in self.by_module.get(part, ())
            }
            if name and not optional and claimed <= self._alike({name}):
                found.add(name)
        return found

    def _alike(self, names: set[str]) -> frozenset[str]:
        for group in self.same:
            names |= group if names & group else set()
        return frozenset(names)

    def _of(self, module: str) -> frozenset[str]:
        if module.partition(".")[0] in STDLIB:  # a backport in the manifest does nothing
            return frozenset()
        chosen = normal(packages.split(distribution(module))[0])
        names = {chosen} if chosen else set()
        prefix = module
        while prefix:
            names.add(normal(prefix.replace(".", "-")))
            if prefix not in self.spaces:
                names |= self.by_module.get(prefix, set())
            prefix = prefix.rpartition(".")[0]
        return self._alike(names)


def _prefixes(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]


class Graph:
    """What packages bring along, as lock files have it."""

    def __init__(self, depends: dict[str, list[str]]) -> None:
        self.depends = depends

    def closure(self, names: set[str] | frozenset[str]) -> set[str]:
        # An extra mostly has the name of what it brings: `livekit-agents[openai]` the plugin, `crewai[tools]` crewai-tools.
        extras = [name.removesuffix("]").split("[") for name in names if "[" in name]
        seen = {
            guess
            for head, extra in extras
            for guess in (extra, f"{head}-{extra}", f"{head.split('-')[0]}-plugins-{extra}")
        }
        todo = [*names, *seen]
        while todo:
            for name in self.depends.get(todo.pop(), ()):
                if name not in seen:
                    seen.add(name)
                    todo.append(name)
        return seen


def programs(checkouts: Path, repo: str, skip: list[str]) -> Iterator[Program]:
    """All programs of a repository, by their manifests."""
    root = checkouts / repo.replace("/", "+")
    homes = sorted(
        {
            path.parent
            for name in MANIFESTS
            for path in root.rglob(name)
            if not APART & set(path.relative_to(root).parts)
        }
    )
    for home in homes:
        path = home.relative_to(root).as_posix()
        if path == "." and len(homes) > 1:  # of the repository's tools, not of one program
            continue
        if any(one == "." or path == one or path.startswith(one + "/") for one in skip):
            continue
        code = dict(_code(home, [other for other in homes if other != home and home in other.parents]))
        if any(name.endswith(".py") for name in code):  # notebooks beside a program are programs of their own
            code = {name: text for name, text in code.items() if name.endswith(".py")}
        declared, own = _declared(home)
        if code and declared:
            digest = hashlib.sha256(f"{repo}:{path}".encode()).digest()
            yield Program(repo, path, code, declared, held=digest[0] % 3 == 0, own=own)


def _code(home: Path, others: list[Path]) -> Iterator[tuple[str, str]]:
    for path in sorted(home.rglob("*")):
        if (
            path.suffix not in (".py", ".ipynb")
            or path.name in NOT_CODE
            or path.is_symlink()
            or not path.is_file()
        ):
            continue
        parts = path.relative_to(home).parts
        if (
            APART & set(parts[:-1])
            or path.name.startswith("test_")
            or any(other in path.parents for other in others)
        ):
            continue
        yield path.relative_to(home).as_posix(), path.read_text(encoding="utf-8", errors="replace")


def _declared(home: Path) -> tuple[frozenset[str], frozenset[str]]:
    """Names out of the manifest, read by Jitney's own reader, and the project's own."""
    kinds = (".txt", ".toml", ".in", ".cfg", ".yml", "Pipfile")
    files = {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and path.name.endswith(kinds) and path.stat().st_size < 2_000_000
    }
    source = Source.from_mapping(files)
    try:
        manifest = manifests.read_manifest(source, "", Notes())
    except (ValueError, KeyError):
        return frozenset(), frozenset()
    own = ""
    if b"name" in files.get("pyproject.toml", b""):
        try:
            said = tomllib.loads(files["pyproject.toml"].decode("utf-8", "replace"))
            own = str(
                said.get("project", {}).get("name")
                or said.get("tool", {}).get("poetry", {}).get("name")
                or ""
            )
        except tomllib.TOMLDecodeError:
            own = ""
    names: set[str] = set()
    for package in manifest.packages if manifest else ():
        name = normal(package.name)
        names.add(name)
        extras = package.spec.partition("]")[0].removeprefix("[") if package.spec.startswith("[") else ""
        names |= {f"{name}[{normal(extra.strip())}]" for extra in extras.split(",") if extra}
    return frozenset(names - {"python", ""}), frozenset({normal(own)} if own else ())


def print_names(checkouts: Path) -> int:
    """Names that public programs declare, with the number of programs: input of tools/import_table.py."""
    count: Counter[str] = Counter()
    for folder in sorted(checkouts.iterdir()):
        for program in programs(checkouts, folder.name.replace("+", "/"), []):
            if not program.held:
                count.update(program.declared)
    for name, times in count.most_common():
        print(name, times)
    return 0


def write_depends(checkouts: Path) -> int:
    """Direct dependencies by package: from uv.lock, poetry.lock and pdm.lock files, and from the projects of libraries that
    lie there in source. `name[extra]` has what an extra brings."""
    depends: dict[str, set[str]] = {}
    for path in sorted(checkouts.rglob("*.lock")):
        if path.name in ("uv.lock", "poetry.lock", "pdm.lock"):
            for package in _toml(path).get("package", []):
                _locked(package, depends)
    for path in sorted(checkouts.rglob("pyproject.toml")):
        project = _toml(path).get("project", {})
        if isinstance(project, dict) and is_distribution(normal(str(project.get("name", "")))):
            _add(depends, str(project["name"]), project.get("dependencies", []))
            for extra, said in project.get("optional-dependencies", {}).items():
                _add(depends, f"{project['name']}[{normal(extra)}]", said)
    rows = {name: sorted(found) for name, found in sorted(depends.items()) if found}
    note = "from lock files and projects of public programs; benchmarks/detection_packages.py --depends"
    DEPENDS.write_text(json.dumps({"made": note, "depends": rows}, indent=0) + "\n", encoding="utf-8")
    print(f"{len(rows)} packages")
    return 0


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8", errors="replace"))
    except tomllib.TOMLDecodeError:
        return {}


def _locked(package: dict[str, Any], depends: dict[str, set[str]]) -> None:
    """One row of a lock. A project's own row is no package: what an application asks for says nothing of anybody else's."""
    source = package.get("source")
    if isinstance(source, dict) and {"virtual", "editable", "directory", "type"} & source.keys():
        return
    _add(depends, package["name"], package.get("dependencies") or [])
    for extra, said in (package.get("optional-dependencies") or package.get("extras") or {}).items():
        _add(depends, f"{package['name']}[{normal(extra)}]", said)


def _add(depends: dict[str, set[str]], name: str, said: Any) -> None:
    head, bracket, extra = name.partition("[")
    names = [one["name"] if isinstance(one, dict) else packages.split(str(one))[0] for one in said]
    depends.setdefault(normal(head) + bracket + extra, set()).update(normal(one) for one in names if one)


if __name__ == "__main__":
    sys.exit(main())
