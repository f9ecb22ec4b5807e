"""The text of a Gradle build: without comments, in blocks, and what its words stand for: variables, properties, the catalog."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jitney.source import Source

FILES = ("build.gradle.kts", "build.gradle")
SETTINGS = ("settings.gradle.kts", "settings.gradle")
_VARIABLE = re.compile(
    r"(?m)(?:\b(?:def|val|var|ext\.|String)\s*+|^[ \t]*+(?:extra\[)?)\"?([\w.]+)\"?\]?\s*+(?::\s*+String\s*+)?=\s*+[\"']([^\"'$]+)[\"']"
)
_PROPERTY = re.compile(r"(?m)^[ \t]*+([\w.]+)\s*+=\s*+(\S+)[ \t]*+$")


def find(source: Source, folder: str) -> str:
    """The build file of a folder, or an empty string."""
    return _first(source, folder, FILES)


def settings(source: Source, folder: str) -> str:
    """The file that names the modules, or an empty string."""
    return _first(source, folder, SETTINGS)


def _first(source: Source, folder: str, files: tuple[str, ...]) -> str:
    places = (f"{folder}/{file}".lstrip("/") for file in files)
    return next((place for place in places if source.has(place)), "")


def bare(text: str) -> str:
    """Without comments; line breaks stay."""
    text = re.sub(r"/\*.*?(?:\*/|\Z)", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    return re.sub(r"(?m)(?<![:\"'])//.*$", "", text)


def blocks(text: str, word: str) -> list[str]:
    """Bodies of `word { … }`, braces matched."""
    return [text[start:end] for start, end in _spans(text, word)]


def without(text: str, word: str) -> str:
    """The text less all `word { … }`; line breaks stay."""
    kept, at = [], 0
    for start, end in _spans(text, word):
        kept += [text[at:start], "\n" * text.count("\n", start, end)]
        at = end
    return "".join((*kept, text[at:]))


def _spans(text: str, word: str) -> list[tuple[int, int]]:
    """Of blocks within one another the outermost."""
    closing = _closing(text)
    found: list[tuple[int, int]] = []
    for match in re.finditer(rf"\b{word}\b[^\n{{]{{0,200}}\{{", text):
        if not found or match.end() > found[-1][1]:
            found.append((match.end(), closing.get(match.end() - 1, len(text))))
    return found


@lru_cache(maxsize=8)
def _closing(text: str) -> dict[int, int]:
    """Where each brace is closed; all of a text in one go, however many are not."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for match in re.finditer(r"[{}]", text):
        if match[0] == "{":
            stack.append(match.start())
        elif stack:
            found[stack.pop()] = match.start()
    return found


class Words:
    """What a `$version`, a property or `libs.openai` stands for."""

    def __init__(self, source: Source, root: str, module: str, text: str) -> None:
        self.root = root
        self.values: dict[str, str] = {}
        for folder in dict.fromkeys((root, module)):
            path = f"{folder}/gradle.properties".lstrip("/")
            if source.has(path):
                self.values |= dict(_PROPERTY.findall(source.read_text(path)))
        above = find(source, root)
        for part in (bare(source.read_text(above)) if above else "", text):
            self.values |= dict(_VARIABLE.findall(part))
            for body in blocks(part, "ext"):
                self.values |= dict(re.findall(r"(?m)^[ \t]*+(\w+)\s*+=\s*+[\"']([^\"'$]+)[\"']", body))
        self.libraries: dict[str, str] = {}
        self.plugins: dict[str, str] = {}
        self.bundles: dict[str, list[str]] = {}
        catalog = f"{root}/gradle/libs.versions.toml".lstrip("/")
        if source.has(catalog):
            self._catalog(source.read_text(catalog))

    def _catalog(self, text: str) -> None:
        import tomllib  # only where there is a catalog

        try:
            whole = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            return
        versions = _table(whole, "versions")
        self.values |= {
            f"libs.versions.{_accessor(name)}.get": value
            for name, value in versions.items()
            if isinstance(value, str)
        }
        for alias, entry in _table(whole, "libraries").items():
            self.libraries[_accessor(alias)] = _library(entry, versions)
        for alias, entry in _table(whole, "plugins").items():
            self.plugins[_accessor(alias)] = _plugin(entry, versions)
        for alias, names in _table(whole, "bundles").items():
            self.bundles[_accessor(alias)] = (
                [_accessor(str(one)) for one in names] if isinstance(names, list) else []
            )

    def expand(self, text: str) -> str:
        return re.sub(r"\$\{?([\w.]+)\}?", lambda m: self.values.get(m[1], m[0]), text)


def _table(whole: dict[str, Any], name: str) -> dict[str, Any]:
    found = whole.get(name)
    return found if isinstance(found, dict) else {}


def _library(entry: object, versions: dict[str, Any]) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    module = entry.get("module") or f"{entry.get('group')}:{entry.get('name')}"
    number = _version(entry.get("version", ""), versions)
    return f"{module}:{number}" if number else str(module)


def _plugin(entry: object, versions: dict[str, Any]) -> str:
    return (
        f"{entry.get('id')}:{_version(entry.get('version', ''), versions)}"
        if isinstance(entry, dict)
        else str(entry)
    )


def _version(entry: object, versions: dict[str, Any]) -> str:
    if isinstance(entry, dict) and "ref" in entry:
        entry = versions.get(str(entry["ref"]), "")
    if isinstance(entry, dict):
        entry = entry.get("strictly", entry.get("require", ""))
    return entry if isinstance(entry, str) else ""


def _accessor(alias: str) -> str:
    return re.sub(r"[-_]", ".", alias)
