"""Lock files of other tools → pins: name, version, hashes, and what each needs. Reading only; nothing is judged here."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from jitney.plan.torch import normal


class Need(msgspec.Struct, frozen=True):
    """A dependency of a locked package. under: the extra of that package which asks for it; empty: always."""

    name: str
    marker: str = ""
    extras: tuple[str, ...] = ()
    under: tuple[str, ...] = ()


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """One locked package. marker: PEP 508, as the lock has it. needs: what it depends on, where the lock's other packages
    have to be left out. origin: what stands in place of a release and a hash (`git+https://…@rev`, `./lib`)."""

    name: str
    version: str = ""
    hashes: tuple[str, ...] = ()
    marker: str = ""
    needs: tuple[Need, ...] = ()
    origin: str = ""


class LockForm(msgspec.Struct, frozen=True):
    """read: the pins of a parsed lock. walk: it also has what the program does not need (the developers' tools)."""

    read: Callable[[dict[str, Any]], list[Pin]]
    walk: Callable[[dict[str, Any]], bool] = lambda lock: False


def form_of(name: str) -> LockForm | None:
    if re.fullmatch(r"pylock(\..+)?\.toml", name):
        return LockForm(read_pylock)
    return FORMS.get(name)


def read_poetry(lock: dict[str, Any]) -> list[Pin]:
    hashes_aside = lock.get("metadata", {}).get("files", {})  # before Poetry 1.3
    return [
        Pin(
            name=package["name"],
            version=package["version"],
            hashes=_hashes(package.get("files") or hashes_aside.get(package["name"], [])),
            needs=tuple(_poetry_needs(package)),
            origin=_poetry_origin(package.get("source", {})),
        )
        for package in lock.get("package", [])
    ]


def _poetry_needs(package: dict[str, Any]) -> list[Need]:
    """An optional dependency counts under the extras that list it: `[package.extras] socks = ["PySocks (>=1.5)"]`."""
    under: dict[str, list[str]] = {}
    for extra, wanted in package.get("extras", {}).items():
        for text in wanted:
            under.setdefault(normal(re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0]), []).append(extra)
    needs = []
    for name, wants in package.get("dependencies", {}).items():
        for want in wants if isinstance(wants, list) else [wants]:
            table = want if isinstance(want, dict) else {}
            extras = tuple(under.get(normal(name), ("",))) if table.get("optional") else ()
            needs.append(Need(name, table.get("markers", ""), tuple(table.get("extras", ())), extras))
    return needs


def _poetry_origin(source: dict[str, Any]) -> str:
    kind, url = source.get("type", ""), source.get("url", "")
    if kind == "git":
        return f"git+{url}@{source.get('resolved_reference') or source.get('reference') or ''}"
    if kind in ("directory", "file"):
        return url if url.startswith(("/", ".")) else f"./{url}"
    return url if kind == "url" else ""  # "legacy": another index, whose files have hashes


def read_pdm(lock: dict[str, Any]) -> list[Pin]:
    hashes_aside = lock.get("metadata", {}).get("files", {})  # before PDM 2.8
    return [
        Pin(
            name=package["name"],
            version=package.get("version", ""),
            hashes=_hashes(
                package.get("files")
                or hashes_aside.get(f"{package['name']} {package.get('version', '')}", [])
            ),
            marker=package.get("marker", ""),
            needs=tuple(_needs_of_text(text) for text in package.get("dependencies", ())),
            origin=_table_origin(package),
        )
        for package in lock.get("package", [])
        if "default" in package.get("groups", ["default"])
    ]


def _needs_of_text(text: str) -> Need:
    """`idna[x]<4,>=2 ; python_version < "3"`"""
    head, _, marker = text.partition(";")
    extras = re.search(r"\[([^]]*)\]", head)
    names = tuple(name.strip() for name in extras[1].split(",")) if extras else ()
    return Need(re.split(r"[^A-Za-z0-9._-]", head.strip(), maxsplit=1)[0], marker.strip(), names)


def _pdm_walks(lock: dict[str, Any]) -> bool:
    """Locks of an older PDM do not say which group a package belongs to."""
    return any("groups" not in package for package in lock.get("package", []))


def read_pipfile(lock: dict[str, Any]) -> list[Pin]:
    return [
        Pin(
            name=name,
            version=package.get("version", "").removeprefix("=="),
            hashes=tuple(sorted(package.get("hashes", ()))),
            marker=package.get("markers", ""),
            origin=_table_origin(package),
        )
        for name, package in sorted(lock.get("default", {}).items())
    ]


def _table_origin(package: dict[str, Any]) -> str:
    """PDM's and Pipenv's tables alike. A url with hashes is a file like any other."""
    if "git" in package:
        return f"git+{package['git']}@{package.get('revision') or package.get('ref') or ''}"
    if "path" in package:
        return str(package["path"])
    return str(package.get("url") or package.get("file") or "")


def read_pylock(lock: dict[str, Any]) -> list[Pin]:
    """PEP 751."""
    pins = []
    for package in lock.get("packages", []):
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        hashes = {
            f"sha256:{file['hashes']['sha256']}" for file in files if "sha256" in file.get("hashes", {})
        }
        pins.append(
            Pin(
                name=package["name"],
                version=package.get("version", ""),
                hashes=tuple(sorted(hashes)),
                marker=package.get("marker", ""),
                origin=_pylock_origin(package),
            )
        )
    return pins


def _pylock_origin(package: dict[str, Any]) -> str:
    if vcs := package.get("vcs"):
        return f"{vcs.get('type', 'git')}+{vcs.get('url') or vcs.get('path', '')}@{vcs.get('commit-id', '')}"
    if directory := package.get("directory"):
        return str(directory.get("path", ""))
    archive = package.get("archive", {})
    return str(archive.get("url") or archive.get("path") or "")


def _hashes(files: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(sorted({file["hash"] for file in files if "hash" in file}))


FORMS = {
    "poetry.lock": LockForm(read_poetry, lambda lock: True),
    "pdm.lock": LockForm(read_pdm, _pdm_walks),
    "Pipfile.lock": LockForm(read_pipfile),
}
