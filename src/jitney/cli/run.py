"""`jitney run SOURCE [ARGS…]`: a program, or a model. Which of the two, and then the one or the other road."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from jitney.cli import inputs
from jitney.cli.common import settings
from jitney.cli.model import add_model_options, add_sampling_options
from jitney.cli.parser import (
    add_dockerfile_options,
    add_output_options,
    add_plan_options,
    add_source,
)
from jitney.cli.report import Report, write_error
from jitney.config import Config
from jitney.errors import JitneyError

_PROGRAMS = (".py", ".go", ".js", ".mjs", ".ts", ".rs", ".java", ".c", ".cpp", ".rb", ".sh")
"""Nobody looks into these for weights."""

EPILOG = """SOURCE is a program (a file, a folder) or a model (smollm2, ./model.gguf, org/repo, hf:// ollama:// oci:// https:// …).

examples:
  jitney run chat.py "Hello"                      what stands after SOURCE belongs to the program
  jitney run --model smollm2 main.go              a model beside it, no network
  jitney run --allow-host api.openai.com --secret OPENAI_API_KEY chat.py
  echo 'print(6*7)' | jitney run -
  jitney run smollm2 "Why is the sky blue?"       a model: what follows is the prompt, as is standard input
  jitney run --runtime transformers ./model.gguf < question.txt
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser, arguments=True)
    add_plan_options(parser)
    add_dockerfile_options(parser)
    add_model_options(parser)
    add_sampling_options(parser)
    group = parser.add_argument_group("run")
    group.add_argument("-e", "--env", metavar="NAME[=VALUE]", action="append", help="a variable (repeatable)")
    group.add_argument(
        "--env-file", dest="env_files", metavar="FILE", action="append", help="variables from a file"
    )
    group.add_argument(
        "--secret",
        dest="secrets",
        metavar="NAME[=FILE]",
        action="append",
        help="hand over a variable as a secret",
    )
    group.add_argument("-t", "--tty", action="store_true", help="give the program a terminal")
    group.add_argument("-i", "--interactive", action="store_true", help=argparse.SUPPRESS)
    group.add_argument("--no-model", action="store_true", help="run a program that wants a model without one")
    group.add_argument("--ephemeral", action="store_true", default=None, help="remove the image afterwards")
    group.add_argument("--dry-run", action="store_true", help="show the plan; build and run nothing")
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    report = Report(quiet=arguments.quiet, json=arguments.json, timings=arguments.timings)
    try:
        return _run(arguments, report)
    except JitneyError as error:
        report.clear()
        write_error(error, report)
        return error.exit_code


def _run(arguments: argparse.Namespace, report: Report) -> int:
    config = inputs.writer(settings(arguments))
    if is_model(arguments, config):
        from jitney.cli.answering import answer

        return answer(arguments, config, report)
    from jitney.cli.program import run_program

    return run_program(arguments, config, report)


def is_model(arguments: argparse.Namespace, config: Config) -> bool:
    """What stands for SOURCE is a model and no program; a path that is there says so itself."""
    if arguments.source == "-" or arguments.source.startswith("git+"):
        return False
    if os.path.isfile(arguments.source) and arguments.source.endswith(_PROGRAMS):  # noqa: PTH113  a cached run's time
        return False
    from jitney.hosting.look import looks_like_model
    from jitney.supply import table

    return looks_like_model(arguments.source, table(config), Path.cwd())
