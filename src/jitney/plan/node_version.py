"""Which major of Node.js fits what a project asks for: npm's ranges, names of nvm."""

from __future__ import annotations

import re

from jitney.errors import PlanError

NODES = {
    "debian": ("24", "22", "20", "18", "26", "25", "23", "21", "19", "17", "16", "14"),
    "registry": ("24", "22", "20", "18", "26", "25", "23", "21", "19", "17", "16", "14"),
}
"""Majors that a provider has, the preferred one first: it runs TypeScript as it stands, prebuilt addons are made for it."""

NPM_HOME = "/usr/local/bin/node_modules/npm"
"""Where Debian's bases have npm: its own start script looks for it beside node, and COPY lays no link."""

OTHERS = {"deno": "2", "bun": "1"}
NAMES = {
    "argon": "4", "boron": "6", "carbon": "8", "dubnium": "10", "erbium": "12", "fermium": "14", "gallium": "16",
    "hydrogen": "18", "iron": "20", "jod": "22", "krypton": "24", "*": "24", "": "24",
}  # fmt: skip
"""nvm's names of long-term releases; `*` is the newest of them that is preferred here."""

Version = tuple[int, int, int]
_END: Version = (1 << 30, 0, 0)


def pick(wanted: str, runtime: str, source: str) -> str:
    """The major of this provider. PlanError: it has none, or what is asked for is no version."""
    has = NODES[source] if runtime == "node" else (OTHERS[runtime],)
    ranges = intervals(plain(wanted))
    for major in has:
        if any(low < (int(major) + 1, 0, 0) and high > (int(major), 0, 0) for low, high in ranges):
            return major
    title = {"node": "Node.js", "deno": "Deno", "bun": "Bun"}[runtime]
    listed = ", ".join(sorted(has, key=int))
    raise PlanError(
        f"{title} {wanted} was asked for; the {source} provider has {listed}",
        f"choose one: --version {has[0]}",
    )


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


def intervals(text: str) -> list[tuple[Version, Version]]:
    """Half-open intervals of a range. PlanError: it is none."""
    found = []
    for part in text.split("||"):
        low, high = (0, 0, 0), _END
        words = (
            re.sub(r"([<>=~^]+)\s+", r"\1", re.sub(r"\s+-\s+", "...", part.strip())).replace(",", " ").split()
        )
        for word in words or ["*"]:
            one_low, one_high = _interval(word, text)
            low, high = max(low, one_low), min(high, one_high)
        if low < high:
            found.append((low, high))
    return found


def _interval(word: str, text: str) -> tuple[Version, Version]:
    if "..." in word:
        first, _, last = word.partition("...")
        return _interval(first, text)[0], _interval(last, text)[1]
    match = re.fullmatch(
        r"([<>]=?|[~^=]|)v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:[-+][\w.+-]*)?(?:\.[xX*])?", word
    )
    if not match:
        raise PlanError(f"Node.js version {text!r} is no version and no range", "for example --version 22")
    sign, parts = match[1], [part for part in match.groups()[1:] if part and part.isdigit()]
    if not parts:
        return (0, 0, 0), _END
    numbers = [int(part) for part in parts]
    low = (numbers[0], numbers[1] if len(numbers) > 1 else 0, numbers[2] if len(numbers) > 2 else 0)
    after = _after(numbers if sign not in ("^", "~") else numbers[: 1 if sign == "^" and numbers[0] else 2])
    bounds: dict[str, tuple[Version, Version]] = {
        ">": (after, _END), ">=": (low, _END), "<": ((0, 0, 0), low), "<=": ((0, 0, 0), after),
    }  # fmt: skip
    return bounds.get(sign, (low, after))


def _after(numbers: list[int]) -> Version:
    """The first version that no longer begins with these numbers."""
    if len(numbers) == 1:
        return (numbers[0] + 1, 0, 0)
    return (numbers[0], numbers[1] + 1, 0) if len(numbers) == 2 else (numbers[0], numbers[1], numbers[2] + 1)
