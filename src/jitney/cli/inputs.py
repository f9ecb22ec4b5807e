"""Variables and secrets that the user hands over, read and checked before anything is built."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from jitney.config import Config
from jitney.errors import UsageError

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"


def environment(files: Iterable[str], assignments: Iterable[str]) -> dict[str, str]:
    """`--env-file`, then `--env NAME=VALUE`, or `--env NAME` for the value that it has here. Later ones win."""
    values: dict[str, str] = {}
    for path in files:
        for number, line in enumerate(_lines(path), 1):
            text = line.strip()
            if text and not text.startswith("#"):
                values.update(_assignment(text, f"{path}:{number}"))
    for text in assignments:
        values.update(_assignment(text, "--env"))
    return values


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--env-file {path}: {error}", "lines of NAME=VALUE are expected") from error


def _assignment(text: str, where: str) -> Mapping[str, str]:
    """Docker's rules: the value is taken as it is; a name alone takes its value from here, or nothing if it has none."""
    name, equals, value = text.partition("=")
    if not re.fullmatch(_NAME, name):
        raise UsageError(f"{where}: {name!r} is not a variable's name", "NAME=VALUE is expected")
    if equals:
        return {name: value}
    here = os.environ.get(name)
    return {} if here is None else {name: here}


def secrets(wanted: Iterable[str]) -> dict[str, bytes]:
    """`--secret NAME` takes the variable's value, `--secret NAME=FILE` a file's bytes."""
    values: dict[str, bytes] = {}
    for text in wanted:
        name, equals, path = text.partition("=")
        if not re.fullmatch(_NAME, name):
            raise UsageError(f"--secret {name!r} is not a name", "letters, digits and _ are expected")
        values[name] = _file(name, path) if equals else _variable(name)
    return values


def _variable(name: str) -> bytes:
    value = os.environ.get(name)
    if value is None:
        raise UsageError(f"the secret {name} is not set", f"export {name}=…, or --secret {name}=FILE")
    return value.encode("utf-8", "surrogateescape")


def _file(name: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"--secret {name}: {path}: {error.strerror}") from error


def writer(config: Config) -> Config:
    """With --write: absolute folders, and the user that owns them, so that the program can write and its files are theirs.

    UsageError: no such folder, owners that differ, or a folder of root's: no program runs as root unless it is said.
    """
    if not config.writes:
        return config
    folders = [_folder(text) for text in config.writes]
    config = msgspec.structs.replace(config, writes=tuple(text for text, _ in folders))
    if config.user != Config().user:
        return config
    owners = {(stat.st_uid, stat.st_gid) for _, stat in folders if not stat.st_mode & 0o002}
    if not owners:
        return config
    if len(owners) > 1:
        raise UsageError("the --write folders have different owners", "say who writes: --user UID:GID")
    uid, gid = owners.pop()
    if uid == 0:
        first = folders[0][0]
        raise UsageError(
            f"--write {first}: the folder is root's, and programs do not run as root",
            f"chown 65532:65532 {first}, or take the risk: --user 0:0 (still without any capability)",
        )
    return msgspec.structs.replace(config, user=f"{uid}:{gid}")


def _folder(text: str) -> tuple[str, os.stat_result]:
    host, colon, inside = text.partition(":")
    path = Path(host).resolve()
    if not path.is_dir():
        raise UsageError(f"--write {host}: there is no such folder", f"mkdir -p {host}")
    return f"{path}{colon}{inside}", path.stat()
