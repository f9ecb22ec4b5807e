"""Which Java: `21` exactly, `17+` that or any later, `~17` that, or a later one where it is not to be had.

flag > header in the source > version file > what the manifest compiles for > what the wrapper's Gradle runs on > syntax
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from jitney.detect.jvm.code import JvmFile
from jitney.detect.model import Wishes
from jitney.detect.notes import Notes
from jitney.source import Source
from jitney.source.paths import parents

FILES = {
    "system.properties": r"\s*java\.runtime\.version\s*[=:]\s*(\S+)",
    ".java-version": r"\s*([^\s#]+)",
    ".sdkmanrc": r"\s*java\s*=\s*(\S+)",
    ".jdk-version": r"\s*([^\s#]+)",
    ".tool-versions": r"\s*java\s+(\S+)",
    "mise.toml": r"\s*java\s*=[^\"'\n]*[\"']([^\"']+)",
    ".mise.toml": r"\s*java\s*=[^\"'\n]*[\"']([^\"']+)",
    ".config/mise.toml": r"\s*java\s*=[^\"'\n]*[\"']([^\"']+)",
}
"""Version files in the order in which they are believed, and the line that says it."""

_NUMBER = re.compile(r"(?:^|-)(?:1\.)?(\d+)(?=[._+-]|$)")
"""`21`, `1.8`, `17.0.9`, `21.0.2-tem`, `temurin-21.0.4+7`, `openjdk64-11.0.2`: what counts is the feature release."""

OLD_GRADLE = 5
"""Up to this one a Gradle runs on Java 8 whatever it builds, and on few later ones (docs.gradle.org, compatibility matrix)."""


class Seen(msgspec.Struct, frozen=True):
    rule: str
    value: str
    file: str = ""
    line: int = 0


def number(text: str) -> str:
    """The feature release that a version names; empty for `latest` and other words."""
    match = _NUMBER.search(text.strip().strip("\"'"))
    return match[1] if match else ""


def java_version(
    source: Source,
    looked: list[JvmFile],
    manifest: Seen | None,
    wishes: Wishes,
    notes: Notes,
    gradle: str = "",
) -> str:
    """manifest: the release that it compiles for. gradle: the wrapper's version."""
    since = max((one.since for one in looked), default=0)
    seen = [*_said(source, looked, wishes), *([manifest] if manifest else [])]
    if not seen and gradle and _int(gradle) <= OLD_GRADLE:
        seen.append(Seen("gradle.wrapper", "~8"))
    if since:
        seen.append(Seen("java.syntax", f"{since}+"))
    if not seen:
        return ""
    first = seen[0]
    losers = tuple(f"{one.rule}: {one.value}" for one in seen[1:])
    notes.saw(first.rule, "version", first.value, first.file, first.line, losers)
    return _contradicted(first, seen[1:], notes)


def _contradicted(first: Seen, rest: list[Seen], notes: Notes) -> str:
    """A compiler makes classes for no Java after its own: what asks for a later one is right about that, unless the user said so."""
    least = max(
        (one for one in rest if one.value.endswith("+")), key=lambda one: _int(one.value), default=None
    )
    if least is None or _int(least.value) <= _int(first.value) or first.rule == "flag.version":
        return first.value
    if first.rule == "java.version.file":
        message = f"{first.file} asks for Java {first.value.strip('~')}, and the program is written for Java {_int(least.value)}: that counts"
        notes.tell("warning", "java.version", message, file=first.file, line=first.line)
    elif not first.value.endswith("+"):
        return first.value
    return least.value


def _int(value: str) -> int:
    return int(re.sub(r"\D", "", value.partition(".")[0])[:9] or 0)  # nobody has a version of more digits


def _said(source: Source, looked: list[JvmFile], wishes: Wishes) -> Iterator[Seen]:
    if wishes.version:
        yield Seen("flag.version", wishes.version)
    header = next((one.header.java for one in looked if one.header.java), "")
    if match := re.fullmatch(r"(?:1\.)?(\d+)(?:\.[\d.]+)?(\+?)", header):
        yield Seen("header.java", match[1] + match[2])
    for file, pattern in FILES.items():
        if found := _file(source, file, pattern):
            yield found


def _file(source: Source, file: str, pattern: str) -> Seen | None:
    """The nearest file of this name, beside the program or above it."""
    for folder in [source.workdir] if source.alone else parents(source.workdir):
        path = f"{folder}/{file}".lstrip("/")
        if source.has(path):
            for at, line in enumerate(source.read_text(path).splitlines(), 1):
                if (match := re.match(pattern, line)) and (found := number(match[1])):
                    return Seen("java.version.file", f"~{found}", path, at)
            return None
    return None
