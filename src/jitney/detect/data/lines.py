"""A long sorted list of words as one text, looked into without taking it apart: that would cost a run more than it looks up."""

from __future__ import annotations


def holds(text: str, word: str) -> bool:
    """Whether a line of the text, whose lines are sorted and each ended, is the word."""
    low, high = 0, len(text)
    while low < high:
        begin = text.rfind("\n", low, (low + high) // 2) + 1 or low  # of the line in the middle
        end = text.index("\n", begin)
        line = text[begin:end]
        if line == word:
            return True
        if line < word:
            low = end + 1
        else:
            high = begin
    return False
