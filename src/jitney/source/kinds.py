"""What a file is that holds no source code, by its first bytes."""

from __future__ import annotations

import re

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x7fELF", "a compiled program (ELF)"),
    (b"MZ", "a Windows program"),
    (b"\xcf\xfa\xed\xfe", "a compiled program (Mach-O)"),
    (b"\xca\xfe\xba\xbe", "a compiled Java class (or a Mach-O program)"),
    (b"\0asm", "a WebAssembly module"),
    (b"PK\x03\x04", "a zip archive (or jar, wheel, docx)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"(\xb5/\xfd", "a zstd archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"SQLite format 3", "an SQLite database"),
)


_PYTHON = re.compile(rb"[^\0][\x0c-\x0f]\r\n")
"""The two bytes of CPython's version, 3.5 and later, and the line end that guards them."""

_HINTS: tuple[tuple[str, str], ...] = (
    ("Java class", "hand over its .java file, or a .jar with a main class: jitney run program.jar"),
    ("Python bytecode", "hand over the .py file that it was compiled from"),
    (
        "zip archive",
        "unpack it and hand over the folder; a Python package: --package NAME beside a program of yours",
    ),
    ("gzip", "unpack it and hand over the folder"),
    ("bzip2", "unpack it and hand over the folder"),
    ("xz", "unpack it and hand over the folder"),
    (
        "compiled program",
        "Jitney makes programs from their source: hand over the folder that this one was compiled from",
    ),
    (
        "Windows",
        "Jitney runs Linux containers and makes programs from their source: hand over its source folder",
    ),
    ("WebAssembly", "hand over the source folder that it was compiled from"),
)


def binary_hint(kind: str) -> str:
    """What can be done instead. kind: as `binary_kind` says it."""
    return next(
        (hint for word, hint in _HINTS if word in kind), "hand over the program's source file or folder"
    )


def is_model(head: bytes, name: str) -> bool:
    """Weights: GGUF by its magic, safetensors by its header, the rest by name."""
    return (
        head.startswith(b"GGUF")
        or name.endswith((".gguf", ".safetensors", ".onnx", ".ggml"))
        or (len(head) > 9 and head[8:9] == b"{" and head[5:8] == b"\0\0\0")
    )


def binary_kind(head: bytes) -> str:
    """What it is in words; an empty string for text."""
    for magic, words in _MAGIC:
        if head.startswith(magic) and (b"\0" in head or magic != b"MZ"):
            return words
    if _PYTHON.match(head):
        return "Python bytecode"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ""  # UTF-16
    return "binary data" if b"\0" in head else ""
