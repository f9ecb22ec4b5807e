"""Reads one file of a language that is a table: comments blanked, literals found, words by the table's own patterns.

No parser: where a quote is misread, what follows it is still searched for addresses and names of models.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache

import msgspec

from jitney.detect.addresses import is_address, role_of
from jitney.detect.code import At, Code
from jitney.detect.model import ModelUse
from jitney.detect.names import EMBEDS
from jitney.detect.syntax import BEFORE, IS_MODEL, Literal, harvest
from jitney.findings import Evidence
from jitney.languages.model import Code as Rules
from jitney.source.grammar import shallow

MOST = 256 << 10
"""Characters of a file that are looked at: code that people write is shorter."""

ADDRESS = re.compile(r"(?:https?|wss?)://[\w.:\[\]-]+(?:/[\w./-]*)?")
MODEL_IN_TEXT = re.compile(r"\\?[\"']model\\?[\"']\s*(?:=>|:|,)\s*\\?[\"']([^\"'\\\s${}#]+)\\?[\"']")
"""JSON and maps written into a program, whatever quotes stand around."""

ASKED = re.compile(r"\b(?:command +-[vV]|which|type(?: +-\w+)?|hash) +[\"']?$")
"""In front of a command that a script only asks for."""
NEVER = re.compile(r"(?!)")
_HEREDOC = r"<<[<~-]?[ \t]*(?P<q>[\"']?)(?P<tag>[A-Za-z_]\w*)(?P=q)[^\n]*\n(?P<body>(?:[^\n]*\n){0,999}?)[ \t]*(?P=tag)\b"


class Scanned(msgspec.Struct):
    """local: files that this one names."""

    code: Code = msgspec.field(default_factory=Code)
    local: list[At] = msgspec.field(default_factory=list)


MOST_HEREDOCS = 1_000


def scan(text: str, file: str, rules: Rules) -> Scanned:
    text = shallow(_few_heredocs(text[:MOST]) if rules.heredocs else text[:MOST])
    found = Scanned()
    blanked, spans = _blank(text, rules)
    lines = [match.start() for match in re.finditer(r"\n", blanked)]

    def at(start: int, word: str) -> At:
        return At(word, file, bisect_right(lines, start - 1) + 1)

    inside = () if rules.nested else spans
    for start, word in _words(blanked, rules.imports, inside):
        role = "asked" if ASKED.search(blanked, max(0, start - 16), start) else ""
        found.code.imports.append(msgspec.structs.replace(at(start, word), role=role))
    found.code.uses += [at(start, word) for start, word in _words(blanked, rules.uses, inside)]
    found.local += [at(start, word) for start, word in _words(blanked, rules.local, inside)]
    found.code.env += [at(start, word) for start, word in _words(blanked, rules.env, ())]
    literals = (
        Literal(value, at(start, "").line, blanked[max(0, start - BEFORE) : start])
        for start, _, value in spans
    )
    harvest(literals, file, found.code, NEVER)
    known = {seen.value for seen in found.code.strings}
    starts = [start for start, _, _ in spans]
    for match in ADDRESS.finditer(blanked):
        if match[0] not in known and not _is_prose(match.start(), starts, spans):
            before = blanked[max(0, match.start() - BEFORE) : match.start()]
            place = at(match.start(), match[0])
            found.code.strings.append(msgspec.structs.replace(place, role=role_of(match[0], before)))
    models = [(match.start(), match[1]) for match in MODEL_IN_TEXT.finditer(blanked)]
    models += _words(blanked, rules.models, ())
    _add_models(found.code, (at(start, word) for start, word in models))
    return found


def _is_prose(start: int, starts: list[int], spans: list[tuple[int, int, str]]) -> bool:
    """Whether a place lies in a literal of several words that is no command: said to people."""
    number = bisect_right(starts, start) - 1
    return number >= 0 and start < spans[number][1] and not is_address(spans[number][2])


def _add_models(code: Code, words: Iterable[At]) -> None:
    for at in words:
        if not IS_MODEL.fullmatch(at.value) or any(use.name == at.value for use in code.models):
            continue
        why = Evidence(rule="model.named", decides="model", value=at.value, file=at.file, line=at.line)
        kind = "embedding" if EMBEDS.search(at.value) else "served"
        code.models.append(
            ModelUse(name=at.value, kind="embedding" if kind == "embedding" else "served", why=why)
        )


def _few_heredocs(text: str) -> str:
    """The text up to where more here-documents begin than anybody writes: each that never ends is looked for to the end."""
    parts = text.split("<<", MOST_HEREDOCS + 1)
    return text if len(parts) <= MOST_HEREDOCS + 1 else "<<".join(parts[:-1])


def _words(
    text: str, patterns: tuple[str, ...], spans: Iterable[tuple[int, int, str]]
) -> Iterator[tuple[int, str]]:
    """First group of each match, several words of it apart, and where it stands; none that begins inside a literal."""
    within = [(start, end) for start, end, _ in spans]
    starts = [start for start, _ in within]
    for pattern in patterns:
        for match in line_pattern(pattern).finditer(text):
            place = bisect_right(starts, match.start()) - 1
            if place >= 0 and starts[place] < match.start() < within[place][1]:
                continue
            word = next((group for group in match.groups() if group), "")
            if word:
                yield match.start(match.lastindex or 0), word


@cache
def line_pattern(pattern: str) -> re.Pattern[str]:
    """MULTILINE; `^\\s` means the line's own beginning: over empty lines it would look at each of them again and again."""
    return re.compile(re.sub(r"^((?:\(\?\w+\))?\^)\\s(?=[*+])", r"\1[ \\t]", pattern), re.MULTILINE)


def _blank(text: str, rules: Rules) -> tuple[str, list[tuple[int, int, str]]]:
    """The text without its comments, every line where it was; literals: start, end, what is between the quotes."""
    pattern = _pattern(rules)
    parts: list[str] = []
    spans: list[tuple[int, int, str]] = []
    position = 0
    for match in pattern.finditer(text):
        if match.lastgroup == "comment":
            parts += [text[position : match.start()], re.sub(r"[^\n]", " ", match[0])]
            position = match.end()
        elif rules.heredocs and match["tag"] is not None:
            spans.append((match.start("body"), match.end(), match["body"]))
        else:
            name = match.lastgroup or ""
            spans.append((match.start(), match.end(), match[f"{name}v"]))
    return "".join((*parts, text[position:])), spans


@cache
def _pattern(rules: Rules) -> re.Pattern[str]:
    """One alternation, so that a quote in a comment is no quote and a comment sign in a literal no comment."""
    comments = [f"{re.escape(begin)}.*?(?:{re.escape(end)}|\\Z)" for begin, end in rules.block_comments]
    comments += [_line_comment(sign) for sign in rules.line_comments]
    parts = [f"(?P<comment>{'|'.join(comments)})"] if comments else []
    if rules.heredocs:
        parts.append(_HEREDOC)
    quotes = [(quote, rules.escape) for quote in rules.strings] + [(quote, "") for quote in rules.raw_strings]
    for number, (quote, escape) in enumerate(sorted(quotes, key=lambda one: -len(one[0]))):
        begin, _, end = quote.partition(" ")
        body = _body(end or begin, escape)
        parts.append(f"(?P<s{number}>{re.escape(begin)}(?P<s{number}v>{body}){re.escape(end or begin)})")
    return re.compile("|".join(parts) or r"(?!)", re.DOTALL)


def _line_comment(sign: str) -> str:
    """`#` begins one only at the start of a word: `$#`, `${#name}`, `a#b` are none."""
    before = r"(?<![^\s;{}()])" if sign in ("#", "%") else ""
    return f"{before}{re.escape(sign)}[^\\n]*"


def _body(end: str, escape: str) -> str:
    if not escape:
        return f"(?:(?!{re.escape(end)}).)*" if len(end) > 1 else f"[^{re.escape(end)}]*"
    mark = re.escape(escape)
    if len(end) > 1:
        return f"(?:{mark}.|(?!{re.escape(end)}).)*"
    return f"(?:{mark}.|[^{re.escape(end)}{mark}])*"
