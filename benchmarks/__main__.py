"""Run the benchmarks named on the command line, or all; print the table and keep it in benchmarks/results/."""

from __future__ import annotations

import importlib
import sys

from benchmarks.measure import Result, keep, table

ALL = ("cli", "start", "cold", "output", "model", "gateway", "serving", "leftovers")
BY_NAME = ("languages", "pull", "adapter")
"""Run only when named: they take an hour."""


def main(names: list[str]) -> int:
    unknown = set(names) - {*ALL, *BY_NAME}
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join((*ALL, *BY_NAME))}", file=sys.stderr)
        return 2
    results: list[Result] = []
    for name in names or ALL:
        print(f"── {name}", file=sys.stderr, flush=True)
        found = importlib.import_module(f"benchmarks.{name}").measure()
        print(table(found), flush=True)
        results += found
    print(f"kept in {keep(results, '-'.join(names) or 'all')}", file=sys.stderr)
    return 0 if all(row.met for row in results) else 1


sys.exit(main(sys.argv[1:]))
