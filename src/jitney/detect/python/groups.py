"""`[dependency-groups]` (PEP 735): which of them a program needs when it runs, and what they ask for."""

from __future__ import annotations

import re
from typing import Any

from jitney.detect.python.tables import table, texts

DEVELOPMENT = re.compile(
    r"(?i)(?:dev|develop|development|tests?|testing|lint|linting|format|docs?|documentation|types?|typing|type-check|"
    r"bench|benchmark|ci|build|release|profile|pre-?commit|coverage|notebooks?|examples?)"
)
"""Names of groups that people who work on a program want, and the program does not."""


def is_development(group: str) -> bool:
    return bool(DEVELOPMENT.fullmatch(group))


def runtime_groups(data: dict[str, Any]) -> tuple[str, ...]:
    """uv's default groups but for development's; where nothing else declares packages, every group but development's."""
    groups = table(data, "dependency-groups")
    if "project" in data or table(data, "tool", "poetry"):
        named = texts(table(data, "tool", "uv").get("default-groups"))
    else:
        named = list(groups)
    return tuple(name for name in named if name in groups and not is_development(name))


def requirements_of(data: dict[str, Any], group: str, seen: tuple[str, ...] = ()) -> list[str]:
    """What a group asks for, with the groups that it includes."""
    found: list[str] = []
    wanted = table(data, "dependency-groups").get(group)
    for one in wanted if isinstance(wanted, list) else []:
        included = one.get("include-group") if isinstance(one, dict) else None
        if isinstance(one, str):
            found.append(one)
        elif isinstance(included, str) and included not in seen:
            found += requirements_of(data, included, (*seen, group))
    return found
