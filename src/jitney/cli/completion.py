"""`jitney completion SHELL`: completion for bash, zsh, tcsh from the argument parsers."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"))


def run(arguments: argparse.Namespace) -> int:
    import shtab

    from jitney.cli.parser import whole_parser

    print(shtab.complete(whole_parser(), arguments.shell))
    return 0
