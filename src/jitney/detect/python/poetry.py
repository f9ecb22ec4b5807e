"""Poetry's own tables in pyproject.toml, in PEP 440's words."""

from __future__ import annotations

import re
from typing import Any

from jitney.detect.python.groups import is_development
from jitney.detect.python.requirements import Reading
from jitney.detect.python.tables import line_of, table, texts
from jitney.source import Source


def read_poetry(poetry: dict[str, Any], reading: Reading, source: Source, path: str) -> None:
    """The main group, and further ones that are neither optional nor for development."""
    tables = [table(poetry, "dependencies")]
    for name, group in table(poetry, "group").items():
        if isinstance(group, dict) and not group.get("optional") and not is_development(name):
            tables.append(table(group, "dependencies"))
    for dependencies in tables:
        for name, value in dependencies.items():
            if name.lower() != "python":
                for want in value if isinstance(value, list) else [value]:
                    _dependency(name, want, reading, source, path)


def _dependency(name: str, value: object, reading: Reading, source: Source, path: str) -> None:
    line = line_of(source, path, name)
    if not isinstance(value, dict):
        reading.add(name + caret(str(value)), path, line)
    elif not value.get("optional"):
        reading.add(located(name, value) or _requirement(name, value), path, line)


def located(name: str, place: dict[str, Any]) -> str:
    """The requirement for a package that a table says to be a folder, a repository or an archive; empty where it says none."""
    if isinstance(place.get("path"), str):
        return f"./{place['path']}"
    if isinstance(place.get("git"), str):
        ref = place.get("rev") or place.get("tag") or place.get("branch") or place.get("ref")
        below = f"#subdirectory={place['subdirectory']}" if isinstance(place.get("subdirectory"), str) else ""
        return f"{name} @ git+{place['git']}" + (f"@{ref}" if ref else "") + below
    return f"{name} @ {place['url']}" if isinstance(place.get("url"), str) else ""


def _requirement(name: str, value: dict[str, Any]) -> str:
    extras, marker = ",".join(texts(value.get("extras"))), " and ".join(_markers(value))
    spec = caret(str(value.get("version", "*")))
    return f"{name}{f'[{extras}]' if extras else ''}{spec}{f' ; {marker}' if marker else ''}"


def _markers(value: dict[str, Any]) -> list[str]:
    """`python = "<3.12"`, `platform = "linux"` and `markers` as one PEP 508 marker."""
    found = []
    if isinstance(value.get("python"), str):
        found += [
            f"python_version {sign or '=='} '{version}'"
            for sign, version in re.findall(r"([<>=!]*)\s*([\d.]+)", caret(value["python"]))
        ]
    if isinstance(value.get("platform"), str):
        found.append(f"sys_platform == '{value['platform']}'")
    if isinstance(value.get("markers"), str):
        found.append(f"({value['markers']})" if found else value["markers"])
    return found


def caret(text: str) -> str:
    """Poetry's constraint in PEP 440: `^1.2` → `>=1.2,<2`, `~1.2` → `>=1.2,<1.3`, `1.2` → `==1.2`, `*` → nothing. Of
    `A || B`, which PEP 440 cannot say, the span from A's beginning to B's end."""
    if "||" in text:
        first, *_, last = (caret(part).split(",") for part in text.split("||"))
        spans = [*(p for p in first if p.startswith(">")), *(p for p in last if p.startswith("<"))]
        return ",".join(spans)
    return ",".join(limit for part in text.split(",") if (limit := _limit(part.strip())))


def _limit(part: str) -> str:
    match = re.fullmatch(r"([\^~])\s*v?(\d+(?:\.\d+)*)(\S*)", part)
    if match:
        return f">={match[2]}{match[3]},<{_next(match[1], [int(n) for n in match[2].split('.')])}"
    if part in ("*", ""):
        return ""
    return f"=={part}" if part[0].isdigit() else part


def _next(sign: str, numbers: list[int]) -> str:
    """The first version that a caret or tilde excludes: the leftmost number that is not 0 counts for a caret."""
    if sign == "~":
        keep = min(len(numbers), 2)
    else:
        keep = next((i + 1 for i, number in enumerate(numbers) if number), len(numbers))
    head = numbers[:keep]
    return ".".join(str(number) for number in [*head[:-1], head[-1] + 1])
