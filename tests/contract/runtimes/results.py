"""What the suite found, as a file that docs/runtimes.md is made of.

    {"model": "smollm2", "cases": {"chat": {"feature": "chat", "about": "…"}, …},
     "runtimes": {"llama.cpp": {"at": "2026-11-21", "cases": {"chat": {"state": "pass"},
                                                              "tools": {"state": "fail", "why": "…"}}}}}

States: pass; refused (by name, as it must be); not offered (and nobody can ask for it); fail. Features that have no case of
their own stand as `feature NAME`. Runs are merged: each replaces what it asked for and leaves the rest.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.contract.runtimes.cases import CASES

WHY_AT_MOST = 400


class Result(msgspec.Struct):
    state: str = "fail"
    why: str = ""


class Results:
    """path: None keeps nothing."""

    def __init__(self, path: Path | None, model: str) -> None:
        self._path = path
        self._model = model
        self._found: dict[str, dict[str, Result]] = {}

    @contextmanager
    def of(self, runtime: str, name: str) -> Iterator[Result]:
        """The state is what the body sets, or fail with the first line of what it raised."""
        result = Result()
        self._found.setdefault(runtime, {})[name] = result
        try:
            yield result
        except BaseException as error:
            result.state = "fail"
            result.why = str(error).strip().partition("\n")[0][:WHY_AT_MOST] or type(error).__name__
            raise

    def broken(self, runtime: str, why: str) -> None:
        """It could not be started: every case says so."""
        for name in CASES:
            first = why.strip().partition("\n")[0]
            self._found.setdefault(runtime, {})[name] = Result("fail", first[:WHY_AT_MOST])

    def write(self) -> None:
        if self._path is None or not self._found:
            return
        whole: dict[str, Any] = {"runtimes": {}}
        if self._path.exists():
            whole = json.loads(self._path.read_text(encoding="utf-8"))
        whole["model"] = self._model
        whole["cases"] = {
            case.name: {"feature": case.feature, "about": case.about} for case in CASES.values()
        }
        for runtime, found in self._found.items():
            entry = whole["runtimes"].setdefault(runtime, {"cases": {}})
            entry["at"] = time.strftime("%Y-%m-%d")
            entry["cases"].update({name: _row(result) for name, result in found.items()})
            known = {name: row for name, row in entry["cases"].items() if name in CASES or " " in name}
            entry["cases"] = dict(sorted(known.items(), key=lambda item: _place(item[0])))
        whole["runtimes"] = dict(sorted(whole["runtimes"].items()))
        text = json.dumps(whole, indent=1, ensure_ascii=False)
        self._path.write_text(text + "\n", encoding="utf-8")


def _row(result: Result) -> dict[str, str]:
    return {"state": result.state, "why": result.why} if result.why else {"state": result.state}


def _place(name: str) -> tuple[int, str]:
    names = list(CASES)
    return (names.index(name) if name in CASES else len(names), name)
