"""The text of a Gradle build: without comments, in blocks, and what its words stand for: variables, properties, the catalog."""

from __future__ import annotations

import re
from typing import Any

from jitney.source import Source

FILES = ("build.gradle.kts", "build.gradle")
SETTINGS = ("settings.gradle.kts", "settings.gradle")
_VARIABLE = re.compile(
    r"(?m)(?:\b(?:def|val|var|ext\.|String)\s*|^\s*(?:extra\[)?)\"?([\w.]+)\"?\]?\s*(?::\s*String\s*)?=\s*[\"']([^\"'$]+)[\"']"
)
_PROPERTY = re.compile(r"(?m)^\s*([\w.]+)\s*=\s*(\S+)\s*$")


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
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    return re.sub(r"(?m)(?<![:\"'])//.*$", "", text)


def blocks(text: str, word: str) -> list[str]:
    """Bodies of `word { … }`, braces matched."""
    return [text[start:end] for start, end in _spans(text, word)]


def without(text: str, word: str) -> str:
    """The text less all `word { … }`; line breaks stay."""
    for start, end in reversed(_spans(text, word)):
        text = text[:start] + "\n" * text.count("\n", start, end) + text[end:]
    return text


def _spans(text: str, word: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for match in re.finditer(rf"\b{word}\b[^\n{{]*\{{", text):
        depth, at = 1, match.end()
        while depth and at < len(text):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        found.append((match.end(), max(match.end(), at - 1)))
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
                self.values |= dict(re.findall(r"(?m)^\s*(\w+)\s*=\s*[\"']([^\"'$]+)[\"']", body))
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
