"""Strangers' programs, unmodified: `python -m benchmarks.programs TABLE CHECKOUTS [--only ID…] [--language L…] [--tier T…]`.

TABLE: a TOML file of programs: repository, commit, path, arguments, what a right run shows. CHECKOUTS: a folder outside the
tree with one git repository each, `OWNER+NAME/repo` or `OWNER/NAME`. Each program is laid out in an empty folder as its user
has it, and handed to `jitney run --model smollm2` once: no retries, a failure counts.

--jobs N runs N at a time (1: figures of time mean something). --result FILE keeps everything that was seen as JSON.
After each program its own folder is looked at (nothing may be written into it), at the end the engine (no container, no volume
of a run may be left). Exit code 1 where anything failed or was left.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.leftovers import left
from benchmarks.measure import JITNEY, machine

LIMIT_S = 600
MODEL = "smollm2"
TIERS = ("core", "wide", "stretch")
SHOWN = 1500
SETTLE_S = 20.0


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one program. why: empty where it met its expectation, else each thing that it missed."""

    id: str
    language: str
    tier: str
    why: tuple[str, ...]
    seconds: float
    command: str = ""
    output: str = ""


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    programs = [p for p in tomllib.loads(options.table.read_text())["program"] if _is_wanted(p, options)]
    before = left()
    verdicts: list[Verdict] = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for verdict in pool.map(lambda p: run(p, options.checkouts), programs):
            verdicts.append(verdict)
            _tell(verdict)
    remains = _remaining(before)
    print(summary(verdicts))
    print(f"left behind: {remains} containers and volumes")
    if options.result:
        rows = [msgspec.to_builtins(verdict) for verdict in verdicts]
        kept = {"machine": machine(), "table": options.table.name, "left": remains, "programs": rows}
        options.result.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return int(any(verdict.why for verdict in verdicts) or remains > 0)


def _remaining(before: int) -> int:
    """What is left once all is over; others who use this engine meanwhile are given time to end."""
    end = time.monotonic() + SETTLE_S
    while (remains := left() - before) > 0 and time.monotonic() < end:
        time.sleep(2)
    return max(remains, 0)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", type=Path)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--only", nargs="*", default=[], metavar="ID")
    parser.add_argument("--language", nargs="*", default=[])
    parser.add_argument("--tier", nargs="*", default=[], choices=TIERS)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--result", type=Path)
    return parser.parse_args(arguments)


def _is_wanted(program: dict[str, Any], options: argparse.Namespace) -> bool:
    return (
        (not options.only or program["id"] in options.only)
        and (not options.language or program["language"] in options.language)
        and (not options.tier or program["tier"] in options.tier)
    )


def _tell(verdict: Verdict) -> None:
    print(f"{'FAIL' if verdict.why else 'ok  '} {verdict.seconds:6.1f} s  {verdict.id}", flush=True)
    for reason in verdict.why:
        print(f"       {reason}", flush=True)
    if verdict.why:
        print(f"       $ {verdict.command}")
        print("       | " + verdict.output[-SHOWN:].replace("\n", "\n       | "), flush=True)


def summary(verdicts: Sequence[Verdict]) -> str:
    """Met and all, a line for each language, a column for each tier."""
    lines = [f"{'':12}" + "".join(f"{tier:>10}" for tier in TIERS) + f"{'all':>10}"]
    for name in (*sorted({verdict.language for verdict in verdicts}), ""):
        row = [verdict for verdict in verdicts if name in ("", verdict.language)]
        cells = [_share([verdict for verdict in row if verdict.tier == tier]) for tier in TIERS]
        lines.append(f"{name or 'all':12}" + "".join(f"{cell:>10}" for cell in (*cells, _share(row))))
    return "\n".join(lines)


def _share(verdicts: Sequence[Verdict]) -> str:
    return f"{sum(not verdict.why for verdict in verdicts)}/{len(verdicts)}" if verdicts else "-"


def run(program: dict[str, Any], checkouts: Path) -> Verdict:
    """Lay it out, run it, compare."""
    with tempfile.TemporaryDirectory(prefix="jitney-program-") as name:
        folder = Path(name).resolve()
        try:
            _lay_out(program, checkouts, folder)
        except subprocess.CalledProcessError as error:
            said = (error.stderr or b"").decode(errors="replace")
            return _verdict(program, (f"no checkout: {error}",), 0.0, output=said)
        path = folder / program["path"]
        own = path if path.is_dir() else path.parent
        command = _command(program, path)
        before = _listing(folder)
        begin = time.monotonic()
        code, out, err = _handed_over(command, program.get("stdin", "").encode(), own)
        taken = time.monotonic() - begin
        why = list(_missed(program["expect"], code, out, err))
        why += [f"wrote {path} into the user's folder" for path in sorted(_listing(folder) - before)]
    return _verdict(program, tuple(why), taken, " ".join(command), f"{out}\n{err}")


def _verdict(
    program: dict[str, Any], why: tuple[str, ...], seconds: float, command: str = "", output: str = ""
) -> Verdict:
    return Verdict(
        id=program["id"],
        language=program["language"],
        tier=program["tier"],
        why=why,
        seconds=round(seconds, 1),
        command=command,
        output=output,
    )


def _command(program: dict[str, Any], path: Path) -> list[str]:
    variables = [
        part for key, value in program.get("env_set", {}).items() for part in ("--env", f"{key}={value}")
    ]
    command = [JITNEY, "run", "--model", MODEL, *program.get("flags", []), *variables, str(path)]
    return [*command, *program.get("args", [])]


def _handed_over(command: list[str], stdin: bytes, folder: Path) -> tuple[int, str, str]:
    """Exit code, standard output, standard error. 124: not over in time, as `timeout` has it."""
    try:
        done = subprocess.run(
            command, cwd=folder, input=stdin, capture_output=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as late:
        out, err = ((part or b"").decode(errors="replace") for part in (late.stdout, late.stderr))
        return 124, out, f"{err}\nnot over within {LIMIT_S} s"
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def _listing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if ".git" not in path.parts}


def _lay_out(program: dict[str, Any], checkouts: Path, folder: Path) -> None:
    """The whole checkout, one folder of it, or the file alone; weights where the user laid them beside it."""
    owner, _, name = program["repo"].partition("/")
    candidates = (checkouts / f"{owner}+{name}" / "repo", checkouts / owner / name)
    repository = next((path for path in candidates if path.exists()), candidates[0])
    git = ["git", "--git-dir", str(repository if (repository / "HEAD").exists() else repository / ".git")]
    context = program.get("context", program["path"])
    _check_out(git, program["commit"], context, folder)
    if context == ".":
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
    own = folder / program["path"]
    for what in program.get("beside", []):
        beside = own if own.is_dir() else own.parent
        shutil.copyfile(_weights(), beside / what.removeprefix("gguf:"))


def _check_out(git: list[str], commit: str, context: str, folder: Path) -> None:
    """`git archive`, file by file: a snapshot may lack its largest files, and the program then lacks them too."""
    paths = [] if context == "." else ["--", context]
    listed = subprocess.run(
        [*git, "ls-tree", "-r", "-z", commit, *paths], capture_output=True, check=True
    ).stdout
    rows = [row.decode().partition("\t") for row in listed.split(b"\0") if row]
    if not rows:
        raise subprocess.CalledProcessError(1, git, stderr=f"{commit} has no {context}".encode())
    blobs = _blobs(git, [facts.split()[2] for facts, _, _ in rows])
    for facts, _, name in rows:
        mode, _, blob = facts.split()
        if blob not in blobs:
            continue
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if mode == "120000":
            target.symlink_to(os.fsdecode(blobs[blob]))
        else:
            target.write_bytes(blobs[blob])
            target.chmod(0o755 if mode == "100755" else 0o644)


def _blobs(git: list[str], names: list[str]) -> dict[str, bytes]:
    """Those that the snapshot has (`NAME blob SIZE`, the bytes, a line feed; or `NAME missing`)."""
    asked = "".join(f"{name}\n" for name in names).encode()
    said = subprocess.run([*git, "cat-file", "--batch"], input=asked, capture_output=True, check=True).stdout
    found, at = {}, 0
    while at < len(said):
        end = said.index(b"\n", at)
        words = said[at:end].decode().split()
        at = end + 1
        if words[-1] != "missing":
            size = int(words[2])
            found[words[0]] = said[at : at + size]
            at += size + 1
    return found


def _weights() -> Path:
    """The model's file in the Store; fetched by a first `jitney run --model` of anything."""
    from jitney.config import load
    from jitney.models.alias import builtin
    from jitney.models.storage.store import Store

    return Store(load(None, {}).data / "store").blob(builtin()[MODEL].sha256)


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
