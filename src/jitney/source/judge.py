"""Parsers decide where words cannot: between a language and the one it grew out of, and between two that look alike.

javascript │ typescript, c │ cpp   the younger one where the text has what only it has (types, classes), else the older
a near tie                         the likeliest whose grammar reads the text without an error, or with far fewer
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings

from jitney import languages
from jitney.source.grammar import GRAMMARS, only, unread
from jitney.source.words import MAX_CHARS, Likeness, weights

GREW_FROM = {"javascript": "typescript", "c": "cpp"}
_TEXTS = re.compile(r"(?s)//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")
"""Comments and strings of both families."""

_TYPE = r"(?:string|number|boolean|any|unknown|void|never|bigint|symbol|object|Promise<|Record<|Array<|Partial<|[A-Z]\w*(?:\[\]|<))"
MARKS = {
    "typescript": re.compile(
        r"(?m)^\s*(?:import|export) type\b|^\s*(?:export )?(?:default )?(?:declare |abstract |const enum |enum |namespace \w+ \{|interface \w)"
        r"|[{,]\s*type \w+(?: as \w+)?\s*[,}]|\btype \w+(?:<[^=\n]*>)? =|\bas (?:const|any|unknown|string|number)\b|\bsatisfies [A-Z{]"
        rf"|[(,]\s*\w+\??\s*:\s*{_TYPE}|\)\s*:\s*{_TYPE}|^\s*(?:const|let|var) \w+\s*:\s*\w"
        rf"|^\s*(?:static )?(?:(?:private|public|protected|readonly) )+\w+\??\s*[:=;(]|^\s*\w+\??: {_TYPE}[^,]*;$"
    ),
    "cpp": re.compile(
        r"(?m)^\s*#\s*include\s*<\w+>|\w::\w|^\s*(?:inline )?namespace\b|\btemplate\s*<|^\s*(?:public|private|protected)\s*:"
        r"|^\s*(?:enum )?class \w+(?: final)?\s*[:{]|^\s*using (?:namespace )?\w+|\b(?:static|dynamic|reinterpret|const)_cast<"
        r"|\bvirtual\b|\)\s*(?:const )?(?:noexcept|override)\b|\bconst auto\b|\bauto [&*]?\w+ =|= new \w|\bconst \w+ ?& ?\w|\bconstexpr\b"
    ),
}
"""The same by its words, for what a parser is lost in: a window that ends within a block. Comments and strings are cut out before."""

NEAR = 3.0
"""Scores no farther apart are a tie: on snippets that were not learnt from, two thirds of the errors lie below, one answer in
eleven does."""
FAR_FEWER = 4
STOPS_EARLY = 4
"""Part of a text that may be unread in what is taken for Python before prose: `ast` stops at the first error."""
MAX_TRIED = 3_000
"""Characters that a parser is tried on: in what is not its language it goes slowly."""
MAX_READ = 8_000
MAX_MARKED = 4_000
MARKS_COUNT = 3
CONFIRMED = 2
"""A parser confirms what it reads half of: a window begins and ends anywhere."""
FAR = 3.5
"""A lead that stands although the parser stops: a window may begin within a string, and Python 2 is no Python to `ast`."""
CLEAN = 100
"""With a line of another language in it, a text has to be read but for this part."""
OWN = 1.5
"""A lead that another language's marks do not take away."""
LEAD = 1.0
"""What a language without a parser and without a mark needs before the next."""


def member(text: str, family: str) -> tuple[str, str, int]:
    """The language of a family, what shows it, and its line (0: that nothing does)."""
    younger = GREW_FROM.get(family, "")
    if not younger:
        return family, "", 0
    if found := only(_head(text, MAX_READ), younger):
        kind, line = found[0]
        return younger, f"{kind.replace('_', ' ')}, which {family} has not", line
    code = _TEXTS.sub(_blank, text[:MAX_CHARS])
    if match := MARKS[younger].search(code):
        start = match.end() - len(match[0].lstrip())
        return younger, f"`{match[0].strip()}`, which {family} has not", code.count("\n", 0, start) + 1
    return family, "", 0


def _blank(match: re.Match[str]) -> str:
    """Lines keep their numbers; an include keeps its header's quotes."""
    return '""' + "\n" * match[0].count("\n") if match[0][0] in "\"'" else "\n" * match[0].count("\n")


def decide(text: str, ranked: list[Likeness]) -> str:
    """The language (`text`: no program), or an empty string: what looks like it best is not confirmed.

    A parser confirms a language that has one here, unless lines of a language that words do not know stand against it; another is
    confirmed by its own marks, or by standing before the rest."""
    counts = _marks_of(text[:MAX_MARKED], ranked)
    ranked = _favoured(ranked, counts)
    best = settle(text, ranked)
    if best.language == "text":
        return "text"
    strange = {name: count for name, count in counts.items() if name not in weights().languages}
    if _has_parser(best.language):
        if _is_read(text, best, ranked, strange):
            return best.language
        ranked = [one for one in ranked if not _has_parser(one.language) and one.language != "text"]
    return _by_counts(ranked, strange, counts)


def _is_read(text: str, best: Likeness, ranked: list[Likeness], strange: dict[str, int]) -> bool:
    """Whether a language is confirmed by its parser, or by a lead that a window from within a string does not take away."""
    head = _head(text, MAX_TRIED)
    wrong = _wrong(head, best.language)
    if strange and (max(strange.values()) > 1 or wrong * CLEAN > len(head)):
        return False
    lead = best.score - max((one.score for one in ranked if one.language != best.language), default=0.0)
    return wrong * CONFIRMED <= len(head) or lead >= FAR


def _by_counts(ranked: list[Likeness], strange: dict[str, int], counts: dict[str, int]) -> str:
    """Languages without a parser: the likeliest, unless another has more marks and it does not stand far before the rest."""
    first = ranked[0] if ranked else Likeness("", 0.0)
    lead = first.score - (ranked[1].score if len(ranked) > 1 else 0.0)
    own = counts.get(first.language, 0)
    for found, enough in ((strange, FAR), (counts, OWN)):
        most = max(found.values(), default=0)
        if most > own and lead < enough:
            likely = [one.language for one in ranked] + sorted(found)
            return next(name for name in likely if found.get(name) == most)
    return first.language if own or lead >= LEAD else ""


def _marks_of(text: str, ranked: list[Likeness]) -> dict[str, int]:
    """How many marks of each table a text has: asked only where words leave it open, or name a language without a parser."""
    first = ranked[0]
    is_open = any(first.score - one.score <= NEAR for one in ranked[1:])
    if not is_open and _has_parser(first.language):
        return {}
    found = {
        name: sum(re.search(mark, text, re.M) is not None for mark in marks)
        for name, marks in languages.marks()
    }
    return {name: count for name, count in found.items() if count}


def _favoured(ranked: list[Likeness], counts: dict[str, int]) -> list[Likeness]:
    """Two or more of its own lines bring a language forward."""
    favoured = [
        one._replace(score=one.score + min(counts.get(one.language, 0), MARKS_COUNT))
        if counts.get(one.language, 0) > 1
        else one
        for one in ranked
    ]
    return sorted(favoured, key=lambda one: (-one.score, one.language))


def settle(text: str, ranked: list[Likeness]) -> Likeness:
    """The likeliest, unless it is a near tie that parsers decide."""
    first = ranked[0]
    near = [one for one in ranked if first.score - one.score <= NEAR]
    if len(near) < 2 or _is_data(text):
        return first
    head = _head(text, MAX_TRIED)
    wrong = {one.language: _wrong(head, one.language) for one in near if _has_parser(one.language)}
    if not wrong:
        return first
    least = min((one for one in near if one.language in wrong), key=lambda one: wrong[one.language])
    if first.language not in wrong:  # nobody reads prose, nor what has no parser here
        limit = len(head) // STOPS_EARLY if least.language == "python" else 0
        return least if wrong[least.language] <= limit else first
    return least if FAR_FEWER * wrong[least.language] < wrong[first.language] else first


def _head(text: str, size: int) -> str:
    """Whole lines."""
    return text if len(text) <= size else text[: text.rfind("\n", 0, size) + 1]


def _is_data(text: str) -> bool:
    """JSON is an expression of half the languages."""
    return text.lstrip()[:1] in ("{", "[")


def _has_parser(language: str) -> bool:
    return language == "python" or language in GRAMMARS


def _wrong(text: str, language: str) -> int:
    """How much of a text a language's parser does not read, in bytes."""
    if language == "python":
        return _wrong_python(text)
    readers = (language, GREW_FROM[language]) if language in GREW_FROM else (language,)
    return min(unread(text, one) for one in readers)


def _wrong_python(text: str) -> int:
    """What follows the line that `ast` stops at: a window that ends within a block stops at its last line."""
    whole = textwrap.dedent(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(whole)
    except SyntaxError as error:
        if re.search(
            r"never closed|unterminated triple|unexpected EOF|expected .*block|f-string|Missing parentheses in call",
            error.msg,
        ):
            return 1  # cut off, and the line is where it began; or another Python than this one
        lines = whole.splitlines()
        return len("\n".join(lines[max(0, (error.lineno or 1) - 1) :]))
    except (ValueError, RecursionError, MemoryError):
        return len(whole)
    return 0
