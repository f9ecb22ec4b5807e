"""uv's words → ours: what was asked, by which line, and what mends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jitney.errors import ResolveError
from jitney.plan.torch import normal

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest

NAME = r"([A-Za-z0-9][A-Za-z0-9._-]*)"
UNREACHABLE = re.compile(
    r"(?i)error sending request|failed to fetch|dns error|connection refused|operation timed out|certificate|network"
)
NO_SUCH = re.compile(
    rf"Because {NAME} was not found in the package registry|{NAME} was not found in the package registry"
)
NO_WHEEL = re.compile(
    rf"Wheels are required for `{NAME}`"
    rf"|(?:versions? of )?{NAME}(?:[=<>!~][^ ]*)? ha(?:s|ve) no (?:usable )?wheels"
    rf"|distribution for `{NAME}=="
)
PYTHON = re.compile(r"(?:requires|depends on) Python\s?([<>=!~0-9.,*]+)")
MOST = 1500


def translate(said: str, request: ResolveRequest) -> ResolveError:
    """said: uv's standard error."""
    text = re.sub(r"\s+", " ", re.sub(r"[│╰─▶├×]", " ", said)).strip()
    if missing := NO_SUCH.search(text):
        name = missing.group(1) or missing.group(2)
        return ResolveError(
            f"the package index has no package {name!r}{_asked(name, request)}", "is the name spelled right?"
        )
    if "No solution found" in text:
        return _conflict(text, request)
    if UNREACHABLE.search(text):
        return ResolveError(
            f"the package index cannot be reached: {text[:300]}",
            "`jitney doctor` shows what is reached; a mirror is set by `python_index` in jitney.toml",
        )
    return ResolveError(f"the packages cannot be resolved: {text[:MOST]}")


def _conflict(text: str, request: ResolveRequest) -> ResolveError:
    explanation = text.partition("No solution found when resolving dependencies:")[2].strip() or text
    if wanted := PYTHON.search(explanation):
        return ResolveError(
            f"no versions fit Python {request.version}: {explanation[:MOST]}",
            f"a Python that fits {wanted.group(1)}: --python VERSION",
        )
    unknown = re.search(rf"there (?:is|are) no versions? of {NAME}", explanation)
    asked = _asked(unknown.group(1), request) if unknown else ""
    return ResolveError(
        f"these packages do not go together{asked}: {explanation[:MOST]}", "loosen one of the versions named"
    )


def _asked(name: str, request: ResolveRequest) -> str:
    """` (asked for by requirements.txt:3)`, where a line of the program names it."""
    for requirement, place in sorted(request.asked_by.items()):
        own = re.match(NAME, requirement)
        if place and own and normal(own.group(1)) == normal(name):
            return f" (asked for by {place})"
    return ""


def no_wheel_packages(said: str) -> tuple[str, ...]:
    """Packages that uv would have to build from source; empty where that is not what it complains about."""
    text = re.sub(r"\s+", " ", re.sub(r"[│╰─▶├×]", " ", said))
    if (
        "no wheels" not in text
        and "no usable wheels" not in text
        and "building from source is disabled" not in text
    ):
        return ()
    names = {normal(next(filter(None, found))) for found in NO_WHEEL.findall(text)}
    return tuple(sorted(names))
