"""Argument parsers. Options stand before SOURCE; everything after it belongs to the program, untouched."""

from __future__ import annotations

import argparse
import os
import re
import sys
from importlib import import_module
from typing import Any, NoReturn

from jitney.cli import COMMANDS
from jitney.errors import UsageError

_SIZE = r"(\d+(?:\.\d+)?)\s*([kmgtKMGT]?)[iI]?[bB]?"
_DURATION = r"(\d+(?:\.\d+)?)(ms|s|m|h|)"
_UNIT = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SECONDS = {"ms": 0.001, "s": 1, "": 1, "m": 60, "h": 3600}


class Formatter(argparse.RawDescriptionHelpFormatter):
    """argparse asks for the terminal's width by way of shutil (3 ms), each time an argument is added."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    """As shutil.get_terminal_size: COLUMNS, else the terminal's width, else 80."""
    text = os.environ.get("COLUMNS", "")
    if text.isdigit() and int(text):
        return int(text)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


class Parser(argparse.ArgumentParser):
    """argparse without abbreviations, with one kind of error and the nearest flag named."""

    def error(self, message: str) -> NoReturn:
        hint = f"{self.prog} --help"
        unknown = re.search(r"unrecognized arguments: (\S+)", message)
        if unknown:
            from difflib import get_close_matches

            flag = unknown[1].partition("=")[0]
            near = get_close_matches(flag, self._option_string_actions, 1, 0.5)
            message = f"unknown flag: {flag}"
            hint = f"did you mean {near[0]}?" if near else hint
        raise UsageError(message, hint)


def size(text: str) -> int:
    """`512m`, `2g`, `1.5GiB` → bytes, as Docker reads them (powers of 1,024)."""
    match = re.fullmatch(_SIZE, text.strip())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 512m or 2g")
    return int(float(match[1]) * _UNIT[match[2].lower()])


def duration(text: str) -> float:
    """`30`, `30s`, `5m`, `250ms` → seconds."""
    match = re.fullmatch(_DURATION, text.strip())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 30s or 5m")
    return float(match[1]) * _SECONDS[match[2]]


def command_parser(name: str) -> Parser:
    """The parser of one command, with its options and help."""
    command = import_module(f"jitney.cli.{name}")
    parser = Parser(
        prog=f"jitney {name}",
        description=COMMANDS[name][0].upper() + COMMANDS[name][1:] + ".",
        epilog=getattr(command, "EPILOG", None),
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    return parser


def whole_parser() -> Parser:
    """All commands in one parser: for shell completion and the generated help pages."""
    parser = Parser(prog="jitney", allow_abbrev=False)
    commands = parser.add_subparsers(parser_class=Parser, dest="command")
    for name, text in COMMANDS.items():
        import_module(f"jitney.cli.{name}").add_arguments(
            commands.add_parser(name, help=text, allow_abbrev=False)
        )
    return parser


def add_source(parser: argparse.ArgumentParser, *, arguments: bool = False) -> None:
    """SOURCE and, for `run`, what follows it."""
    parser.add_argument(
        "source", metavar="SOURCE", help="a file, a folder, `-` for standard input, or git+https://…@ref"
    )
    if arguments:
        parser.add_argument("arguments", metavar="ARGS", nargs=argparse.REMAINDER, help="the program's own")


def add_detection_options(parser: argparse.ArgumentParser) -> None:
    """What the user knows better than the source shows."""
    group = parser.add_argument_group("detection")
    group.add_argument("--lang", dest="language", metavar="LANGUAGE", help="language of the source")
    group.add_argument("--version", "--python", dest="version", metavar="VERSION", help="language version")
    group.add_argument("--entry", metavar="PATH", help="file to run, when a folder has several")
    group.add_argument(
        "--package", dest="packages", metavar="NAME", action="append", help="add a package (repeatable)"
    )
    group.add_argument("--apt", metavar="NAME", action="append", help="add a Debian package (repeatable)")


def add_build_options(parser: argparse.ArgumentParser) -> None:
    """Bases and building."""
    group = parser.add_argument_group("build")
    group.add_argument(
        "--base-provider", choices=("auto", "debian", "registry"), help="where bases come from"
    )
    group.add_argument("--registry", metavar="HOST", help="image registry to take bases from")
    group.add_argument(
        "--pytorch",
        choices=("auto", "index", "debian", "pypi"),
        help="where PyTorch comes from (default auto)",
    )
    group.add_argument("--no-cache", action="store_true", default=None, help="resolve and build anew")
    group.add_argument("--prerelease", action="store_true", default=None, help="allow pre-release packages")


def add_dockerfile_options(parser: argparse.ArgumentParser) -> None:
    """The user's own Dockerfile in the place of detection and of Jitney's build."""
    group = parser.add_argument_group("a Dockerfile of yours")
    group.add_argument(
        "--use-dockerfile",
        action="store_true",
        help="build SOURCE's Dockerfile (or SOURCE, where it is one) and run that image in a sandbox",
    )
    group.add_argument("--target", metavar="STAGE", default="", help="its stage to build")
    group.add_argument(
        "--build-arg",
        dest="build_args",
        metavar="NAME[=VALUE]",
        action="append",
        help="a build argument of it (repeatable)",
    )


def add_sandbox_options(parser: argparse.ArgumentParser) -> None:
    """What a plan needs to know about the sandbox and the model beside it."""
    group = parser.add_argument_group("sandbox")
    group.add_argument("--model", metavar="REF", help="put a model beside the program, or weights into it")
    group.add_argument(
        "--redirect",
        dest="redirects",
        metavar="NAME[:PORT]",
        action="append",
        help="one more vendor's name that leads to the model; those in the code do by themselves",
    )
    group.add_argument(
        "--no-redirect",
        dest="redirect",
        action="store_false",
        default=None,
        help="no vendor's name leads to the model",
    )
    group.add_argument("--memory", dest="memory_bytes", metavar="SIZE", type=size, help="such as 512m or 4g")
    group.add_argument("--cpus", type=float, metavar="N", help="such as 1.5")
    group.add_argument("--pids", type=int, metavar="N", help="processes and threads at most")
    group.add_argument("--timeout", dest="timeout_s", metavar="TIME", type=duration, help="such as 30s or 5m")
    group.add_argument(
        "--allow-host",
        dest="allow_hosts",
        metavar="NAME[:PORT][=ADDRESS]",
        action="append",
        help="let the program reach a host (443 unless said; ADDRESS: where the name leads)",
    )
    group.add_argument(
        "--network", action="store_true", default=None, help="the engine's whole network (not advised)"
    )
    group.add_argument(
        "--write",
        dest="writes",
        metavar="DIR",
        action="append",
        help="let the program write into a folder of yours",
    )
    group.add_argument("--gpus", action="store_true", default=None, help="use the machine's GPUs")
    group.add_argument("--user", metavar="UID[:GID]", help="run as another user (default 65532)")


def add_safety_options(parser: argparse.ArgumentParser) -> None:
    """What may come into the Store."""
    group = parser.add_argument_group("safety")
    group.add_argument(
        "--allow-pickle",
        action="store_true",
        default=None,
        help="take weights in pickle format where there are no others, if two scanners pass them",
    )
    group.add_argument(
        "--require-signature",
        action="store_true",
        default=None,
        help="refuse a model that none of the configured trusted_keys has signed",
    )


def add_plan_options(parser: argparse.ArgumentParser) -> None:
    """All that decides a plan: the same for every command that makes one."""
    add_detection_options(parser)
    add_build_options(parser)
    add_sandbox_options(parser)


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """How Jitney itself speaks."""
    group = parser.add_argument_group("output")
    group.add_argument("-q", "--quiet", action="store_true", help="nothing of Jitney's own but errors")
    group.add_argument("--json", action="store_true", help="one event a line on standard output")
    group.add_argument("--timings", action="store_true", help="how long each step took")


def given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that flags gave, by their names in `Config`."""
    from jitney.config import Config

    values: dict[str, Any] = {}
    for name in Config.__struct_fields__:
        value = getattr(arguments, name, None)
        if value is not None:
            values[name] = tuple(value) if isinstance(value, list) else value
    return values


def stdin_is_free(arguments: argparse.Namespace) -> bool:
    """Standard input is the program's, not the source."""
    return bool(arguments.source != "-") and sys.stdin is not None
