"""Strangers' programs, unmodified: `python -m benchmarks.programs TABLE CHECKOUTS [--only ID…] [--language L] [--tier T]`.

TABLE: a TOML file of programs: repository, commit, path, arguments, what a right run shows. CHECKOUTS: a folder outside the
tree with one git repository each, `OWNER+NAME/repo` or `OWNER/NAME`. Each program is laid out in an empty folder as its user
has it, and handed to `jitney run --model smollm2`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.measure import JITNEY

LIMIT_S = 600
MODEL = "smollm2"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one program. why: empty where it met its expectation, else each thing that it missed."""

    id: str
    why: tuple[str, ...]
    seconds: float
    output: str


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", type=Path)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--language", default="")
    parser.add_argument("--tier", default="")
    options = parser.parse_args(arguments)
    programs = [p for p in tomllib.loads(options.table.read_text())["program"] if _is_wanted(p, options)]
    verdicts = []
    for program in programs:
        verdict = run(program, options.checkouts)
        verdicts.append(verdict)
        print(f"{'ok  ' if not verdict.why else 'FAIL'} {verdict.seconds:6.1f} s  {verdict.id}", flush=True)
        for reason in verdict.why:
            print(f"       {reason}", flush=True)
        if verdict.why:
            print("       | " + verdict.output[-1500:].replace("\n", "\n       | "), flush=True)
    good = sum(not verdict.why for verdict in verdicts)
    print(f"{good} of {len(verdicts)}")
    return int(good != len(verdicts))


def _is_wanted(program: dict[str, Any], options: argparse.Namespace) -> bool:
    return (
        (not options.only or program["id"] in options.only)
        and options.language in ("", program["language"])
        and options.tier in ("", program["tier"])
    )


def run(program: dict[str, Any], checkouts: Path) -> Verdict:
    """Lay it out, run it, compare."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="jitney-program-") as name:
        folder = Path(name)
        try:
            _lay_out(program, checkouts, folder)
        except subprocess.CalledProcessError as error:
            return Verdict(id=program["id"], why=(f"no checkout: {error}",), seconds=0, output="")
        path = folder / program["path"]
        own = path if path.is_dir() else path.parent
        variables = [
            part for key, value in program.get("env_set", {}).items() for part in ("--env", f"{key}={value}")
        ]
        command = [JITNEY, "run", "--model", MODEL, *program.get("flags", []), *variables, str(path)]
        try:
            done = subprocess.run(
                [*command, *program.get("args", [])],
                cwd=own,
                input=program.get("stdin", "").encode(),
                capture_output=True,
                timeout=LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            said = (late.stdout or b"") + (late.stderr or b"")
            return Verdict(
                id=program["id"],
                why=("not over in time",),
                seconds=LIMIT_S,
                output=said.decode(errors="replace"),
            )
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    return Verdict(
        id=program["id"],
        why=tuple(_missed(program["expect"], done.returncode, out, err)),
        seconds=time.monotonic() - begin,
        output=f"{out}\n{err}",
    )


def _lay_out(program: dict[str, Any], checkouts: Path, folder: Path) -> None:
    """The whole checkout, one folder of it, or the file alone."""
    owner, _, name = program["repo"].partition("/")
    candidates = (checkouts / f"{owner}+{name}" / "repo", checkouts / owner / name)
    repository = next((path for path in candidates if path.exists()), candidates[0])
    context = program.get("context", program["path"])
    paths = [] if context == "." else [context]
    git = ["git", "--git-dir", str(repository if (repository / "HEAD").exists() else repository / ".git")]
    archive = subprocess.run([*git, "archive", program["commit"], *paths], capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    if context == ".":
        subprocess.run(["git", "init", "-q", str(folder)], check=True)


def _missed(expect: dict[str, Any], code: int, out: str, err: str) -> Iterator[str]:
    text = {"stdout": out, "stderr": err, "both": out + err}[expect.get("where", "stdout")]
    if code != expect.get("exit", 0):
        yield f"exit {code}, expected {expect.get('exit', 0)}"
    if len(text.strip()) < expect.get("min_chars", 0):
        yield f"{len(text.strip())} characters, expected {expect['min_chars']}"
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < expect.get("min_lines", 0):
        yield f"{len(lines)} lines, expected {expect['min_lines']}"
    yield from (f"lacks {phrase!r}" for phrase in expect.get("contains", []) if phrase not in text)
    yield from (f"has {phrase!r}" for phrase in expect.get("excludes", []) if phrase in text)
    for pattern in expect.get("matches", []):
        if not any(re.search(pattern, line) for line in lines):
            yield f"no line matches {pattern!r}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
