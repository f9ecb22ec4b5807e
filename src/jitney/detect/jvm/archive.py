"""A jar that is handed over: its manifest says what is started."""

from __future__ import annotations

import io
import re
import struct
import zipfile

from jitney.errors import DetectionError
from jitney.source import Source

FIRST = 44
"""A class file's version of Java 0: 65 is Java 21's."""


def jar_features(source: Source, file: str) -> tuple[str, ...]:
    """`jar`, `since:N+`. DetectionError: no archive, nothing to start."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.read_bytes(file))) as jar:
            names = jar.namelist()
            manifest = (
                jar.read("META-INF/MANIFEST.MF").decode("utf-8", "replace")
                if "META-INF/MANIFEST.MF" in names
                else ""
            )
            main = re.search(r"(?m)^Main-Class:\s*([\w.$]+)", re.sub(r"\r?\n ", "", manifest))
            if main is None:
                raise DetectionError(
                    f"{file} cannot be started: its manifest names no Main-Class",
                    "a jar that can: `jar --create --main-class NAME …`; or hand over the source",
                )
            return ("jar", *_since(jar, main[1].replace(".", "/") + ".class"))
    except zipfile.BadZipFile as error:
        raise DetectionError(f"{file} is no jar: {error}", "hand over a jar, or the source") from error


def _since(jar: zipfile.ZipFile, name: str) -> tuple[str, ...]:
    """The Java that the main class was compiled for."""
    if name not in jar.namelist():
        raise DetectionError(f"the main class {name} is not in the jar", "is it a jar with its dependencies?")
    major = struct.unpack(">H", jar.read(name)[6:8])[0]
    return (f"since:{major - FIRST}+",)
