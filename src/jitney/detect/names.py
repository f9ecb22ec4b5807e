"""Names of models in a program's strings, told apart from other words.

Most are found where they stand: behind `model=`, as an argument's default, as what is taken where a variable is not set
(syntax.harvest, python/code.py, settings.py). Here is the rest: JSON written into a string, and words that nothing else can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jitney.detect.code import At, Code
from jitney.detect.model import ModelUse
from jitney.findings import Evidence

EMBEDS = re.compile(
    r"(?i)embed|(?:^|[/_-])(?:all-minilm|all-mpnet|bge|gte|e5|multilingual-e5|paraphrase|sentence-t5|minilm|ada-002|stella|voyage)(?:$|[-_.:\d])"
    r"|^sentence-transformers/"
)
"""Families whose models make vectors."""

TAGGED = re.compile(r"[a-z][a-z0-9._-]*:\d+(?:\.\d+)?[bm](?:-[\w.-]+)?")
"""`llama3.2:1b`: only Ollama's library tags models by their size so."""

FAMILIES = re.compile(
    r"gpt-(?:\d|oss)[\w.-]*|chatgpt-4o[\w-]*|o[134](?:-(?:mini|preview|pro)[\w-]*)|text-(?:davinci|embedding)-[\w-]+"
    r"|claude-(?:\d|opus|sonnet|haiku|instant)[\w.@-]*|gemini-(?:\d|pro|flash|ultra)[\w.-]*|deepseek-(?:chat|reasoner|coder)[\w.-]*"
    r"|(?:open-)?mi[sx]tral-(?:\d|tiny|small|medium|large|nemo)[\w.-]*|command-(?:r|a|light|nightly)[\w.-]*|grok-(?:\d|beta)[\w.-]*"
)
"""Words that vendors made for their models, whole: nothing else is called so."""

IN_TEXT = re.compile(r"\\?[\"']model\\?[\"']\s*(?:=>|:|,)\s*\\?[\"']([\w./:@-]{3,80})\\?[\"']")
NO_NAMES = frozenset(
    [
        "model",
        "unknown",
        "none",
        "null",
        "default",
        "auto",
        "string",
        "test",
        "fp32",
        "fp16",
        "bf16",
        "int8",
        "uint8",
        "q4",
        "q8",
        "q4f16",
        "bnb4",
        "user",
        "assistant",
        "system",
    ]
)
"""What stands where a name may, and is none: types of numbers, roles, place-holders."""

MOST = 8
"""Of words alone: a longer list is a table of prices or limits, not what is asked."""


def is_name(text: str) -> bool:
    """Not a place-holder (`<your-model>`, `{model}`), not a word of NO_NAMES."""
    return text.lower() not in NO_NAMES and not re.search(r"[<>{}$%|*?\s]", text)


def complete(code: Code, *, asks: bool) -> None:
    """Add what strings say by themselves; each name once, place-holders left out. asks: something in it reaches a model."""
    code.models += [_use(at) for at in _in_text(code)]
    if asks and not code.models:
        words = dict.fromkeys(at.value for at in code.strings if _alone(at.value))
        if len(words) <= MOST:
            places = {at.value: at for at in reversed(code.strings)}
            code.models += [_use(places[word]) for word in words]
    known: dict[tuple[str, str, str], ModelUse] = {}
    for use in code.models:
        if is_name(use.name):
            known.setdefault((use.name, use.kind, use.file), use)
    code.models[:] = known.values()


def _alone(text: str) -> bool:
    return len(text) < 60 and bool(TAGGED.fullmatch(text) or FAMILIES.fullmatch(text))


def _in_text(code: Code) -> Iterator[At]:
    """`{"model": "llama3"}` in a literal."""
    named = {use.name for use in code.models}
    for at in code.strings:
        if "model" in at.value:
            yield from (At(word, at.file, at.line) for word in IN_TEXT.findall(at.value) if word not in named)


def _use(at: At) -> ModelUse:
    why = Evidence(rule="model.word", decides="model", value=at.value, file=at.file, line=at.line)
    return ModelUse(name=at.value, kind="embedding" if EMBEDS.search(at.value) else "served", why=why)
