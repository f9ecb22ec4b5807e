"""A guard, so that a fast wrong runtime is seen: a fixed set of questions with one-word answers, and a text's perplexity."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from jitney.bench.ask import Writer
from jitney.bench.model import Quality, Row
from jitney.bench.prompts import questions, text_of

TOKENS = 5
TEXT_WORDS = 160
MARGIN = 0.2
"""Of the questions: so much below the best is told. (SmolLM2 in Q4_1 loses none of 24, as ONNX in int4 five; a broken one nearly all.)"""
DRIFT = 1.25
"""Times the least perplexity: more is told."""
CHAT = "Complete with one word: "


def examine(writer: Writer) -> Quality:
    """Asks all questions, greedily."""
    asked = questions()
    start = "" if "completions" in writer.features else CHAT
    answers = tuple(_word(writer.write(start + one.text, TOKENS).text, one.text) for one in asked)
    right = sum(answer in one.right for answer, one in zip(answers, asked, strict=True))
    found = writer.probabilities(text_of(TEXT_WORDS))
    perplexity = math.exp(-sum(found) / len(found)) if found else None
    return Quality(right=right, of=len(asked), answers=answers, perplexity=perplexity)


def _word(answer: str, question: str) -> str:
    """The first that is not the question's own (a chat says it again)."""
    known = set(re.findall(r"\w+", question.lower()))
    found = re.findall(r"\w+", answer.lower())
    return next((word for word in found if word not in known), found[0] if found else "")


def compared(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The same with how often each said what most said, and a mark on those that are clearly worse."""
    asked = [row.quality for row in rows if row.quality is not None]
    if not asked:
        return tuple(rows)
    common = [Counter(said).most_common(1)[0] for said in zip(*(one.answers for one in asked), strict=True)]
    best = max(one.right for one in asked)
    least = min((one.perplexity for one in asked if one.perplexity), default=0.0)
    made = []
    for row in rows:
        if (quality := row.quality) is not None:
            same = [
                answer == word
                for answer, (word, times) in zip(quality.answers, common, strict=True)
                if times > 1
            ]
            quality = msgspec.structs.replace(quality, same=sum(same) if len(asked) > 1 else -1)
            marks = (*row.marks, *_marks(quality, best, least))
            row = msgspec.structs.replace(row, quality=quality, marks=marks)
        made.append(row)
    return tuple(made)


def _marks(quality: Quality, best: int, least: float) -> list[str]:
    marks = []
    if quality.right < best - MARGIN * quality.of or quality.right == 0:
        marks.append(
            f"answers worse than the others: {quality.right} of {quality.of} questions right, the best {best}"
        )
    if quality.perplexity and quality.perplexity > DRIFT * least:
        marks.append(f"perplexity {quality.perplexity:.1f}, the least {least:.1f}")
    return marks
