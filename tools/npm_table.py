"""Makes src/jitney/detect/data/npm_names.txt: the npm names that an import of a bare file is trusted by.

    python tools/npm_table.py LIST [--least 100000]

An import is its package's name there, so the question is only whether to trust it. LIST is a dated list of the registry as a
table with tabs (columns `name` and `downloads_a_month`): names that at least `--least` people install in a month are taken, a
scope as a whole (it belongs to its owner), and what stands in tools/npm_more.txt. Nothing is asked of a registry.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).parent
MORE = HERE / "npm_more.txt"
DATA = HERE.parent / "src/jitney/detect/data/npm_names.txt"


def owner(name: str) -> str:
    """A scope with its slash, or the name itself."""
    return name.partition("/")[0] + "/" if name.startswith("@") else name


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("list", type=Path)
    parser.add_argument("--least", type=int, default=100_000)
    arguments = parser.parse_args()
    lines = arguments.list.read_text(encoding="utf-8").splitlines()
    columns = lines[0].split("\t")
    name, downloads = columns.index("name"), columns.index("downloads_a_month")
    rows = [line.split("\t") for line in lines[1:]]
    counts: dict[str, int] = {}
    for row in rows:
        if len(row) > downloads and row[downloads].isdigit():
            key = owner(row[name])
            counts[key] = counts.get(key, 0) + int(row[downloads])
    more = (line for line in MORE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#")
    names = {one for one, count in counts.items() if count >= arguments.least} | {owner(one) for one in more}
    DATA.write_text("\n".join(sorted(names)) + "\n", encoding="utf-8")
    print(f"{len(names)} names and scopes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
