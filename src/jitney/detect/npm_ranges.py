"""Versions of Node.js as projects write them: npm's ranges, and nvm's names of releases."""

from __future__ import annotations

import re

NAMES = {
    "argon": "4", "boron": "6", "carbon": "8", "dubnium": "10", "erbium": "12", "fermium": "14", "gallium": "16",
    "hydrogen": "18", "iron": "20", "jod": "22", "krypton": "24", "*": "24", "": "24",
}  # fmt: skip
"""nvm's names of long-term releases; `*` is the newest of them that is preferred here."""

Version = tuple[int, int, int]
Interval = tuple[Version, Version]
END: Version = (1 << 30, 0, 0)
LONGEST = 300


def plain(wanted: str) -> str:
    """nvm's words as a range."""
    word = wanted.strip().lower().removeprefix("v")
    if word in ("node", "latest", "current", "stable"):
        return ">=24"
    if word.startswith("lts"):
        name = word.removeprefix("lts").lstrip("/-")
        if name in NAMES:
            return NAMES[name]
    return NAMES.get(word, wanted.strip()) if word else "*"


def intervals(text: str) -> list[Interval]:
    """Half-open intervals of a range. ValueError: it is none."""
    if len(text) > LONGEST:
        raise ValueError("longer than any range")
    found = []
    for part in text.split("||"):
        low, high = (0, 0, 0), END
        words = (
            re.sub(r"([<>=~^]+)\s+", r"\1", re.sub(r"\s+-\s+", "...", part.strip())).replace(",", " ").split()
        )
        for word in words or ["*"]:
            one_low, one_high = _interval(word)
            low, high = max(low, one_low), min(high, one_high)
        if low < high:
            found.append((low, high))
    return found


def meet(one: str, other: str) -> bool:
    """Whether a version fits both. ValueError: one of them is no version."""
    return any(
        max(low, start) < min(high, end)
        for low, high in intervals(plain(one))
        for start, end in intervals(plain(other))
    )


def _interval(word: str) -> Interval:
    if "..." in word:
        first, _, last = word.partition("...")
        return _interval(first)[0], _interval(last)[1]
    match = re.fullmatch(
        r"([<>]=?|[~^=]|)v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:[-+][\w.+-]*)?(?:\.[xX*])?", word
    )
    if not match:
        raise ValueError(f"{word!r} is no version and no range")
    sign, parts = match[1], [part for part in match.groups()[1:] if part and part.isdigit()]
    if not parts:
        return (0, 0, 0), END
    numbers = [int(part) for part in parts]
    low = (numbers[0], numbers[1] if len(numbers) > 1 else 0, numbers[2] if len(numbers) > 2 else 0)
    after = _after(numbers if sign not in ("^", "~") else numbers[: 1 if sign == "^" and numbers[0] else 2])
    bounds: dict[str, Interval] = {
        ">": (after, END), ">=": (low, END), "<": ((0, 0, 0), low), "<=": ((0, 0, 0), after),
    }  # fmt: skip
    return bounds.get(sign, (low, after))


def _after(numbers: list[int]) -> Version:
    """The first version that no longer begins with these numbers."""
    if len(numbers) == 1:
        return (numbers[0] + 1, 0, 0)
    return (numbers[0], numbers[1] + 1, 0) if len(numbers) == 2 else (numbers[0], numbers[1], numbers[2] + 1)
