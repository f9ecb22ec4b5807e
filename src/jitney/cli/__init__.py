"""The command line: parse → call → print. Everything that is printed and every exit code comes from here.

One file per command. Only the command that was asked for is imported: start-up is part of what users wait for.
"""

from __future__ import annotations

import errno
import sys
from importlib import import_module

BROKEN_PIPE = 141
"""As a shell reports a program that SIGPIPE ended."""

COMMANDS = {
    "run": "run a program, or ask a model, in a sandbox made for it",
    "chat": "talk with a model",
    "serve": "serve models over the OpenAI, Anthropic and Ollama APIs",
    "pull": "bring models into the Store, checked",
    "ls": "list the models in the Store",
    "show": "show what a model is: architecture, size, licence, files",
    "rm": "remove models from the Store",
    "convert": "turn a model into another format, or give it other bits",
    "verify": "hash the models in the Store again, and check their signatures",
    "detect": "show what Jitney sees in a source",
    "plan": "show the plan: what would be built and run",
    "explain": "show every decision with its evidence",
    "build": "build the image of a source or of a saved plan",
    "lock": "write jitney.lock beside the program",
    "doctor": "say what is missing and the command that mends it",
    "ps": "list running sandboxes, and what is served where",
    "stop": "end running sandboxes and services",
    "logs": "show what the runtimes of a service wrote",
    "clean": "remove images and caches of Jitney's, after asking",
    "setup": "make the bases and fetch the default model",
    "runtimes": "show what can run models here, and why not",
    "bench": "measure runtimes with a model: time, memory, size, right answers",
    "completion": "print shell completion",
}

COLLECT_AFTER = 50_000
"""Allocations between two looks of the garbage collector: importing makes some 100,000 objects and no garbage."""


def start() -> None:
    """The console script. Leaves without taking the interpreter apart (15 ms): all is closed and flushed by then, and
    whatever a run may have left, its guard looks after."""
    import gc
    import os

    gc.set_threshold(COLLECT_AFTER)
    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:  # started with `>&-`
                stream.flush()
        except (OSError, ValueError):  # nobody reads any more, or it was closed for that reason
            code = code or BROKEN_PIPE
    os._exit(code)


def main(argv: list[str] | None = None) -> int:
    """What `start` runs, and tests. Returns the exit code; known errors never show a traceback."""
    arguments = sys.argv[1:] if argv is None else argv
    first = arguments[0] if arguments else "--help"
    if first in ("--version", "-V", "version"):
        from jitney import __version__

        print(f"jitney {__version__}")
        return 0
    if first in ("--help", "-h", "help"):
        return _help(arguments[1:])
    if first not in COMMANDS:
        return _unknown(first)
    return _dispatch(first, arguments[1:])


def _import_msgspec_quickly() -> None:
    """msgspec takes two names from typing_extensions where that is installed, else the same ones from typing.

    Importing it costs 25–30 ms, a tenth of a `docker run`, so it is hidden for that one import.
    """
    if "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # the documented way to block an import
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules["typing_extensions"]


def _dispatch(name: str, arguments: list[str]) -> int:
    _import_msgspec_quickly()
    from jitney.cli.parser import command_parser
    from jitney.errors import JitneyError

    command = import_module(f"jitney.cli.{name}")
    try:
        return int(command.run(command_parser(name).parse_args(arguments)))
    except JitneyError as error:
        _print_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our own stdout left: as a shell would report it
        sys.stderr.close()
        return BROKEN_PIPE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        where = f" at {error.filename}" if error.filename else ""
        _print_error(
            JitneyError(f"the disk is full{where}", "jitney clean shows what takes room; then try again")
        )
        return JitneyError.exit_code


def _print_error(error: Exception) -> None:
    from jitney.cli.report import write_error

    write_error(error)


def _help(rest: list[str]) -> int:
    if rest and rest[0] in COMMANDS:
        from jitney.cli.parser import command_parser

        command_parser(rest[0]).print_help()
        return 0
    print("Usage: jitney COMMAND [OPTIONS] …\n")
    print(
        "Runs any LLM program in a container made just in time, locked down, and gone when the work is done.\n"
    )
    for name, text in COMMANDS.items():
        print(f"  {name:<12} {text}")
    print("\njitney COMMAND --help shows its options.  jitney --version")
    return 0


def _unknown(name: str) -> int:
    from difflib import get_close_matches
    from pathlib import Path

    print(f"error: unknown command: {name}", file=sys.stderr)
    near = get_close_matches(name, COMMANDS, 1)
    if near:
        print(f"\nhint: did you mean `jitney {near[0]}`?", file=sys.stderr)
    elif Path(name).exists():
        print(f"\nhint: to run it: jitney run {name}", file=sys.stderr)
    else:
        print("\nhint: jitney --help lists the commands", file=sys.stderr)
    return 2
