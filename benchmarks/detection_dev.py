"""How often `detect` is right about programs of strangers: a table of what people say, against what Jitney sees.

    python -m benchmarks.detection_dev TABLE.toml CHECKOUTS [--language python]

CHECKOUTS has one folder a repository, `OWNER+NAME`, at the table's commit. The table's keys: `repo`, `path`, `context`
(absent: the file alone), `language`, `framework`, `mode`, `endpoint`, `env`. Prints what differs, then one line of sums.

Lenient: framework, mode and endpoint count as right where they are among what was seen, not only where they come first.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.errors import JitneyError
from jitney.source import open_source

ENDPOINTS = {"env": "env", "env-old": "env", "fixed-local": "local", "fixed-https": "hosted"}


def main() -> int:
    parser = argparse.ArgumentParser(description="compare `jitney detect` with a table of programs")
    parser.add_argument("table", type=Path)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--language", action="append", default=[])
    arguments = parser.parse_args()
    programs = tomllib.loads(arguments.table.read_text(encoding="utf-8"))["program"]
    wanted = [one for one in programs if not arguments.language or one["language"] in arguments.language]
    right = 0
    for program in wanted:
        differences = compare(program, arguments.checkouts)
        right += not differences
        for line in differences:
            print(f"{program['id']:40} {line}")
    print(f"{right} of {len(wanted)} programs as the table has them")
    return int(right < len(wanted))


def compare(program: dict[str, Any], checkouts: Path) -> list[str]:
    """What differs from the table, one line each; empty: all is as it says."""
    checkout = checkouts / program["repo"].replace("/", "+")
    if not (checkout / program["path"]).exists():
        return [f"{program['path']} is not in {checkout}"]
    with tempfile.TemporaryDirectory(prefix="jitney-detection-") as room:
        path = lay_out(program, checkout, Path(room))
        try:
            with open_source(str(path)) as source:
                seen = detect(source, Wishes())
        except JitneyError as error:
            return [f"error: {error.message}"]
    return [*differences(program, seen), *unready(seen)]


def lay_out(program: dict[str, Any], checkout: Path, room: Path) -> Path:
    """The program's context, laid out as its user has it. Returns what is handed to Jitney."""
    context = program.get("context")
    if context is None:
        return Path(shutil.copy(checkout / program["path"], room))
    shutil.copytree(checkout / context, room / context, dirs_exist_ok=True, symlinks=True)
    (room / ".git").mkdir()  # the mark of a checkout's root
    return room / str(program["path"])


def differences(program: dict[str, Any], seen: Detection) -> list[str]:
    pairs = [
        ("language", program["language"], (seen.language,)),
        ("framework", program["framework"], seen.frameworks or ("none",)),
        ("mode", program["mode"], seen.modes or (seen.mode,)),
    ]
    if kind := ENDPOINTS.get(program["endpoint"]):
        pairs.append(("endpoint", kind, tuple(end.kind for end in seen.endpoints)))
    lines = [f"{name}: {want}, seen {', '.join(have)}" for name, want, have in pairs if want not in have]
    missed = [name for name in program.get("env", ()) if name not in seen.env]
    return lines + ([f"env: not seen: {' '.join(missed)}"] if missed else [])


def unready(seen: Detection) -> list[str]:
    """What would stop `jitney run` before anything is built."""
    lines = [f"unknown import: {one.name} ({one.file}:{one.line})" for one in seen.unknown]
    return lines + [f"error: {one.message}" for one in seen.findings if one.level == "error"]


if __name__ == "__main__":
    sys.exit(main())
