"""How often Jitney sees public projects as people do.

    python -m benchmarks.detection CHECKOUTS [--corpus OWNER/NAME …] [--table NAME …] [--show] [--json FILE]

CHECKOUTS has one tree a repository, `OWNER+NAME`, at the labels' commit; `python -m benchmarks.trees` lays them out. The labels
are in labels/, their format in labels/README.md. Prints right of judged for each corpus and in sum beside the goals; --show prints each
difference. Exit code 1: a goal is missed; 2: trees are not there, or a table is not as it has to be.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from benchmarks.labels import LabelError, Project, read_labels
from benchmarks.scoring import Difference, Outcome, differences, judged
from jitney.detect import detect
from jitney.detect.model import Detection, Wishes
from jitney.errors import DetectionError, JitneyError
from jitney.source import Source, open_source
from jitney.source.tree import DiskTree, MemoryTree

GOALS = {
    "language": 98,
    "manager": 98,
    "version": 95,
    "entry/start": 95,
    "framework": 95,
    "mode": 95,
    "error": 95,
    "all right": 90,
}
COLUMNS = ("language", "manager", "version", "entry/start", "framework", "mode", "error")
MODES = ("in-process", "local-server", "hosted", "none")


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One project: what was judged of it, and what was seen otherwise. stopped: errors that no label asks for."""

    project: Project
    judged: tuple[str, ...]
    differences: tuple[Difference, ...]
    stopped: tuple[str, ...] = ()

    def is_right(self, field: str) -> bool:
        return all(one.field != field for one in self.differences)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    if options.snippets:
        from benchmarks import detection_snippets

        return detection_snippets.run(options.checkouts, options.show, options.language)
    if options.packages:
        from benchmarks import detection_npm, detection_packages

        python = detection_packages.report(options.checkouts, options.corpus, show=options.show)
        return max(python, detection_npm.report(options.checkouts, options.corpus, show=options.show))
    try:
        projects = [
            one for one in read_labels(options.table) if not options.corpus or one.repo in options.corpus
        ]
    except LabelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    there = [one for one in projects if (options.checkouts / one.folder / one.row.path).exists()]
    results = [judge(one, options.checkouts) for one in there]
    if options.show:
        show(results)
    print(report(results))
    if options.json:
        rows = [msgspec.to_builtins(one) for one in results]
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    missing = [one for one in projects if one not in there]
    _tell_missing(missing, len(projects), options.checkouts)
    return 2 if missing else int(any(missed(results)))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--corpus", nargs="*", default=[], metavar="OWNER/NAME")
    parser.add_argument("--table", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--show", action="store_true")
    parser.add_argument(
        "--snippets", action="store_true", help="programs without a name instead (detection_snippets.py)"
    )
    parser.add_argument("--language", nargs="*", default=[], help="with --snippets: these languages only")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument(
        "--packages", action="store_true", help="packages from imports alone, manifests hidden"
    )
    return parser.parse_args(arguments)


def judge(project: Project, checkouts: Path) -> Result:
    """Look at one project as its user would hand it over, and compare."""
    outcome = look(project, checkouts / project.folder)
    found = tuple(differences(project.row, outcome))
    stopped = () if project.row.error is not None else outcome.errors
    return Result(project=project, judged=judged(project.row), differences=found, stopped=stopped)


def look(project: Project, tree: Path) -> Outcome:
    """A refusal is an outcome too, with what was seen in spite of it."""
    try:
        source = open_project(project, tree)
    except JitneyError as error:
        return Outcome(errors=(_in_short(error),), refused=True)
    with source:
        try:
            seen = detect(source, Wishes())
        except DetectionError as error:
            known = error.seen if isinstance(error.seen, Detection) else None
            found = _errors(known) if known else ()
            errors = (_in_short(error), *found)
            return Outcome(language=known.language if known else "", seen=known, errors=errors, refused=True)
        except JitneyError as error:
            return Outcome(errors=(_in_short(error),), refused=True)
        return Outcome(language=seen.language, seen=seen, errors=_errors(seen), scripts=_scripts(source))


def _errors(seen: Detection) -> tuple[str, ...]:
    return tuple(f"{one.code}: {one.message}" for one in seen.findings if one.level == "error")


def _in_short(error: JitneyError) -> str:
    """Without the list of all languages at the end of some."""
    return f"{error.message.partition('; supported:')[0]} ({error.hint.partition(chr(10))[0]})"


def open_project(project: Project, tree: Path) -> Source:
    """The project with its context around it. What is refused at the door (an empty folder, a binary) is refused here too."""
    path = tree / project.row.path
    source = open_source(str(path))
    context = project.row.context or ("checkout" if path.is_file() or project.row.repo else "folder")
    root = tree if context == "checkout" else path if path.is_dir() else path.parent
    inner = path.resolve().relative_to(root.resolve()).as_posix().removeprefix(".")
    alone = source.alone or context == "file"
    source.close()
    if context == "file":  # as somebody has it who saved this one
        return Source(
            MemoryTree({path.name: path.read_bytes()}), label=str(path), entry=path.name, alone=True
        )
    if path.is_dir():
        return Source(DiskTree(str(root.resolve())), label=str(path), workdir=inner, alone=alone)
    workdir = inner.rpartition("/")[0]
    return Source(DiskTree(str(root.resolve())), label=str(path), entry=inner, workdir=workdir, alone=alone)


def _scripts(source: Source) -> dict[str, str]:
    path = f"{source.workdir}/package.json".lstrip("/")
    try:
        scripts = json.loads(source.read_text(path)).get("scripts", {}) if source.has(path) else {}
    except (ValueError, AttributeError):
        return {}
    return (
        {name: text for name, text in scripts.items() if isinstance(text, str)}
        if isinstance(scripts, dict)
        else {}
    )


def show(results: Iterable[Result]) -> None:
    for one in results:
        place = f"{one.project.repo} {one.project.row.path}"
        for line in one.differences:
            print(f"{place}: {line.field}: wanted {line.wanted!r}, seen {line.seen!r}")
        for error in one.stopped if not one.differences else ():
            print(f"{place}: would be stopped: {error}")


def report(results: Sequence[Result]) -> str:
    """Right of judged: a line for each corpus, the sum with its goals, the classes of mode, and LLM programs right in all."""
    names = list(dict.fromkeys(_corpus(one) for one in results))
    rows = [["", "projects", *COLUMNS]]
    for name in names:
        part = [one for one in results if _corpus(one) == name]
        rows.append([name, str(len(part)), *(_share(part, field) for field in COLUMNS)])
    rows.append(["all", str(len(results)), *(_share(results, field) for field in COLUMNS)])
    rows.append(["", "", *(_percent(results, field) for field in COLUMNS)])
    rows.append(["goal", "", *(f"{GOALS[field]} %" for field in COLUMNS)])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        " ".join(
            f"{cell:<{widths[0]}}" if not at else f"{cell:>{widths[at] + 1}}" for at, cell in enumerate(row)
        )
        for row in rows
    ]
    classes = {mode: [one for one in results if one.project.row.mode == mode] for mode in MODES}
    lines += [
        f"mode {mode}: {_share(part, 'mode')} ({_percent(part, 'mode')}, goal {GOALS['mode']} %)"
        for mode, part in classes.items()
        if part
    ]
    if programs := llm_programs(results):
        right = sum(is_all_right(one) for one in programs)
        lines.append(f"LLM programs, language, framework, mode and entry all right: {right}/{len(programs)} "
                     f"({right / len(programs):.1%}, goal {GOALS['all right']} %)")  # fmt: skip
    return "\n".join(lines)


def llm_programs(results: Iterable[Result]) -> list[Result]:
    """Those whose labels have mode and framework."""
    return [one for one in results if "mode" in one.judged and "framework" in one.judged]


def is_all_right(one: Result) -> bool:
    return all(one.is_right(field) for field in ("language", "framework", "mode", "entry/start"))


def missed(results: Sequence[Result]) -> list[str]:
    """Goals that are not reached, each class of mode for itself."""
    parts = [(field, list(results), field) for field in COLUMNS if field != "mode"]
    parts += [
        (f"mode {mode}", [one for one in results if one.project.row.mode == mode], "mode") for mode in MODES
    ]
    found = [
        name
        for name, part, field in parts
        if (rate := _rate(part, field)) is not None and rate < GOALS[field]
    ]
    programs = llm_programs(results)
    if programs and 100 * sum(map(is_all_right, programs)) < GOALS["all right"] * len(programs):
        found.append("all right")
    return found


def _corpus(one: Result) -> str:
    return one.project.table if one.project.row.repo else one.project.repo


def _counts(results: Iterable[Result], field: str) -> tuple[int, int]:
    part = [one for one in results if field in one.judged]
    return sum(one.is_right(field) for one in part), len(part)


def _share(results: Iterable[Result], field: str) -> str:
    right, of = _counts(results, field)
    return f"{right}/{of}" if of else "-"


def _rate(results: Iterable[Result], field: str) -> float | None:
    right, of = _counts(results, field)
    return 100 * right / of if of else None


def _percent(results: Iterable[Result], field: str) -> str:
    rate = _rate(results, field)
    return "-" if rate is None else f"{rate:.1f} %"


def _tell_missing(missing: Sequence[Project], of: int, checkouts: Path) -> None:
    if not missing:
        return
    repos: dict[str, int] = {}
    for one in missing:
        repos[one.repo] = repos.get(one.repo, 0) + 1
    listed = "".join(f"\n  {repo}: {count}" for repo, count in repos.items())
    print(f"NOT JUDGED: {len(missing)} of {of} projects are not in {checkouts}:{listed}\n"
          f"lay them out: python -m benchmarks.trees GIT_FOLDERS {checkouts}", file=sys.stderr)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
