"""Makes src/jitney/detect/data/python_imports.json: which distribution brings a Python module.

    python tools/import_table.py collect [--environment FOLDER…] [--wheels FOLDER…] [--index [URL] --names FILE]
    python tools/import_table.py make --popular FILE

`collect` reads metadata and adds what it finds to tools/import_claims.txt, a line a claim: `module distribution source`.
Sources: `metadata` (top_level.txt or RECORD of an installed distribution or a wheel, in folders or in an index), `listed`
(tables that other projects keep by hand; `--listed NAME FILE` takes lines `module distribution`).

An index is asked for the wheel's directory alone (HTTP ranges: some 20 kB a package, nothing is run); its address is that
which uv and pip are configured with (UV_DEFAULT_INDEX, UV_INDEX_URL, PIP_INDEX_URL, pip's own default), unless given. Names
come from `--names`: this tool asks for nothing that is not on that list.

`make` decides. For each module, in this order:

1. tools/import_overlay.toml says so, with the reason (several claimants, a module that is not what it is named after);
2. a distribution whose name is the module's, if it is among the popular ones or in tools/import_names.txt, and no ordinary word that programs call their
   own modules;
3. the most popular claimant that is among the popular ones. What nobody popular claims is left out: then the user is asked.

`--popular FILE`: names of the distributions that most people install, most first, one a line or a table with tabs whose
columns `name` and `rank…` say it. That is what the trust in a name rests on: such a name is nobody's trap.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from email.parser import HeaderParser
from importlib import metadata
from io import RawIOBase
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CLAIMS = HERE / "import_claims.txt"
NAMES = HERE / "import_names.txt"
OVERLAY = HERE / "import_overlay.toml"
DATA = HERE.parent / "src/jitney/detect/data"
NOT_MODULES = re.compile(
    r"(?:^|\.)(?:tests?|docs?|examples?|benchmarks?|scripts|samples?|demo|_[^.]*|[^.]*-[^.]*|bin|lib|src)(?:\.|$)"
)
DEPTH = 3
"""Parts of a namespace that are looked into: `google.cloud.storage`."""


def normal(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    steps = parser.add_subparsers(dest="step", required=True)
    collecting = steps.add_parser("collect", help="read metadata into tools/import_claims.txt")
    collecting.add_argument(
        "--environment", type=Path, action="append", default=[], help="site-packages folder"
    )
    collecting.add_argument("--wheels", type=Path, action="append", default=[], help="folder with wheels")
    collecting.add_argument(
        "--listed", type=Path, action="append", default=[], help="lines: module distribution"
    )
    collecting.add_argument("--index", nargs="?", const="", help="ask an index about the names in --names")
    collecting.add_argument("--names", type=Path, help="distributions to ask about, one a line")
    making = steps.add_parser("make", help="write the data file")
    making.add_argument("--popular", type=Path, required=True)
    making.add_argument("--date", default=datetime.date.today().isoformat())
    arguments = parser.parse_args()
    if arguments.step == "collect":
        return collect(arguments)
    return make(arguments.popular, arguments.date)


def collect(arguments: argparse.Namespace) -> int:
    claims = read_claims()
    before = len(claims)
    for folder in arguments.environment:
        for distribution in metadata.distributions(path=[str(folder)]):
            files = [str(file) for file in distribution.files or ()]
            add(claims, distribution.metadata["Name"], modules(files), "metadata")
    for folder in arguments.wheels:
        for path in sorted(folder.rglob("*.whl")):
            with zipfile.ZipFile(path) as wheel:
                add(claims, *in_wheel(wheel), "metadata")
    for path in arguments.listed:
        for line in path.read_text(encoding="utf-8").splitlines():
            module, _, name = line.partition(" ")
            if name:
                add(claims, name, [module], "listed")
    if arguments.index is not None:
        ask_index(arguments.index or index_url(), arguments.names, claims)
    lines = [f"{module} {name} {source}" for (module, name), source in sorted(claims.items())]
    CLAIMS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(claims)} claims, {len(claims) - before} of them new")
    return 0


def read_claims() -> dict[tuple[str, str], str]:
    """(module, distribution) → source."""
    lines = CLAIMS.read_text(encoding="utf-8").splitlines() if CLAIMS.exists() else []
    return {(module, name): source for module, name, source in (line.split() for line in lines)}


def add(claims: dict[tuple[str, str], str], name: str, found: Iterable[str], source: str) -> None:
    for module in found:
        is_name = all(part.isidentifier() for part in module.split(".")) and not NOT_MODULES.search(module)
        if is_name and claims.get((module, normal(name))) != "metadata":
            claims[module, normal(name)] = source


def modules(files: Iterable[str]) -> set[str]:
    """Top modules of a distribution by its files; below a namespace (a folder without `__init__`) the modules in it."""
    paths = [
        path.split("/")
        for path in files
        if path.endswith((".py", ".so", ".pyd")) and not path.startswith(("..", "/"))
    ]
    packages = {tuple(path[:-1]) for path in paths if path[-1].startswith("__init__.")}
    found = set()
    for path in paths:
        if ".dist-info" in path[0] or ".data" in path[0]:
            continue
        for depth in range(1, min(len(path), DEPTH) + 1):
            head = tuple(path[:depth])
            if depth == len(path):
                stem = path[-1].partition(".")[0]
                if stem != "__init__":
                    found.add(".".join([*path[:-1], stem]))
            elif head in packages:
                found.add(".".join(head))
                break
    return found


def in_wheel(wheel: zipfile.ZipFile) -> tuple[str, set[str]]:
    """Name and modules of a wheel, by its directory."""
    names = wheel.namelist()
    told = next(name for name in names if name.endswith(".dist-info/METADATA"))
    return HeaderParser().parsestr(wheel.read(told).decode("utf-8", "replace"))["Name"], modules(names)


def index_url() -> str:
    """The index that uv, then pip, would use."""
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if url := os.environ.get(variable):
            return url
    from pip._internal.models.index import PyPI  # pip's own default

    return PyPI.simple_url


def ask_index(index: str, names: Path | None, claims: dict[tuple[str, str], str]) -> None:
    """The newest wheel of each name; a name without one is told and passed over."""
    import httpx

    if names is None:
        raise SystemExit("--index needs --names: only names on a list are asked for")
    with httpx.Client(follow_redirects=True, timeout=60) as client:
        for name in names.read_text(encoding="utf-8").split():
            url = newest_wheel(client, index, normal(name))
            if not url:
                print(f"{name}: no wheel", file=sys.stderr)
                continue
            with zipfile.ZipFile(Ranges(client, url)) as wheel:  # type: ignore[arg-type]
                add(claims, *in_wheel(wheel), "metadata")


def newest_wheel(client: Any, index: str, name: str) -> str:
    headers = {"accept": "application/vnd.pypi.simple.v1+json"}
    answer = client.get(f"{index.rstrip('/')}/{name}/", headers=headers)
    if answer.status_code != 200 or "json" not in answer.headers.get("content-type", ""):
        return ""
    wheels = [
        file
        for file in answer.json()["files"]
        if file["filename"].endswith(".whl") and not file.get("yanked")
    ]
    newest = max(wheels, key=lambda file: file.get("upload-time", ""), default={"url": ""})
    return str(answer.url.join(newest["url"])) if newest["url"] else ""


class Ranges(RawIOBase):
    """A file behind HTTP, read by ranges: zipfile asks for the directory at the end and what it needs of the rest."""

    def __init__(self, client: Any, url: str) -> None:
        self.client, self.url, self.at = client, url, 0
        self.size = int(client.head(url).headers["content-length"])

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def read(self, size: int = -1) -> bytes:
        end = self.size if size < 0 else min(self.at + size, self.size)
        if end <= self.at:
            return b""
        answer = self.client.get(self.url, headers={"range": f"bytes={self.at}-{end - 1}"})
        if answer.status_code != 206:
            raise SystemExit(f"the index serves no ranges ({answer.status_code})")
        self.at = end
        return bytes(answer.content)


def make(popular: Path, date: str) -> int:
    overlay = tomllib.loads(OVERLAY.read_text(encoding="utf-8"))
    chosen = dict(overlay["imports"])
    words = set(overlay["words"]["local"].split()) | sys.stdlib_module_names
    ranks = ranking(popular)
    by_module: dict[str, set[str]] = {}
    for module, name in read_claims():
        by_module.setdefault(module, set()).add(name)
    spaces = set(overlay["namespaces"]["names"].split())
    for module, names in by_module.items():
        same = normal(module.replace(".", "-"))
        known = sorted((ranks[name], name) for name in names if name in ranks)
        if module in chosen or module in words or module in spaces or (same in ranks and "." not in module):
            continue
        if known and (module.partition(".")[0] in spaces or "." not in module):
            chosen[module] = known[0][1]
    more = {
        normal(line) for line in NAMES.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
    }
    same_name = sorted(name for name in ranks.keys() | more if name.replace("-", "_") not in words)
    families = tuple(overlay["namespaces"]["families"].split())
    text = {
        "made": date,
        "imports": dict(sorted(chosen.items())),
        "spaces": sorted(spaces),
        "families": families,
    }
    write(DATA / "python_imports.json", json.dumps(text, indent=0, ensure_ascii=False) + "\n")
    write(DATA / "python_names.txt", "\n".join(same_name) + "\n")
    print(f"{len(chosen)} modules by table, {len(same_name)} by their own name")
    return 0


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def ranking(path: Path) -> dict[str, int]:
    """Distribution → place, 1 the most popular."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if "\t" not in lines[0]:
        return {normal(line.strip()): place for place, line in enumerate(lines, 1) if line.strip()}
    columns = lines[0].split("\t")
    rank = next(place for place, column in enumerate(columns) if column.startswith("rank"))
    rows = (line.split("\t") for line in lines[1:])
    return {
        normal(row[0]): int(row[rank])
        for row in rows
        if len(row) > rank and row[rank].isdigit() and row[rank] != "0"
    }


if __name__ == "__main__":
    sys.exit(main())
