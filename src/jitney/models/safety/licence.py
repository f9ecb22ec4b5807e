"""The licence of a model, as it states it: GGUF metadata, a repository's README, its LICENSE file; said, recorded, not judged."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from jitney.models.model import Weights

MAX_README = 1 << 20
_FRONT = re.compile(r"\A(?:\ufeff)?---\r?\n(.*?)\r?\n---", re.DOTALL)
_TEXTS = (
    (r"Apache License\s+Version 2\.0", "Apache-2.0"),
    (r"MIT License|Permission is hereby granted, free of charge, to any person", "MIT"),
    (r"BSD 3-Clause License", "BSD-3-Clause"),
    (r"BSD 2-Clause License", "BSD-2-Clause"),
    (r"GNU AFFERO GENERAL PUBLIC LICENSE\s+Version 3", "AGPL-3.0"),
    (r"GNU GENERAL PUBLIC LICENSE\s+Version 3", "GPL-3.0"),
    (r"Attribution 4\.0 International", "CC-BY-4.0"),
    (r"META LLAMA 3 COMMUNITY LICENSE", "llama3"),
    (r"Gemma Terms of Use", "gemma"),
)
"""How the texts of licences begin."""
_OF_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


def licence_of(weights: Weights, reader: Callable[[str], Path]) -> str:
    """An SPDX identifier where it is one, else the publisher's word for it; empty: none is stated. reader: a file's path."""
    if weights.info.licence:
        return spdx(weights.info.licence)
    names = [file.name for file in weights.files if file.bytes <= MAX_README]
    for name in names:
        if PurePosixPath(name).name.lower() == "readme.md" and (found := of_readme(_text(reader(name)))):
            return found
    for name in names:
        if re.match(r"(?i)(licen[cs]e|copying)\b", PurePosixPath(name).name):
            return of_text(_text(reader(name)))
    return ""


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def of_readme(text: str) -> str:
    """What the front matter of a model card says."""
    from jitney.detect.recipes.yamltree import BrokenYaml, load

    front = _FRONT.match(text)
    if not front:
        return ""
    try:
        tree = load(front[1])
    except BrokenYaml:
        return ""
    stated, name = tree.get("license"), tree.get("license_name")
    first = stated.items[0] if stated and stated.items else stated
    word = first.text if first else ""
    return spdx(name.text) if word == "other" and name and name.text else spdx(word)


def of_package(folder: Path) -> str:
    """What the metadata of the one Python package in `folder` says (its `*.dist-info/METADATA`)."""
    from email.parser import HeaderParser

    for path in sorted(folder.glob("*.dist-info/METADATA")):
        fields = HeaderParser().parsestr(path.read_text(encoding="utf-8", errors="replace")[:MAX_README])
        stated = fields.get("License-Expression") or fields.get("License") or ""
        if stated and "\n" not in stated.strip():
            return spdx(stated)
        kinds = [one for one in fields.get_all("Classifier", []) if one.startswith("License :: ")]
        if kinds:
            return spdx(_OF_CLASSIFIERS.get(kinds[0].rpartition(" :: ")[2], kinds[0].rpartition(" :: ")[2]))
        if stated:
            return of_text(stated)
    return ""


def of_text(text: str) -> str:
    head = text[:4000]
    return next((name for sign, name in _TEXTS if re.search(sign, head)), "")


def spdx(word: str) -> str:
    """`apache-2.0` → `Apache-2.0`; words that SPDX does not have stay as they are, on one line."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    plain = " ".join(word.split())[:100]
    try:
        return str(canonicalize_license_expression(plain))
    except InvalidLicenseExpression:
        return plain
