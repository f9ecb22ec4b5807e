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
    options = table(data.get("compilerOptions"))
    folder = parent(path)
    found = Paths(file=path)
    extends = data.get("extends")
    if isinstance(extends, str) and extends.startswith(".") and depth < 8:
        above = join(folder, extends if extends.endswith(".json") else f"{extends}.json")
        if above is not None and source.has(above):
            parent_paths = _read(source, above, depth + 1)
            found.base, found.aliases = parent_paths.base, parent_paths.aliases
    base = options.get("baseUrl")
    if isinstance(base, str):
        found.base = join(folder, base)
    start = found.base if found.base is not None else folder
    aliases = {
        pattern: [place for target in strings(targets) if (place := join(start, target)) is not None]
        for pattern, targets in table(options.get("paths")).items()
    }
    found.aliases = aliases or found.aliases
    return found
