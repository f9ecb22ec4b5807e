"""Prompts have the length that was asked for, by whatever counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jitney.bench.prompts import prompt_of, questions, text_of


@pytest.mark.parametrize(
    ("count", "tokens", "least"),
    [
        (lambda text: len(text.split()), 128, 128),
        (lambda text: 30 + len(text.split()), 128, 128),  # a chat's template
        (lambda text: len(text) // 4, 500, 495),
        (lambda text: 2 * len(text.split()), 64, 64),
        (lambda text: 3 * len(text.split()), 64, 60),  # nothing has 64
        (lambda text: 40 + len(text.split()), 16, 41),  # the template alone is longer
    ],
)
def test_the_nearest_length(count: Callable[[str], int], tokens: int, least: int) -> None:
    assert least <= count(prompt_of(tokens, count)) <= max(tokens, least)


def test_a_text_goes_on_for_ever_and_begins_anywhere() -> None:
    assert len(text_of(5000).split()) == 5000
    assert text_of(20, 97).split()[0] == text_of(98).split()[-1]


def test_questions_have_one_word_each() -> None:
    asked = questions()
    assert len({one.text for one in asked}) == len(asked) == 24
    assert all(word == word.lower() and word.isalnum() for one in asked for word in one.right)
