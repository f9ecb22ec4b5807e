"""Outcome: what became of a program, and the words for it."""

from __future__ import annotations

from struct import Struct
from typing import Literal

import msgspec

from jitney.sandbox.frames import ProtocolError

Cause = Literal[
    "exited",
    "signalled",
    "timed-out",
    "out-of-memory",
    "disk-full",
    "engine-gone",
    "killed-by-user",
    "leash",
    "protocol-error",
    "model-gone",
]

TIMED_OUT = 124
_KILL = 9
_PIPE = 13
_EXIT_FRAME = Struct(">BBBBIQQQ")


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened. exit_code: what Jitney exits with; signal: that ended the program, 0: none.

    message: one sentence, empty where the program just ended by itself; hint: what helps. notes: worth
    knowing, no verdict.
    blocked: names that were asked for and are not allowed. Memory in bytes, times in seconds. started: the
    program ran.
    """

    exit_code: int
    cause: Cause
    signal: int = 0
    message: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    peak_memory_bytes: int = 0
    user_s: float = 0.0
    system_s: float = 0.0
    wall_s: float = 0.0
    started: bool = False


class ExitFrame(msgspec.Struct, frozen=True):
    """The payload of `x` (docs/protocol.md §3)."""

    code: int
    signal: int
    cause: str
    flags: int
    peak_kib: int
    user_us: int
    system_us: int
    wall_us: int

    @property
    def is_out_of_memory(self) -> bool:
        return bool(self.flags & 1)

    @property
    def is_disk_full(self) -> bool:
        return bool(self.flags & 2)

    @property
    def has_refused_processes(self) -> bool:
        return bool(self.flags & 4)


def read_exit(payload: bytes | memoryview) -> ExitFrame:
    if len(payload) != _EXIT_FRAME.size:
        raise ProtocolError(
            f"the sandbox sent an exit frame of {len(payload)} bytes, expected {_EXIT_FRAME.size}"
        )
    code, signal, cause, *rest = _EXIT_FRAME.unpack(payload)
    return ExitFrame(code, signal, chr(cause), *rest)


class Ending(msgspec.Struct, kw_only=True):
    """What the client knows about a box beside the exit frame. asked: the last signal that the client sent
    for the user."""

    started: bool = False
    blocked: list[str] = []
    refusal: str = ""
    asked: int = 0
    output_broken: bool = False
    hung_up: bool = False


def conclude(frame: ExitFrame, ending: Ending) -> Outcome:
    """The verdict on a box that said how it ended."""
    cause, message, hint = _verdict(frame, ending)
    code, signal = frame.code, frame.signal
    if cause == "timed-out":
        code = TIMED_OUT
    elif ending.output_broken and cause in ("signalled", "killed-by-user"):
        cause, message, hint, signal = "signalled", "", "", _PIPE
        code = 128 + _PIPE
    return Outcome(
        exit_code=code,
        cause=cause,
        signal=signal,
        message=message,
        hint=hint,
        notes=_notes(frame, cause),
        blocked=tuple(ending.blocked),
        peak_memory_bytes=frame.peak_kib << 10,
        user_s=frame.user_us / 1e6,
        system_s=frame.system_us / 1e6,
        wall_s=frame.wall_us / 1e6,
        started=ending.started,
    )


def gone(ending: Ending, *, engine_lives: bool, code: int, oom_killed: bool) -> Outcome:
    """The verdict on a box whose stream ended without a word. code: what the engine says, 0: unknown."""
    if not engine_lives:
        return _end(
            "engine-gone",
            125,
            "the container engine went away while the program ran",
            "look whether it is running: jitney doctor",
            ending,
        )
    if oom_killed:
        return _end("out-of-memory", code or 137, *_OUT_OF_MEMORY, ending)
    return _end(
        "killed-by-user",
        code or 137,
        "the sandbox was ended from outside",
        "somebody stopped or removed its container, or the engine was restarted",
        ending,
    )


def hung_up(ending: Ending, signal: int) -> Outcome:
    """The client itself ended the box: its terminal went away, or the program ignored everything."""
    return _end("killed-by-user", 128 + signal, "", "", ending, signal)


def broken(ending: Ending, message: str) -> Outcome:
    return _end(
        "protocol-error",
        125,
        message,
        "this is a defect in Jitney, or the image tampers with its init",
        ending,
    )


def _end(cause: Cause, code: int, message: str, hint: str, ending: Ending, signal: int = 0) -> Outcome:
    return Outcome(
        exit_code=code,
        cause=cause,
        signal=signal,
        message=message,
        hint=hint,
        blocked=tuple(ending.blocked),
        started=ending.started,
    )


_OUT_OF_MEMORY = (
    "the program ran out of memory and was killed",
    "give it more: --memory 4g (files in /tmp and $HOME count as memory)",
)

_BY_LETTER: dict[str, tuple[Cause, str, str]] = {
    "e": ("exited", "", ""),
    "s": ("signalled", "", ""),
    "t": ("timed-out", "the program did not end in time and was killed", "give it more: --timeout SECONDS"),
    "l": ("leash", "the sandbox lost its client and ended", ""),
    "h": ("leash", "the sandbox heard nothing from its client for too long and ended", ""),
    "n": ("protocol-error", "the sandbox got no job in time", ""),
    "S": ("killed-by-user", "", ""),
    "c": ("killed-by-user", "the sandbox was stopped from outside", ""),
    "!": ("protocol-error", "", ""),
}


def _verdict(frame: ExitFrame, ending: Ending) -> tuple[Cause, str, str]:
    known = _BY_LETTER.get(frame.cause)
    if known is None:
        raise ProtocolError(f"the sandbox ended with a cause that is not known: {frame.cause!r}")
    cause, message, hint = known
    if frame.cause == "!":
        return _refused(ending)
    if frame.is_out_of_memory and frame.code and cause in ("exited", "signalled"):
        return "out-of-memory", *_OUT_OF_MEMORY
    if frame.is_disk_full and frame.code and cause in ("exited", "signalled"):
        return "disk-full", "the program filled its disk", "keep large files in a folder given by --write DIR"
    if cause == "signalled":
        return cause, f"the program was ended by signal {frame.signal} ({_signal_name(frame.signal)})", ""
    return cause, message, hint


def _refused(ending: Ending) -> tuple[Cause, str, str]:
    text = ending.refusal or "no reason was given"
    if text.startswith("cannot execute"):
        return "exited", f"the program could not be started: {text}", "look at its command: jitney explain"
    return "protocol-error", f"the sandbox refused its job: {text}", ""


def _notes(frame: ExitFrame, cause: Cause) -> tuple[str, ...]:
    notes = []
    if frame.is_out_of_memory and cause != "out-of-memory":
        notes.append("a process in the sandbox ran out of memory and was killed")
    if frame.is_disk_full and cause != "disk-full":
        notes.append("a file system of the sandbox is full")
    if frame.has_refused_processes:
        notes.append("the sandbox reached its limit of processes (--pids)")
    return tuple(notes)


def _signal_name(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
