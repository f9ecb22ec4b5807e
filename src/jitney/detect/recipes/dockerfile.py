"""A Dockerfile as its reference has it: directives, continued lines, comments within, here-documents, exec and shell form,
stages, ARG and ENV in the words that Docker expands. Reads; never runs.

Source: the Dockerfile reference and BuildKit's parser (frontend/dockerfile/parser), whose rules for comments within continued
lines and for the escape directive are kept.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping

import msgspec

MAX_INSTRUCTIONS = 5_000
MAX_ROUNDS = 20
"""Expansions of one word: a variable may hold another, and may hold itself."""

MAX_WORD = 4_096

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][\w-]*)\s*=\s*(\S.*?)\s*")
_HEREDOC = re.compile(r"<<(-?)\s*([\"']?)([A-Za-z_][\w.]*)\2")
_FLAG = re.compile(r"--([a-z][\w-]*)(?:=(\S*))?\s*")
_FROM = re.compile(r"(\S+)(?:\s+[Aa][Ss]\s+(\S+))?")
_VARIABLE = re.compile(r"\\\$|\$\{(\w+)(?::([-+])([^${}]*))?\}|\$(\w+)")
_ASSIGN = re.compile(r"([A-Za-z_][\w.-]*)=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|(?:[^\s\\]|\\.)*)")


class Instruction(msgspec.Struct, frozen=True):
    """op: upper case. text: without flags, continued lines joined by a blank. here: bodies of its here-documents."""

    op: str
    text: str
    line: int
    flags: Mapping[str, str] = {}
    here: tuple[str, ...] = ()

    def exec_form(self) -> tuple[str, ...] | None:
        """The words of `["…", "…"]`; None: it is in the shell form."""
        if not self.text.startswith("["):
            return None
        try:
            words = json.loads(self.text)
        except (ValueError, RecursionError):
            return None
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            return None
        return tuple(words)

    def words(self) -> tuple[str, ...]:
        """Of the exec form, or of the shell form as a shell would split it; empty where it would not."""
        given = self.exec_form()
        return given if given is not None else shell_words(self.text)


class Stage(msgspec.Struct, frozen=True):
    """image: with variables expanded as far as their defaults say. name: lower case, as stages are found."""

    image: str
    name: str
    line: int
    instructions: tuple[Instruction, ...]


class Dockerfile(msgspec.Struct, frozen=True):
    """syntax: the frontend that `# syntax=` asks for. args: those before the first FROM, with their defaults.
    problems: `LINE: what is wrong`."""

    stages: tuple[Stage, ...]
    args: Mapping[str, str]
    syntax: str = ""
    problems: tuple[tuple[int, str], ...] = ()

    def stage(self, name: str) -> Stage | None:
        """By name or number; empty: the last."""
        if not name:
            return self.stages[-1] if self.stages else None
        if name.isdigit() and int(name) < len(self.stages):
            return self.stages[int(name)]
        return next((stage for stage in self.stages if stage.name == name.lower()), None)

    def line_of_descent(self, stage: Stage) -> list[Stage]:
        """The stage and those that it starts from, the nearest first."""
        found = [stage]
        while True:
            names = {other.name: other for other in self.stages[: self.stages.index(found[-1])] if other.name}
            below = names.get(found[-1].image.lower())
            if below is None:
                return found
            found.append(below)

    def images(self, target: str = "") -> list[tuple[str, int]]:
        """Images from outside, each with the line that asks for it: FROM and COPY --from of all stages up to the target."""
        last = self.stage(target)
        until = self.stages.index(last) + 1 if last is not None else len(self.stages)
        found: dict[str, int] = {}
        names: set[str] = set()
        for number, stage in enumerate(self.stages[:until]):
            wanted = [(stage.image, stage.line)]
            wanted += [(one.flags["from"], one.line) for one in stage.instructions if one.flags.get("from")]
            for image, line in wanted:
                is_stage = image.lower() in names or (image.isdigit() and int(image) < number)
                if image and image != "scratch" and not is_stage:
                    found.setdefault(image, line)
            names |= {stage.name} - {""}
        return list(found.items())


def shell_words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return ()


def expand(text: str, values: Mapping[str, str]) -> str:
    """`$X`, `${X}`, `${X:-y}`, `${X:+y}`; a variable that is not known is empty, as Docker has it. Bounded."""

    def one(match: re.Match[str]) -> str:
        if match[0] == "\\$":
            return "$"
        value = values.get(match[1] or match[4], "")
        if match[2] == "-":
            return value or match[3]
        return (match[3] if value else "") if match[2] == "+" else value

    for _ in range(MAX_ROUNDS):
        changed = _VARIABLE.sub(one, text)[:MAX_WORD]
        if changed == text:
            break
        text = changed
    return text


def assignments(text: str) -> dict[str, str]:
    """ENV and ARG: `A=b C="d e"`, and the old form `A b`."""
    found = {match[1]: _unquoted(match[2]) for match in _ASSIGN.finditer(text)}
    if found or not text:
        return found
    name, _, value = text.partition(" ")
    return {name: value.strip()} if re.fullmatch(r"[A-Za-z_][\w.-]*", name) else {}


def _unquoted(value: str) -> str:
    if value[:1] in "\"'" and value[-1:] == value[:1] and len(value) > 1:
        return value[1:-1]
    return re.sub(r"\\(.)", r"\1", value)


def parse(text: str, given: Mapping[str, str] | None = None) -> Dockerfile:
    """Never fails: what is wrong stands in `problems`. given: build arguments, which beat defaults of ARG."""
    given = given or {}
    directives, instructions, problems = _instructions(text)
    args: dict[str, str] = {}
    stages: list[Stage] = []
    current: list[Instruction] = []
    head: tuple[str, str, int] | None = None
    for one in instructions:
        if one.op == "FROM":
            if head is not None:
                stages.append(Stage(*head, tuple(current)))
            match = _FROM.match(expand(one.text, args))
            if match is None:
                problems.append((one.line, "FROM names no image"))
            head, current = (
                (match[1] if match else "", (match[2] or "").lower() if match else "", one.line),
                [],
            )
        elif head is not None:
            current.append(one)
        elif one.op == "ARG":
            args |= _arg(one.text, given)
        else:
            problems.append((one.line, f"{one.op[:40]} stands before FROM"))
    if head is not None:
        stages.append(Stage(*head, tuple(current)))
    else:
        problems.append((1, "it has no FROM"))
    return Dockerfile(tuple(stages), args, directives.get("syntax", ""), tuple(problems))


def _arg(text: str, given: Mapping[str, str]) -> dict[str, str]:
    found = assignments(text) if "=" in text else {text.strip(): ""}
    return {name: given.get(name, value) for name, value in found.items()}


def _instructions(text: str) -> tuple[dict[str, str], list[Instruction], list[tuple[int, str]]]:
    lines = [line.rstrip("\r") for line in text.split("\n")]
    directives, first = _directives(lines)
    escape = "`" if directives.get("escape") == "`" else "\\"
    found: list[Instruction] = []
    problems: list[tuple[int, str]] = []
    at = first
    while at < len(lines) and len(found) < MAX_INSTRUCTIONS:
        begin = at
        whole, at = _logical(lines, at, escape)
        if not whole:
            continue
        op, _, rest = whole.partition(" ")
        here, at = _heredocs(lines, at, rest) if op.upper() in ("RUN", "COPY", "ADD") else ((), at)
        if not re.fullmatch(r"[A-Za-z]+", op):
            problems.append((begin + 1, f"{op[:40]!r} is no instruction"))
            continue
        flags, rest = _flags(rest.strip())
        found.append(Instruction(op.upper(), rest, begin + 1, flags, here))
    return directives, found, problems


def _directives(lines: list[str]) -> tuple[dict[str, str], int]:
    """Only at the very top: the first line that is none ends them."""
    found: dict[str, str] = {}
    for number, line in enumerate(lines):
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            return found, number
        found.setdefault(match[1].lower(), match[2])
    return found, len(lines)


def _logical(lines: list[str], at: int, escape: str) -> tuple[str, int]:
    """One instruction's text and the next line's index; comments and empty lines within it fall away."""
    parts: list[str] = []
    while at < len(lines):
        line = lines[at].strip()
        at += 1
        if line.startswith("#") or (parts and not line):
            continue
        is_continued = line.endswith(escape)
        parts.append(line[:-1].rstrip() if is_continued else line)
        if not is_continued:
            break
    return re.sub(r"\t", " ", " ".join(parts)).strip(), at


def _heredocs(lines: list[str], at: int, text: str) -> tuple[tuple[str, ...], int]:
    bodies: list[str] = []
    for match in _HEREDOC.finditer(text):
        body: list[str] = []
        while at < len(lines):
            line = lines[at]
            at += 1
            if (line.lstrip("\t") if match[1] else line) == match[3]:
                break
            body.append(line)
        bodies.append("\n".join(body))
    return tuple(bodies), at


def _flags(text: str) -> tuple[dict[str, str], str]:
    flags: dict[str, str] = {}
    while match := _FLAG.match(text):
        flags[match[1]] = match[2] or ""
        text = text[match.end() :]
    return flags, text


def variables(
    stage: Stage, args: Mapping[str, str], given: Mapping[str, str]
) -> Iterator[tuple[Instruction, dict[str, str]]]:
    """Each instruction with the variables that hold there: ARG (a global one only where the stage names it) and ENV."""
    values: dict[str, str] = {}
    for one in stage.instructions:
        yield one, values
        if one.op == "ARG":
            for name, value in _arg(one.text, given).items():
                values[name] = value or args.get(name, "")
        elif one.op == "ENV":
            values |= {name: expand(value, values) for name, value in assignments(one.text).items()}
