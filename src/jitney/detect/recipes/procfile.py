"""Procfile: `web`, then `worker`, then whatever stands first; `release` runs once before a start and is none."""

from __future__ import annotations

import re

from jitney.detect.recipes.dockerfile import shell_words
from jitney.detect.recipes.model import Said

_LINE = re.compile(r"\s*([\w-]+)\s*:\s*(\S.*?)\s*")


def read(text: str, path: str, folder: str) -> list[Said]:
    lines = [
        (number, match)
        for number, line in enumerate(text.splitlines(), 1)
        if (match := _LINE.fullmatch(line))
    ]
    order = {"web": 0, "worker": 1, "release": 3}
    lines.sort(key=lambda item: (order.get(item[1][1], 2), item[0]))
    return [
        Said(kind="start", rule="procfile", value=f"{match[1]}: {match[2]}", file=path, line=number,
             words=shell_words(match[2]), folder=folder)
        for number, match in lines[:1]
    ]  # fmt: skip
