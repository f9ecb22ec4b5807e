"""A script of package.json → what is really started: a file on a runtime, or a package's program; what has to be built before.

NODE_ENV=production tsc && node --env-file=.env dist/main.js
└ env ┘             └ builds   └ flags                 └ file
"""

from __future__ import annotations

import re
import shlex

import msgspec

from jitney.detect.node.forward import is_install

_ASSIGNED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SHELL = re.compile(r"[|;<>`$&(){}*?!]")
_VALUED = frozenset({"-r", "--require", "--import", "--loader", "--experimental-loader", "--env-file", "-C", "--conditions",
                     "--max-old-space-size", "--env-file-if-exists", "--tsconfig", "-P", "--project", "--config", "-c"})  # fmt: skip
_RUNNERS = frozenset(
    {
        "tsx",
        "vite-node",
        "ts-node",
        "ts-node-esm",
        "ts-node-dev",
        "tsnd",
        "esno",
        "jiti",
        "swc-node",
        "babel-node",
    }
)
"""Programs that do nothing but run a TypeScript file: Jitney's own loader takes their place."""

_SHELL_WORDS = frozenset(
    {"echo", "sh", "bash", "exit", "true", "false", "test", "cat", "python", "python3", "docker", "make", "sleep", "cd", "npm",
     "yarn", "pnpm", "source", "export", "."}
)  # fmt: skip
_WATCHERS = frozenset({"nodemon", "node-dev", "pm2-runtime"})
_MAKERS = frozenset(
    {"tsc", "tsup", "swc", "babel", "esbuild", "rollup", "webpack", "vite", "parcel", "rimraf", "rm", "mkdir", "cp", "cpx",
     "copyfiles", "tsc-alias", "ncc"}
)  # fmt: skip
_MAKING = re.compile(r"(?:^|[:-])(?:build|compile|generate|clean|bundle)(?:$|[:-])")
_LAUNCHERS = frozenset({"npx", "bunx", "pnpm", "yarn", "npm", "bun", "run", "exec", "cross-env", "env"})
_FILE = re.compile(r"[\w@./-]+\.(?:[cm]?[jt]s|[jt]sx)")
MAX_DEPTH = 6
LONGEST = 4096
"""Characters of a script that are taken apart; a longer one is a shell's."""


class Command(msgspec.Struct):
    """file: relative to the package's folder; tool: name of a package's program and its arguments; shell: all of it, where it
    is no plain command: file may then say what its last part starts. typed: a runner for TypeScript was named. builds:
    commands before it, for a shell."""

    runtime: str = ""
    file: str = ""
    tool: tuple[str, ...] = ()
    shell: str = ""
    flags: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    builds: tuple[str, ...] = ()
    typed: bool = False


def parse(name: str, scripts: dict[str, str], depth: int = 0) -> Command:
    """The command of the script `name`. What stands before it builds; what does anything else (a migration, an echo) belongs to
    each start, so that all of the script goes to a shell."""
    text = scripts[name].strip()
    if len(text) > LONGEST:
        return Command(shell=text)
    before = (scripts[f"pre{name}"],) if f"pre{name}" in scripts else ()
    parts = [part.strip() for part in text.split("&&")]
    parts = [part for part in parts[:-1] if not is_install(part)] + parts[-1:]
    found = _command(parts[-1], scripts, depth)
    early = [part for part in parts[:-1] if not _is_build(part)]
    if early:
        found.shell = " && ".join(parts)
        found.builds = (*before, *found.builds)
        return found
    found.builds = (*before, *parts[:-1], *found.builds)
    return found


def _is_build(text: str) -> bool:
    """Whether it makes files of files: `npm run build`, `tsc -p .`, `rm -rf dist`, `prisma generate`."""
    words = [one for one in text.split() if one not in _LAUNCHERS and not _ASSIGNED.fullmatch(one)]
    return bool(words) and (words[0] in _MAKERS or any(_MAKING.search(word) for word in words[:3]))


def _command(text: str, scripts: dict[str, str], depth: int) -> Command:
    try:
        words = shlex.split(text)
    except ValueError:
        return Command(shell=text)
    if not words or any(_SHELL.search(word) for word in words):
        return Command(shell=text)
    env: dict[str, str] = {}
    if words[0] in ("cross-env", "env", "cross-env-shell"):
        words = words[1:]
    while words and (match := _ASSIGNED.fullmatch(words[0])):
        env[match[1]] = match[2]
        words = words[1:]
    found = _words(words, scripts, depth) if words else Command(shell=text)
    found.env = {**found.env, **env}
    return found


def _words(words: list[str], scripts: dict[str, str], depth: int) -> Command:
    head, rest = words[0], words[1:]
    called = _script(words, scripts)
    if called and depth < MAX_DEPTH:
        name, more = called
        found = parse(name, scripts, depth + 1)
        found.args = (*found.args, *more)
        return found
    if (inner := _launched(words)) is not None:
        return _words(inner, scripts, depth) if inner else Command(shell=" ".join(words))
    if head in _WATCHERS:
        return _watched(rest, scripts, depth)
    if (
        called or "/" in head or head in _SHELL_WORDS
    ):  # a file of the project, or a word that no package brings
        return Command(shell=shlex.join(words))
    return _started(head, rest)


def _started(head: str, rest: list[str]) -> Command:
    """A runtime with its file, or a package's program."""
    if head in ("node", "nodejs") or head in _RUNNERS:
        return _run("node", rest, typed=head in _RUNNERS)
    if head in ("bun", "deno"):
        return _run(head, rest[1:] if rest[:1] == ["run"] else rest)
    return Command(tool=(head, *rest))


def _launched(words: list[str]) -> list[str] | None:
    """What `npx`, `bunx`, `pnpm exec` … start; None: the words are something else."""
    rest = _after_launcher(words)
    if rest is None:
        return None
    while (inner := _after_launcher(rest)) is not None:
        rest = inner
    return rest


def _after_launcher(words: list[str]) -> list[str] | None:
    if words[:1] and words[0] in ("npx", "bunx", "pnpx"):
        rest = words[1:]
    elif tuple(words[:2]) in _LAUNCHES:
        rest = words[2:]
    else:
        return None
    return [word for word in rest if word not in ("-y", "--yes", "--", "--bun", "-s")]


_LAUNCHES = frozenset(
    {("pnpm", "exec"), ("yarn", "exec"), ("npm", "exec"), ("pnpm", "dlx"), ("yarn", "dlx"), ("bun", "x")}
)
_CALLS = frozenset({"run", "task", "--run", "-s", "--silent", "run-script"})


def _script(words: list[str], scripts: dict[str, str]) -> tuple[str, list[str]] | None:
    """`npm run x`, `yarn x`, `pnpm x`, `bun run x`, `deno task x`, `node --run x`: the script and what is handed to it."""
    head, rest = words[0], words[1:]
    if head not in ("npm", "pnpm", "yarn", "bun", "deno", "node"):
        return None
    needed = {"deno": "task", "node": "--run"}.get(head)
    if needed and rest[:1] != [needed]:
        return None
    rest = [word for word in rest if word not in _CALLS]
    name = rest[0] if rest else ""
    return (name, [word for word in rest[1:] if word != "--"]) if name in scripts else None


def _run(runtime: str, rest: list[str], *, typed: bool = False) -> Command:
    flags: list[str] = []
    words = list(rest)
    while words and words[0].startswith("-"):
        flag = words.pop(0)
        flags.append(flag)
        if flag in _VALUED and words:
            flags.append(words.pop(0))
    if words and words[0] == "watch":
        words = words[1:]
    if not words:
        return Command(shell=" ".join([runtime, *rest]))
    typed = typed or any(
        word in ("tsx", "tsx/esm", "ts-node/esm", "ts-node/register", "tsx/cjs") for word in flags
    )
    return Command(
        runtime=runtime,
        file=words[0].removeprefix("./"),
        args=tuple(words[1:]),
        flags=_kept(flags),
        typed=typed,
    )


def _kept(flags: list[str]) -> tuple[str, ...]:
    """Without watching, and without loaders of TypeScript, whose place Jitney's own takes."""
    kept: list[str] = []
    words = list(flags)
    while words:
        flag = words.pop(0)
        value = words.pop(0) if flag in _VALUED and words else ""
        if flag.startswith(
            ("--watch", "--inspect", "--hot", "--transpile", "--esm", "--respawn", "--swc", "--files")
        ):
            continue
        if re.search(r"tsx|ts-node|tsconfig|project", f"{flag} {value}") or flag in ("-P", "-T"):
            continue
        kept += [flag, value] if value else [flag]
    return tuple(kept)


def _watched(rest: list[str], scripts: dict[str, str], depth: int) -> Command:
    """A single-use box watches nothing: the program alone."""
    for flag in ("--exec", "-x"):
        if flag in rest and len(rest) > rest.index(flag) + 1:
            at = rest.index(flag)
            inner = shlex.split(rest[at + 1])
            file = [word for word in rest[at + 2 :] if _FILE.fullmatch(word)]
            return _words([*inner, *file], scripts, depth)
    file = [word for word in rest if _FILE.fullmatch(word)]
    if not file:
        return Command(shell=" ".join(["nodemon", *rest]))
    return _run("node", [file[0]], typed=file[0].endswith(("ts", "tsx")))
