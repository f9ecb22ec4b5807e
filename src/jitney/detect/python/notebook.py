"""A notebook as a script: its code cells in order, what only IPython understands turned into Python or left out.

%pip install x · !pip install x · !uv pip install x    requirements, not run: the sandbox has them when it starts
!apt-get install x                                     Debian packages, likewise
!command · x = !command                                run by a shell
%env A=b · %cd folder · %run file · %%writefile file   what they say, in Python
%%time · %%capture · %time x                           the code without the magic
%%bash and other cells in another language             left out, but what they install counts
any other magic, `name?`                               left out
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from jitney.detect.python.code import parse
from jitney.errors import DetectionError

_TARGET = re.compile(r"[\w.,\s\[\]\"']+")
_CELL = re.compile(r"^%%(\w+)[ \t]*(.*)$")
_HELP = re.compile(r"^\s*\??\??[\w.]+\?{1,2}\s*$|^\s*\?{1,2}[\w.]+\s*$")
_TRANSPARENT = frozenset({"time", "timeit", "capture", "prun", "python", "python3", "px", "skip", "notify"})
_PIP = re.compile(
    r"^(?:sudo\s+)?(?:uv\s+)?(?:(?:\S*python[\d.]*|\{sys\.executable\}|\$\S+)\s+-m\s+)?pip[\d.]*\s+install\s+(.*)$"
)
_APT = re.compile(r"^(?:sudo\s+)?(?:DEBIAN_FRONTEND=\S+\s+)?apt(?:-get)?\s+(?:-\S+\s+)*install\s+(.*)$")
_WITH_VALUE = frozenset({
    "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-r", "--requirement", "-c", "--constraint", "-t", "--target",
    "-e", "--editable", "--python", "--prefix", "--root", "--upgrade-strategy",
})  # fmt: skip
LONGEST = 4_000
"""Characters of a line that may be a magic: data in a cell is longer, and looking at it takes time."""
_DEBIAN = re.compile(r"[a-z0-9][a-z0-9+.-]+")


class Script(msgspec.Struct):
    """text: Python. requirements, apt: what the cells install, with the line of the script that stands for it. awaits:
    it has `await` outside of functions, as notebooks may."""

    text: str = ""
    requirements: list[tuple[str, int]] = msgspec.field(default_factory=list)
    apt: list[tuple[str, int]] = msgspec.field(default_factory=list)
    awaits: bool = False


def script_name(path: str) -> str:
    """Where the script lies beside its notebook. Python takes a file of any name as a script, and nothing else has this one."""
    return f"{path}.py"


def read(text: str, path: str) -> Script:
    """DetectionError: no notebook, or one for another language than Python."""
    import json

    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DetectionError(
            f"{path} is no notebook: {error}", "expected the JSON that Jupyter writes"
        ) from error
    cells = _cells(data)
    if cells is None:
        raise DetectionError(
            f"{path} is no notebook: it has no cells", "expected the JSON that Jupyter writes"
        )
    language = _language(data)
    if language not in ("", "python", "ipython", "python3"):
        raise DetectionError(
            f"{path} is a notebook for {language}", "only notebooks for Python are run; export it as a script"
        )
    writing = _Writing()
    for number, cell in enumerate(cells, 1):
        if cell.get("cell_type") == "code":
            writing.cell(number, _source(cell))
    script = writing.script
    script.text = "\n".join(writing.lines) + "\n"
    script.awaits = _awaits(script.text)
    return script


def _cells(data: Any) -> list[dict[str, Any]] | None:
    """Of format 4, and of 3, which had sheets."""
    if not isinstance(data, dict):
        return None
    cells = data.get("cells")
    if cells is None and isinstance(data.get("worksheets"), list):
        sheets = [sheet.get("cells") for sheet in data["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets if isinstance(sheet, list) for cell in sheet]
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else None


def _source(cell: dict[str, Any]) -> str:
    said = cell.get("source", cell.get("input", ""))
    return "".join(str(part) for part in said) if isinstance(said, list) else str(said)


def _language(data: dict[str, Any]) -> str:
    about = data.get("metadata") if isinstance(data.get("metadata"), dict) else {}
    for name, key in (("kernelspec", "language"), ("language_info", "name")):
        part = about.get(name) if isinstance(about, dict) else None
        if isinstance(part, dict) and isinstance(part.get(key), str):
            return str(part[key]).lower()
    return ""


class _Writing:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.script = Script()

    def cell(self, number: int, text: str) -> None:
        self.lines.append(f"# cell {number}")
        lines = text.replace("\r\n", "\n").split("\n")
        first = next((place for place, line in enumerate(lines) if line.strip()), 0)
        magic = _CELL.match(lines[first]) if lines else None
        if magic is None:
            self._code(lines)
        elif magic[1] in _TRANSPARENT:
            self._code(lines[first + 1 :])
        elif magic[1] in ("writefile", "file") and magic[2].split():
            name, body = magic[2].split()[-1], "\n".join(lines[first + 1 :])
            mode = "a" if "-a" in magic[2].split() else "w"
            self.lines.append(f'with open({name!r}, {mode!r}, encoding="utf-8") as _: _.write({body!r})')
        else:
            for line in lines[first + 1 :]:
                self._installs(line.strip())
            self.lines.append(f"# left out: %%{magic[1]}")

    def _code(self, lines: list[str]) -> None:
        if _is_python("\n".join(lines)):  # nothing of IPython's: not even `% name` at a line's begin
            self.lines += lines
            return
        inside = _in_strings(lines)
        waiting = ""
        for number, line in enumerate(lines):
            whole = waiting + line
            is_text = (number in inside and not waiting) or len(whole) > LONGEST
            magic = None if is_text else _magic_of(whole)
            if magic and whole.rstrip().endswith("\\"):
                waiting = whole.rstrip()[:-1] + " "
                continue
            waiting = ""
            if magic:
                indent = whole[: len(whole) - len(whole.lstrip())]
                self.lines.append(indent + self._magic(*magic))
            elif not is_text and _HELP.match(line):
                self.lines.append(f"# {line.strip()}")
            elif not is_text and line.startswith(("pip install ", "pip3 install ")):
                self.lines.append(f"pass  # {line}" if self._installs(line.strip()) else line)
            else:
                self.lines.append(line)

    def _magic(self, target: str, sign: str, words: str) -> str:
        """One line of IPython's as Python."""
        name, _, rest = words.partition(" ")
        if self._installs(words):
            return f"pass  # {sign}{words}"
        if sign == "!":
            self.script.apt.append(("dash", len(self.lines) + 1))  # an image for Python has no shell
            ran = f'__import__("subprocess").run({words!r}, shell=True)'
            got = f'__import__("subprocess").getoutput({words!r}).splitlines()'
            return f"{target} = {got}" if target else ran
        change = _MAGICS.get(name)
        said = change(rest.strip()) if change else ""
        if said:
            return f"{target} = {said}" if target else said
        return f"{target} = None  # %{words}" if target else f"pass  # %{words}"

    def _installs(self, words: str) -> bool:
        """It is an installation; what it installs is noted."""
        line = len(self.lines) + 1
        if match := _PIP.match(words):
            self.script.requirements += [
                (one, line) for one in _arguments(match[1]) if not one.startswith((".", "/"))
            ]
        elif match := _APT.match(words):
            self.script.apt += [(one, line) for one in _arguments(match[1]) if _DEBIAN.fullmatch(one)]
        return match is not None


def _is_python(text: str) -> bool:
    try:
        parse(text)
    except SyntaxError:
        return False
    return True


def _magic_of(line: str) -> tuple[str, str, str] | None:
    """`x = !ls`, `%time f()`: what is assigned to, the sign, the words. `% name` goes on with a line above it."""
    target, words = "", line.strip()
    head, equals, tail = words.partition("=")
    if equals and words[:1] not in ("%", "!") and _TARGET.fullmatch(head):
        target, words = head.strip(), tail.strip()
    sign, rest = words[:1], words[1:]
    if sign not in ("%", "!") or rest[:1] in ("", "=", "%", "!") or (sign == "%" and rest[0].isspace()):
        return None
    return target, sign, rest.strip()


def _env(rest: str) -> str:
    name, equals, value = rest.partition("=")
    if not equals:
        name, _, value = rest.partition(" ")
    return f'__import__("os").environ.update({{{name.strip()!r}: {value.strip()!r}}})' if value else ""


def _run(rest: str) -> str:
    words = [word for word in rest.split() if not word.startswith("-")]
    is_script = bool(words) and words[0].endswith(".py")
    return f'globals().update(__import__("runpy").run_path({words[0]!r}))' if is_script else ""


_MAGICS: dict[str, Callable[[str], str]] = {
    "env": _env,
    "set_env": _env,
    "cd": lambda rest: f'__import__("os").chdir({rest!r})' if rest else "",
    "run": _run,
    "time": lambda rest: rest,
    "timeit": lambda rest: rest if not rest.startswith("-") else "",
}


def _arguments(text: str) -> Iterator[str]:
    """What a command line installs: no options, nothing behind it."""
    import shlex

    try:
        words = shlex.split(re.split(r"\s*(?:&&|\|\||;|\||>)(?![=\d])\s*", text)[0], comments=True)
    except ValueError:
        return
    skip = False
    for word in words:
        if skip or word.startswith("-"):
            skip = not skip and word in _WITH_VALUE
        elif "{" not in word and "$" not in word and "\\" not in word:
            yield word


def _in_strings(lines: list[str]) -> set[int]:
    """Numbers of lines that begin within a string of several lines: a `!` there is text."""
    inside: set[int] = set()
    quote = ""
    for number, line in enumerate(lines):
        if quote:
            inside.add(number)
        if not any(mark in line for mark in ('"""', "'''")):
            continue
        at = 0
        while at < len(line):
            three = line[at : at + 3]
            if quote:
                if three == quote:
                    quote, at = "", at + 2
            elif three in ('"""', "'''"):
                quote, at = three, at + 2
            elif line[at] == "#":
                break
            at += 1
    return inside


def _awaits(text: str) -> bool:
    """`await`, `async for` or `async with` outside of functions."""
    if "await" not in text and "async" not in text:
        return False
    try:
        todo: list[ast.AST] = [parse(text)]
    except SyntaxError:
        return False
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)
    return False


_AWAITING = """\
import ast, asyncio
_ = eval(compile({text!r}, __file__, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), globals())
asyncio.run(_) if asyncio.iscoroutine(_) else None
"""


def runnable(script: Script) -> str:
    """The script as Python runs it: one that awaits outside of functions needs a loop around it, as a notebook has."""
    return _AWAITING.format(text=script.text) if script.awaits else script.text
