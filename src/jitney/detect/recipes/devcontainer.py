"""devcontainer.json: image and features say the language's version; ports and variables stand beside."""

from __future__ import annotations

import json
from typing import Any

from jitney.detect.node.jsonc import loads
from jitney.detect.recipes.images import language_of
from jitney.detect.recipes.model import Said
from jitney.detect.recipes.pins import TOOLS, version_in


def read(text: str, path: str, folder: str) -> list[Said]:
    try:
        data: Any = loads(text)
    except (ValueError, RecursionError) as error:
        at = (
            f" at line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        return [Said(kind="broken", rule="devcontainer", value=f"not valid JSON{at}", file=path)]
    if not isinstance(data, dict):
        return [Said(kind="broken", rule="devcontainer", value="an object is expected", file=path)]
    found: list[Said] = []
    image = data.get("image")
    if isinstance(image, str):
        language, version = language_of(image)
        line = _line(text, image)
        found.append(
            Said(kind="base", rule="devcontainer.image", value=image, file=path, line=line, language=language)
        )
        if version:
            found.append(
                Said(
                    kind="version",
                    rule="devcontainer.image",
                    value=version,
                    file=path,
                    line=line,
                    language=language,
                )
            )
    found += _features(data.get("features"), text, path)
    for field in ("containerEnv", "remoteEnv"):
        names = data.get(field)
        found += [
            Said(kind="env", rule="devcontainer.env", value=name, file=path, line=_line(text, name))
            for name in (names if isinstance(names, dict) else ())
        ]
    return found


def _features(features: Any, text: str, path: str) -> list[Said]:
    """`…/features/python:1` with `{"version": "3.11"}`."""
    found = []
    for name, options in features.items() if isinstance(features, dict) else ():
        language = TOOLS.get(name.rpartition("/")[2].partition(":")[0], "")
        version = version_in(str(options.get("version", "")) if isinstance(options, dict) else str(options))
        if language and version:
            line = _line(text, name)
            found.append(
                Said(
                    kind="version",
                    rule="devcontainer.feature",
                    value=version,
                    file=path,
                    line=line,
                    language=language,
                )
            )
    return found


def _line(text: str, word: str) -> int:
    at = text.find(f'"{word}"')
    return text.count("\n", 0, at) + 1 if at >= 0 else 0
