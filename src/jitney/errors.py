"""The error tree. One place for what a user may read when something does not work.

JitneyError                      exit 125 unless said otherwise
├── UsageError            2      the command line or a config file is wrong
├── SourceError         125      what was handed over cannot be taken
├── DetectionError      125      nothing to run, two equal choices, a contradiction, an unknown import
├── PlanError           125      a version or a base that no provider here can give
├── ResolveError        125      package indexes: unreachable, no such package, conflicting versions
├── BuildError          125      the engine could not build (`output` has the builder's last words)
│   └── CompileError      1      the program's own code does not compile: its making, not Jitney's
├── ModelError          125      a model reference, its download or its hash
├── EngineError         125      the engine refused or broke a request
│   ├── EngineMissing   125      no engine answers, or no permission on its socket
│   └── EngineGone      125      the engine died while it was needed
├── SandboxError        125      a box could not be made, or broke its protocol
├── BusyError            75      try again: a lock is held, a port is in use
└── Interrupted         130      Ctrl-C before there was a program to pass it to
"""

from __future__ import annotations


class JitneyError(Exception):
    """A known failure: what was seen, and how to mend it.

    message: one sentence, what was seen and what was expected.
    hint: the command or change that mends it; may have several lines; empty when there is none.
    """

    exit_code = 125

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(JitneyError):
    exit_code = 2


class SourceError(JitneyError):
    pass


class DetectionError(JitneyError):
    """`seen`: what was found out all the same (a Detection without an entry), None where not even the language is known."""

    seen: object | None = None


class PlanError(JitneyError):
    pass


class ResolveError(JitneyError):
    pass


class BuildError(JitneyError):
    """`output`: the builder's own words, unchanged, at most its last 64 KiB."""

    def __init__(self, message: str, hint: str = "", output: str = "") -> None:
        super().__init__(message, hint)
        self.output = output


class CompileError(BuildError):
    exit_code = 1


class ModelError(JitneyError):
    pass


class EngineError(JitneyError):
    pass


class EngineMissing(EngineError):
    pass


class EngineGone(EngineError):
    pass


class SandboxError(JitneyError):
    pass


class BusyError(JitneyError):
    exit_code = 75


class Interrupted(JitneyError):
    exit_code = 130
