"""npm names from imports alone, every package.json hidden, against what the programs declare.

    python -m benchmarks.detection_npm CHECKOUTS [--corpus OWNER/NAME] [--show] [--held]

A program is a folder with a package.json and scripts of its own below it; each script counts as an entry. Rules as in
detection_packages.py, with one that is simpler: a module has its package's name, so a declared name has a trace exactly where
some import names it. What a package.json above declares (a workspace's root) is the program's too. A name imported that nobody
declares is counted apart (`forgotten`): there is no other package that it could mean.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.detection_packages import Program, Score, Tally, each
from jitney.detect.model import Wishes
from jitney.detect.node import packages, tsconfig
from jitney.detect.node.follow import SCRIPTS, follow
from jitney.detect.node.jsonc import loads
from jitney.detect.node.wanted import Wanted
from jitney.source import Source

LABELS = Path(__file__).parent / "labels/packages-npm.toml"
APART = frozenset(
    {"node_modules", ".git", "dist", "build", ".next", "test", "tests", "__tests__", "e2e", "cypress"}
)
KINDS = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--corpus", action="append", default=[])
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--held", action="store_true")
    arguments = parser.parse_args()
    return report(arguments.checkouts, arguments.corpus, show=arguments.show, held=arguments.held)


def report(checkouts: Path, corpora: list[str], *, show: bool = False, held: bool = False) -> int:
    labels = tomllib.loads(LABELS.read_text(encoding="utf-8"))
    tally = Tally(show=show, held=held)
    for _, program in each(labels, checkouts, corpora, programs):
        tally.add(program, score(program))
    return tally.printed()


def score(program: Program) -> Score:
    source = Source.from_mapping(program.code)
    scripts = [path for path in source.files() if path.endswith(SCRIPTS) and not path.endswith(".d.ts")]
    seen = follow(source, scripts, tsconfig.read(source, ""))
    wanted = Wanted(None, dev=False)
    wanted.add_imports(seen, Wishes())
    found = set(wanted.found)
    imported = {
        packages.split(item.specifier)[0]
        for _, item in seen.outside
        if not packages.is_builtin(item.specifier)
    }
    typed = {packages.split(item.specifier)[0] for _, item in seen.outside if item.way == "types"} - found
    result = Score(unknown=sorted(one.name for one in wanted.unknown if one.name not in program.own))
    for name in sorted(program.declared):
        hit = name in found
        result.right += hit
        if not hit:
            (result.missed if name in imported - typed else result.untraced).append(name)
    result.forgotten = sorted((found & imported) - program.declared - program.own)
    result.extra = sorted(found - imported - program.declared)
    return result


def programs(checkouts: Path, repo: str, skip: list[str]) -> Iterator[Program]:
    root = checkouts / repo.replace("/", "+")
    homes = sorted(
        path.parent for path in root.rglob("package.json") if not APART & set(path.relative_to(root).parts)
    )
    own = frozenset(str(_read(home / "package.json").get("name", "")) for home in homes)
    for home in homes:
        path = home.relative_to(root).as_posix()
        if any(path == one or path.startswith(one + "/") for one in skip) or (path == "." and len(homes) > 1):
            continue
        code = dict(_code(home, [other for other in homes if other != home and home in other.parents]))
        if not any(name.endswith(SCRIPTS) for name in code):
            continue
        above = [one for one in (home, *home.parents) if one in homes]
        declared = frozenset(name for one in above for name in _declared(one / "package.json")) - own
        mine = frozenset(_declared(home / "package.json"))
        if mine:
            digest = hashlib.sha256(f"{repo}:{path}".encode()).digest()
            yield Program(repo, path, code, declared, held=digest[0] % 3 == 0, own=own)


def _code(home: Path, others: list[Path]) -> Iterator[tuple[str, str]]:
    for path in sorted(home.rglob("*")):
        is_wanted = path.suffix in SCRIPTS or path.name in ("tsconfig.json", "jsconfig.json")
        if not is_wanted or path.is_symlink() or not path.is_file() or path.stat().st_size > 1_000_000:
            continue
        parts = path.relative_to(home).parts
        is_test = ".test." in path.name or ".spec." in path.name or ".config." in path.name
        if APART & set(parts[:-1]) or is_test or any(other in path.parents for other in others):
            continue
        yield path.relative_to(home).as_posix(), path.read_text(encoding="utf-8", errors="replace")


def _read(path: Path) -> dict[str, Any]:
    try:
        data = loads(path.read_text(encoding="utf-8", errors="replace"))
    except (ValueError, json.JSONDecodeError):
        return {}
    return data if isinstance(data, dict) else {}


def _declared(path: Path) -> set[str]:
    data = _read(path)
    return {name for kind in KINDS if isinstance(data.get(kind), dict) for name in data[kind]}


if __name__ == "__main__":
    sys.exit(main())
