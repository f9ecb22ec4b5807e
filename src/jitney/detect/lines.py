"""Which line a place of a text is on. Counting from the start for every place would take time by the square of the text."""

from __future__ import annotations

from bisect import bisect_right


class Lines:
    def __init__(self, text: str) -> None:
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def line(self, place: int) -> int:
        """From 1."""
        return bisect_right(self._starts, place)

    def column(self, place: int) -> int:
        """From 1."""
        return place - self._starts[self.line(place) - 1] + 1
