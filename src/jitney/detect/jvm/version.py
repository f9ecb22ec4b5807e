"""Which Java: `21` exactly, `17+` that or any later, `~17` that, or a later one where it is not to be had."""

from __future__ import annotations

import re

from jitney.detect.jvm.code import JvmFile
from jitney.detect.model import Wishes
from jitney.detect.notes import Notes
from jitney.source import Source
from jitney.source.paths import parents

_FILES = {
    ".java-version": r"(?m)^\s*(?:[a-z-]+-)?(?:1\.)?(\d+)",
    ".sdkmanrc": r"(?m)^\s*java\s*=\s*(?:1\.)?(\d+)",
    ".tool-versions": r"(?m)^\s*java\s+(?:[a-z-]+-)?(?:1\.)?(\d+)",
    "system.properties": r"(?m)^\s*java\.runtime\.version\s*=\s*(?:1\.)?(\d+)",
}


def java_version(source: Source, looked: list[JvmFile], release: str, wishes: Wishes, notes: Notes) -> str:
    """flag > header > the manifest's release > version file > what the syntax needs."""
    seen: list[tuple[str, str, str]] = []
    if wishes.version:
        seen.append(("flag.version", wishes.version, ""))
    header = next((one.header.java for one in looked if one.header.java), "")
    if match := re.fullmatch(r"(?:1\.)?(\d+)(?:\.[\d.]+)?(\+?)", header):
        seen.append(("header.java", match[1] + (match[2] or ""), ""))
    if release:
        seen.append(("manifest.release", f"{release}+", ""))
    for file, pattern in _FILES.items():
        for folder in [source.workdir] if source.alone else parents(source.workdir):
            path = f"{folder}/{file}".lstrip("/")
            if source.has(path) and (found := re.search(pattern, source.read_text(path))):
                seen.append(("java.version.file", f"~{found[1]}", path))
                break
    since = max((one.since for one in looked), default=0)
    if since:
        seen.append(("java.syntax", f"{since}+", ""))
    if not seen:
        return ""
    rule, value, file = seen[0]
    notes.saw(rule, "version", value, file, 0, tuple(f"{r}: {v}" for r, v, _ in seen[1:]))
    if since and value.endswith("+") and int(value[:-1]) < since:
        return f"{since}+"
    return value
