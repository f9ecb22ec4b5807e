"""A start script that starts another package: `cd apps/web && npm start`, `yarn workspace api start`, `pnpm --filter web dev`,
`nx serve api`, `turbo run start --filter=web`. What it names is a folder or a member of the workspace."""

from __future__ import annotations

import re
import shlex

import msgspec

_FOLDERS = ("--prefix", "-C", "--cwd", "--dir")
_NAMES = ("-w", "--workspace", "--filter", "-F", "--scope")
_RUNS = frozenset(
    {"run", "run-script", "exec", "-s", "--silent", "--", "--stream", "--parallel", "workspaces", "foreach"}
)
_EVERYWHERE = frozenset({"--workspaces", "-ws", "-r", "--recursive", "workspaces"})
"""Words of a manager that run a script in all members."""

LONGEST = 4096
MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun"})
RUNNERS = frozenset({"turbo", "nx", "lerna", "moon", "rush", "wireit"})
"""Programs that run a script in members of a workspace."""


class Forward(msgspec.Struct, frozen=True):
    """folder: as the script writes it; member: a package's name; script: which one is started there, or text: a command of its
    own. All: every member that has the script, where neither a folder nor a member is named."""

    script: str = ""
    folder: str = ""
    member: str = ""
    text: str = ""

    @property
    def is_all(self) -> bool:
        return not self.folder and not self.member


def forward(text: str) -> Forward | None:
    """None: the script starts something here, or is longer than anybody writes."""
    if len(text) > LONGEST:
        return None
    match = re.fullmatch(r"cd\s+([\w@./-]+)\s*&&\s*(.+)", text.strip(), re.DOTALL)
    if match:
        return _below(match[1], match[2])
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    words = words[1:] if words[:1] == ["npx"] else words
    if not words:
        return None
    if words[0] in MANAGERS:
        return _by_manager(words)
    if words[0] == "nx":
        return _by_nx(words[1:])
    return _by_runner(words) if words[0] in RUNNERS else None


def _below(folder: str, text: str) -> Forward:
    """`cd FOLDER && …`; installing there is Jitney's own work."""
    parts = [part.strip() for part in text.split("&&")]
    left = " && ".join(part for part in parts if not is_install(part))
    words = left.split()
    if words[:1] and words[0] in MANAGERS and "&&" not in left and (name := _script(words[1:])):
        return Forward(name, folder=folder)
    return Forward(folder=folder, text=left)


def is_install(text: str) -> bool:
    """`npm ci`, `yarn`, `pnpm install --frozen-lockfile`: packages are there already."""
    words = text.split()
    return bool(words) and words[0] in MANAGERS and (len(words) == 1 or words[1] in ("i", "ci", "install"))


def _by_manager(words: list[str]) -> Forward | None:
    if words[:2] == ["yarn", "workspace"] and len(words) > 3:
        return Forward(_script(words[3:]), member=words[2])
    options, rest = _options(words[1:])
    name = _script(rest)
    if not name:
        return None
    if _EVERYWHERE & set(rest):
        return Forward(name)
    folder, member = _first(options, _FOLDERS), _first(options, _NAMES)
    if member.startswith(("./", "packages/", "apps/")) or ("/" in member and not member.startswith("@")):
        folder, member = folder or member, ""
    return Forward(name, folder=folder, member=member) if folder or member else None


def _first(options: dict[str, str], flags: tuple[str, ...]) -> str:
    return next((options[flag] for flag in flags if flag in options), "")


def _by_runner(words: list[str]) -> Forward | None:
    """`turbo run start`, `turbo start --filter=web`, `lerna run start --scope web`."""
    options, rest = _options(words[1:])
    name = _script(rest)
    member = _first(options, _NAMES).rstrip(".").removeprefix("{./").strip("{}")
    return Forward(name, member=member) if name else None


def _by_nx(words: list[str]) -> Forward | None:
    """`nx serve api`, `nx run api:serve`, `nx run-many -t serve`."""
    options, rest = _options(words)
    plain = [word for word in rest if not word.startswith("-")]
    if plain[:1] == ["run"] and len(plain) > 1:
        member, _, script = plain[1].partition(":")
        return Forward(script or "serve", member=member)
    if plain[:1] == ["run-many"]:
        return Forward(options.get("-t", options.get("--target", "serve")))
    if not plain:
        return None
    return Forward(plain[0], member=plain[1] if len(plain) > 1 else "")


def _options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Options that name a place, and the other words."""
    options: dict[str, str] = {}
    rest: list[str] = []
    known = (*_FOLDERS, *_NAMES, "-t", "--target")
    left = list(words)
    while left:
        word = left.pop(0)
        flag, equals, value = word.partition("=")
        if flag in known and equals:
            options[flag] = value
        elif word in known and left:
            options[word] = left.pop(0)
        else:
            rest.append(word)
    return options, rest


def _script(words: list[str]) -> str:
    return next((word for word in words if word not in _RUNS and not word.startswith("-")), "")
