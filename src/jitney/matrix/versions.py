"""Versions of wheels and drivers, compared without the 10 ms that `packaging` takes; specifiers with it."""

from __future__ import annotations

import re
from collections.abc import Iterable


def numbers(text: str) -> tuple[int, ...]:
    """`2.9.1+cu128` → (2, 9, 1). What follows the release's numbers does not count; zeros at the end neither."""
    match = re.match(r"\s*v?(\d+(?:\.\d+)*)", text)
    found = [int(part) for part in match[1].split(".")] if match else []
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def series(version: str) -> str:
    return ".".join(version.split("+")[0].split(".")[:2])


def exact(spec: str) -> str:
    """The version that a specifier pins (`==2.1.0`, `===2.1.0`, `==2.1.0+cu121`), else empty."""
    match = re.fullmatch(r"\s*(?:\[[^\]]*\])?\s*={2,3}\s*([\w.+!]+)\s*(?:;.*)?", spec)
    return match[1] if match else ""


def clean(spec: str) -> str:
    """A requirement's specifier without extras, markers, addresses; empty: any version."""
    text = re.sub(r"^\s*\[[^\]]*\]", "", spec).partition(";")[0].strip()
    return "" if text.startswith("@") else text


def is_bounded(spec: str) -> bool:
    """Whether it keeps the newest out: a pin or an upper bound."""
    return re.search(r"==|~=|<", clean(spec)) is not None


def allowed(versions: Iterable[str], specs: Iterable[str]) -> list[str]:
    """Those that all specifiers allow, in their order. A specifier that cannot be read allows all: others will say so."""
    left = list(versions)
    for spec in filter(None, map(clean, specs)):
        if pin := exact(spec):
            public = pin.partition("+")[0]
            left = [one for one in left if numbers(one) == numbers(public)]
            continue
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            wanted = SpecifierSet(spec)
        except InvalidSpecifier:
            continue
        left = [one for one in left if wanted.contains(one, prereleases=True)]
    return left
