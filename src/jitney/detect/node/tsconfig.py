"""tsconfig.json and jsconfig.json: `paths` and `baseUrl`, through `extends` within the source."""

from __future__ import annotations

import msgspec

from jitney.detect.node.jsonc import loads, strings, table
from jitney.source import Source
from jitney.source.paths import join, parent, parents


class Paths(msgspec.Struct):
    """file: the configuration, empty where there is none. base: folder that names are looked for in, None: nowhere.
    aliases: pattern → places, relative to the root. decorators: legacy ones are asked for."""

    file: str = ""
    base: str | None = None
    aliases: dict[str, list[str]] = {}

    def places(self, specifier: str) -> list[str]:
        """Where a name may lie, best first."""
        found = []
        for pattern, targets in self.aliases.items():
            head, star, tail = pattern.partition("*")
            if not star and specifier == pattern:
                found += targets
            elif star and specifier.startswith(head) and specifier.endswith(tail):
                middle = specifier[len(head) : len(specifier) - len(tail)]
                found += [target.replace("*", middle, 1) for target in targets]
        if self.base is not None and (place := join(self.base, specifier)) is not None:
            found.append(place)
        return found


def read(source: Source, folder: str) -> Paths:
    """The nearest configuration at or above a folder."""
    if source.alone:
        return Paths()
    for at in parents(folder):
        for name in ("tsconfig.json", "jsconfig.json"):
            path = f"{at}/{name}".lstrip("/")
            if source.has(path):
                return _read(source, path, 0)
    return Paths()


def _read(source: Source, path: str, depth: int) -> Paths:
    try:
        data = table(loads(source.read_text(path)))
    except ValueError:
        return Paths(file=path)  # the compiler, where one runs, says so
    options, folder = table(data.get("compilerOptions")), parent(path)
    above = _above(source, folder, data.get("extends"), depth)
    base = options.get("baseUrl")
    inherited = above.base if above is not None else None
    found = Paths(file=path, base=join(folder, base) if isinstance(base, str) else inherited)
    found.aliases = _aliases(options, found.base if found.base is not None else folder)
    if not found.aliases and above is not None:
        found.aliases = above.aliases
    return found


def _above(source: Source, folder: str, extends: object, depth: int) -> Paths | None:
    """The configuration that is extended, where it lies in the source."""
    if not isinstance(extends, str) or not extends.startswith(".") or depth >= 8:
        return None
    path = join(folder, extends if extends.endswith(".json") else f"{extends}.json")
    return _read(source, path, depth + 1) if path is not None and source.has(path) else None


def _aliases(options: dict[str, object], start: str) -> dict[str, list[str]]:
    return {
        pattern: [place for target in strings(targets) if (place := join(start, target)) is not None]
        for pattern, targets in table(options.get("paths")).items()
    }
