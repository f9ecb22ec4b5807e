"""What can be read of a Python file that does not parse as a whole: syntax newer than this interpreter's, or a broken line.

Statements at the margin are parsed one by one; of one that fails, each line that is a statement by itself.
"""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import suppress

MOST = 20_000
"""Lines; a longer file that is broken is no program somebody wrote."""
_GOES_ON = (")", "]", "}", "else:", "elif ", "except", "finally:", "#")
"""At the margin, but no statement's beginning."""


def salvage(text: str) -> ast.Module:
    """The statements that parse, at their lines; what was inside a broken one has lost its block."""
    lines = text.splitlines()[:MOST]
    module = ast.Module(body=[], type_ignores=[])
    for start, end in _chunks(lines):
        whole = _parsed("\n".join(lines[start:end]), start)
        if whole is None:
            single = (_parsed(lines[number].strip(), number) for number in range(start, end))
            whole = [statement for found in single for statement in found or ()]
        module.body += whole
    return module


def _chunks(lines: list[str]) -> Iterator[tuple[int, int]]:
    """First line and the one after the last of each statement at the margin, decorators with what they decorate."""
    start = 0
    for number, line in enumerate(lines):
        begins = bool(line[:1].strip()) and not line.startswith(_GOES_ON)
        if begins and number and not lines[number - 1].startswith("@"):
            yield start, number
            start = number
    yield start, len(lines)


def _parsed(code: str, above: int) -> list[ast.stmt] | None:
    with warnings.catch_warnings(), suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        warnings.simplefilter("ignore")
        tree = ast.parse(textwrap.dedent(code))
        return [ast.increment_lineno(statement, above) for statement in tree.body]
    return None
