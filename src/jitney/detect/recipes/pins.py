"""Version files of tools for every language: asdf's `.tool-versions`, mise's `mise.toml`."""

from __future__ import annotations

import re

from jitney.detect.recipes.model import Said

TOOLS = {
    "python": "python", "node": "javascript", "nodejs": "javascript", "go": "go", "golang": "go", "rust": "rust",
    "java": "java", "kotlin": "kotlin", "scala": "scala", "clojure": "clojure", "ruby": "ruby", "php": "php", "perl": "perl",
    "elixir": "elixir", "erlang": "erlang", "swift": "swift", "dart": "dart", "julia": "julia", "r": "r", "lua": "lua",
    "crystal": "crystal", "nim": "nim", "zig": "zig", "haskell": "haskell", "ghc": "haskell", "ocaml": "ocaml",
    "dotnet": "csharp", "dotnet-core": "csharp", "raku": "raku", "racket": "racket", "dmd": "d",
}  # fmt: skip
"""Names of asdf's and mise's plugins → Jitney's own names."""

_VERSION = re.compile(r"(?:^|[a-z]-?|-)v?(\d+(?:\.\d+){0,2})(?![\w.])")


def read(text: str, path: str, folder: str) -> list[Said]:
    return _mise(text, path) if path.endswith(".toml") else _asdf(text, path)


def version_in(text: str) -> str:
    """`temurin-21.0.4` → `21.0.4`; empty for `latest`, `system`, `ref:main`."""
    match = _VERSION.search(text.strip())
    return match[1] if match else ""


def _asdf(text: str, path: str) -> list[Said]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if len(words) > 1:
            found += _said("asdf", words[0], words[1], path, number)
    return found


def _mise(text: str, path: str) -> list[Said]:
    import tomllib

    try:
        tools = tomllib.loads(text).get("tools", {})
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return [Said(kind="broken", rule="mise", value=f"not valid TOML: {error}", file=path)]
    found: list[Said] = []
    lines = text.splitlines()
    for name, value in tools.items() if isinstance(tools, dict) else ():
        first = value[0] if isinstance(value, list) and value else value
        version = first.get("version") if isinstance(first, dict) else first
        number = next(
            (
                at
                for at, line in enumerate(lines, 1)
                if re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", line)
            ),
            0,
        )
        found += _said("mise", name, str(version), path, number)
    return found


def _said(rule: str, tool: str, text: str, path: str, line: int) -> list[Said]:
    language, version = TOOLS.get(tool.removeprefix("core:"), ""), version_in(text)
    if not language or not version:
        return []
    return [Said(kind="version", rule=rule, value=version, file=path, line=line, language=language)]
