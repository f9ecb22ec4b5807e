"""A jar that is handed over, or one that is laid out as a folder: its manifest says what is started."""

from __future__ import annotations

import io
import re
import struct
import zipfile

from jitney.detect.model import Detection, Wishes
from jitney.detect.notes import Notes
from jitney.errors import DetectionError
from jitney.source import Source
from jitney.source.paths import parent

FIRST = 44
"""A class file's version of Java 0: 65 is Java 21's."""

MANIFEST = "META-INF/MANIFEST.MF"
ENDINGS = (".jar", ".war")
"""A war with a Main-Class is started as a jar is: Spring Boot makes such."""

_CLASSES = ("", "BOOT-INF/classes/", "WEB-INF/classes/")


def is_exploded(source: Source, folder: str) -> bool:
    """A jar's own layout: a manifest with a Main-Class."""
    path = f"{folder}/{MANIFEST}".lstrip("/")
    return source.has(path) and bool(main_class(source.read_text(path)))


def main_class(manifest: str, word: str = "Main-Class") -> str:
    match = re.search(rf"(?m)^{word}:\s*([\w.$]+)", re.sub(r"\r?\n ", "", manifest))
    return match[1] if match else ""


def prebuilt(source: Source, notes: Notes) -> str:
    """The jar of a folder without sources that can be started; empty: there is none. DetectionError: several."""
    jars = _jars(source)
    found = [path for path in jars if _manifest_of(source, path)]
    if len(found) > 1:
        message = f"{len(found)} jars could be the one to start:\n  " + "\n  ".join(found[:12])
        raise DetectionError(message, f"choose one: jitney run {found[0]} …")
    if not found:
        return ""
    notes.saw("jar.only", "entry", found[0], found[0], 0, tuple(jars[:6]) if len(jars) > 1 else ())
    return found[0]


def _jars(source: Source) -> list[str]:
    """Those right in the folder; without one, those below."""
    jars = [path for path in source.files() if path.endswith(ENDINGS)]
    return [path for path in jars if parent(path) == source.workdir] or jars


def _manifest_of(source: Source, path: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(source.read_bytes(path))) as jar:
            return main_class(jar.read(MANIFEST).decode("utf-8", "replace"))
    except (zipfile.BadZipFile, KeyError):
        return ""


def exploded(source: Source, wishes: Wishes, notes: Notes) -> Detection:
    """A folder that is a jar's content."""
    path = f"{source.workdir}/{MANIFEST}".lstrip("/")
    text = source.read_text(path)
    main, starts = main_class(text), main_class(text, "Start-Class")
    notes.saw("jar.exploded", "entry", main, path)
    since = next((found for one in (starts, main) if one and (found := _since_of(source, one))), "")
    return Detection(
        language="java",
        version=wishes.version or since,
        entry=path,
        workdir=source.workdir,
        manager="jar",
        features=("jar", f"main:{main}", *((f"since:{since}",) if since else ())),
        takes=tuple(sorted({*source.files(), path})),
    )


def _since_of(source: Source, main: str) -> str:
    name = main.replace(".", "/") + ".class"
    for folder in _CLASSES:
        path = f"{source.workdir}/{folder}{name}".lstrip("/")
        if source.has(path):
            return _java_of(source.read_bytes(path))
    return ""


def _java_of(code: bytes) -> str:
    """`21+` of a class file; empty where it is none."""
    if len(code) < 8 or code[:4] != b"\xca\xfe\xba\xbe":
        return ""
    return f"{struct.unpack('>H', code[6:8])[0] - FIRST}+"


def jar_features(source: Source, file: str) -> tuple[str, ...]:
    """`jar`, `since:N+`. DetectionError: no archive, nothing to start."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.read_bytes(file))) as jar:
            names = jar.namelist()
            manifest = jar.read(MANIFEST).decode("utf-8", "replace") if MANIFEST in names else ""
            main = main_class(manifest)
            if not main:
                raise DetectionError(
                    f"{file} cannot be started: its manifest names no Main-Class",
                    "a jar that can: `jar --create --main-class NAME …`; or hand over the source",
                )
            return ("jar", *_since(jar, names, (main_class(manifest, "Start-Class"), main)))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise DetectionError(f"{file} is no jar: {error}", "hand over a jar, or the source") from error


def _since(jar: zipfile.ZipFile, names: list[str], mains: tuple[str, ...]) -> tuple[str, ...]:
    """The Java that the program's class was compiled for; a loader's before it is often older."""
    places = [f"{folder}{main.replace('.', '/')}.class" for main in mains if main for folder in _CLASSES]
    found = next((place for place in places if place in names), "")
    if not found:
        raise DetectionError(
            f"the main class {mains[-1]} is not in the jar", "is it a jar with its dependencies?"
        )
    since = _java_of(jar.read(found))
    return (f"since:{since}",) if since else ()
