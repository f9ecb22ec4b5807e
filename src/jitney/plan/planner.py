"""Planner: how one language is built and started. One module each; a language that is only a table is planned by table.py.

A module is a Planner: its functions are the Protocol's. All of it is pure.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

import msgspec

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.errors import PlanError
from jitney.facts.model import Facts
from jitney.findings import Evidence
from jitney.plan.choice import Choice
from jitney.plan.model import BuildPlan, Lock
from jitney.plan.sandbox import check_openings
from jitney.plan.taken import Taken

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SOURCE_ROOT = "/src"

PLANNERS = {
    "python": "python",
    "go": "go",
    "javascript": "node",
    "typescript": "node",
    "rust": "rust",
    "java": "jvm",
    "kotlin": "jvm",
    "scala": "jvm",
    "groovy": "jvm",
    "clojure": "jvm",
    "c": "native",
    "cpp": "native",
}
"""Language → module of this package. Any other is looked for in the tables (jitney.languages)."""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """argv: the user's arguments are appended. env: beside HOME, PATH, LANG and TMPDIR; a PATH here replaces the usual.
    workdir: absolute, where all of the program is in the image; empty: the source is handed over, and that is its folder."""

    argv: tuple[str, ...]
    env: dict[str, str] = {}
    workdir: str = ""


class Planner(Protocol):
    def choose(self, detection: Detection, facts: Facts, config: Config, lock: Lock) -> Choice:
        """Provider, version and bases. PlanError: a version that the provider has not; the message says who has it."""
        ...

    def build(
        self,
        detection: Detection,
        facts: Facts,
        lock: Lock,
        choice: Choice,
        system: tuple[str, ...],
        taken: Taken,
    ) -> BuildPlan:
        """The stages; system: Debian packages for the last one."""
        ...

    def start(self, detection: Detection, lock: Lock, choice: Choice, workdir: str) -> Start:
        """How it is run. workdir: absolute, inside."""
        ...

    def is_compiled(self, detection: Detection) -> bool:
        """Its source goes into the build, so that an edited line is another image."""
        ...

    def version_asked(self, detection: Detection, config: Config, base: str) -> str:
        """The version that packages are resolved for. base: the version of the base."""
        ...

    def reads(self, detection: Detection) -> tuple[str, ...]:
        """Files whose text can change what is resolved, beside lock and manifests."""
        ...

    def resolving_base(self, choice: Choice) -> str:
        """Key of the base in which packages are resolved, where that takes a build."""
        ...

    def usual_bases(self, source: str) -> tuple[str, ...]:
        """Keys of the bases that most programs need, of this provider."""
        ...

    def evidence(self, lock: Lock, system: tuple[str, ...]) -> list[Evidence]: ...


def planner(language: str) -> Planner:
    """PlanError: a language that nobody plans."""
    module = PLANNERS.get(language, "")
    if not module:
        from jitney.languages import names

        if language not in names():
            raise PlanError(
                f"{language or 'this'} is detected but cannot be built yet",
                f"languages that can: {', '.join(sorted({*PLANNERS, *names()}))}",
            )
        module = "table"
    return cast("Planner", import_module(f"jitney.plan.{module}"))


def choose(detection: Detection, facts: Facts, config: Config, lock: Lock | None = None) -> Choice:
    """PlanError: a language without a planner, a version that the provider has not, an opening that the engine cannot make."""
    check_openings(facts, config)
    return planner(detection.language).choose(detection, facts, config, lock or Lock())


def needed_bases(
    detection: Detection, facts: Facts, config: Config, lock: Lock | None = None
) -> tuple[str, ...]:
    """Keys of the bases that the program needs. A lock that was resolved or learnt may need more: ask again with it."""
    return choose(detection, facts, config, lock).keys


def default_bases(languages: tuple[str, ...], facts: Facts, config: Config) -> tuple[str, ...]:
    """What `jitney setup` makes: the bases of most programs in these languages; of Python and Go where none is named."""
    from jitney.plan.bases import provider

    source, _ = provider(facts, config)
    wanted = languages or ("python", "go")
    return tuple(dict.fromkeys(key for language in wanted for key in planner(language).usual_bases(source)))


def folder_of(detection: Detection) -> str:
    """The program's own folder as a prefix of paths."""
    return f"{detection.workdir}/" if detection.workdir else ""
