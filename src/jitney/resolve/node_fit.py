"""Whether a lock file fits its manifest, and what of a manifest an installation reads. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from jitney.detect.node.jsonc import loads, table, texts
from jitney.errors import ResolveError

READ = (
    "name", "version", "private", "type", "dependencies", "devDependencies", "optionalDependencies", "peerDependencies",
    "peerDependenciesMeta", "bundleDependencies", "bundledDependencies", "overrides", "resolutions", "workspaces", "engines",
    "bin", "pnpm", "trustedDependencies", "patchedDependencies", "catalog", "catalogs", "dependenciesMeta", "installConfig",
)  # fmt: skip
"""Members of package.json on which an installation depends. Not its scripts, nor the manager, which Jitney has chosen."""

KINDS = ("dependencies", "devDependencies", "optionalDependencies")


def manifest_for_install(text: str, *, is_json5: bool = False) -> str:
    """package.json with only what matters, so that an edited script makes no new image. As JSON, which all managers read."""
    try:
        data = table(loads(text, is_json5=is_json5))
    except ValueError:
        data = {}  # detection has told
    return json.dumps({name: data[name] for name in READ if name in data}, indent=2) + "\n"


def check_fit(path: str, lock: str, files: Mapping[str, str]) -> None:
    """ResolveError: the manifest asks for what the lock has not. Only what can be told without the package manager, which
    looks again when it installs."""
    data = table(loads(files.get("package.json", "{}")))
    wanted = {name: spec for kind in KINDS for name, spec in texts(data.get(kind)).items()}
    name = path.rpartition("/")[2]
    if name in ("package-lock.json", "npm-shrinkwrap.json"):
        _check_npm(path, lock, wanted)
        return
    missing = [
        package for package in wanted if not re.search(rf"(?<![\w@/-]){re.escape(package)}(?![\w/-])", lock)
    ]
    if missing:
        raise _unfit(path, f"{missing[0]}@{wanted[missing[0]]}", _command(name))


def _command(lock: str) -> str:
    return {
        "pnpm-lock.yaml": "pnpm install --lockfile-only",
        "yarn.lock": "yarn install",
        "bun.lock": "bun install",
    }.get(lock, "npm install --package-lock-only")


def _check_npm(path: str, lock: str, wanted: dict[str, str]) -> None:
    command = _command("")
    try:
        data = table(loads(lock))
    except ValueError as error:
        raise ResolveError(f"{path} is no JSON: {error}", f"make it anew: {command}") from error
    root = table(table(data.get("packages")).get(""))
    if root:
        has = {name: spec for kind in KINDS for name, spec in texts(root.get(kind)).items()}
        for name, spec in wanted.items():
            if has.get(name) != spec:
                old = f" (it has {has[name]})" if name in has else ""
                raise _unfit(path, f"{name}@{spec}{old}", command)
        return
    names = set(table(data.get("dependencies")))
    for name, spec in wanted.items():
        if name not in names:
            raise _unfit(path, f"{name}@{spec}", command)


def _unfit(path: str, what: str, command: str) -> ResolveError:
    return ResolveError(
        f"{path} does not fit package.json, which asks for {what}: the lock has not that",
        f"make it anew: {command}",
    )
