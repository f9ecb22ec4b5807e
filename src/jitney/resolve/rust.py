"""Crates: a Cargo.lock that has what its manifests ask for is kept to; else cargo makes or completes one in a build."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from jitney.errors import BuildError, ResolveError
from jitney.plan.compiled import INSIDE, ROOM
from jitney.plan.model import Instruction, Lock, Mount
from jitney.plan.rust import CARGO_CACHES, cargo_config
from jitney.plan.scripts import script
from jitney.resolve.stage import lines_of, read_out

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.world import World

SCRIPTS = ("rust.sh", "work.sh")
LATEST_EDITION = "2021"
"""Of a bare file: what most code in the open is written in."""


def resolve_rust(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> Lock:
    """Lock.files: Cargo.lock, and the generated Cargo.toml of a file without one; for the folder in which cargo works."""
    lock = Lock(language="rust", version=request.version, prerelease=request.prerelease)
    root = _value(request, "root")
    if request.manager == "cargo":
        text = texts.get(f"{root}/Cargo.lock".lstrip("/"), "")
        if text and is_complete(text, _manifests(texts)):
            return lock
        world.on_line(
            "Cargo.lock lacks what its manifests ask for: completing it"
            if text
            else "asking for crates: exact versions"
        )
        return msgspec.structs.replace(lock, files=_locked(request, world, root, {}, keep=bool(text)))
    manifest = new_manifest(request)
    if not request.requirements:
        return msgspec.structs.replace(lock, files={"Cargo.toml": manifest})
    world.on_line("asking for crates: exact versions and checksums")
    found = _locked(request, world, root, {"Cargo.toml": manifest}, keep=False)
    return msgspec.structs.replace(lock, files={"Cargo.toml": manifest, **found})


def _value(request: ResolveRequest, name: str) -> str:
    return next((one.partition(":")[2] for one in request.features if one.startswith(f"{name}:")), "")


def _manifests(texts: Mapping[str, str]) -> list[dict[str, Any]]:
    found = []
    for path, text in texts.items():
        if path.rpartition("/")[2] == "Cargo.toml":
            try:
                found.append(tomllib.loads(text))
            except tomllib.TOMLDecodeError:
                continue
    return found


def is_complete(lock: str, manifests: list[dict[str, Any]]) -> bool:
    """Whether each package that the manifests declare is in it, and each crate that they ask for, with that version where it
    is an exact one."""
    try:
        packages = tomllib.loads(lock).get("package", [])
    except tomllib.TOMLDecodeError:
        return False
    have = {(one.get("name"), one.get("version")) for one in packages if isinstance(one, dict)}
    names = {name for name, _ in have}
    for data in manifests:
        for name, version in _asked(data):
            if name not in names or (version and (name, version) not in have):
                return False
    return True


def _asked(data: dict[str, Any]) -> list[tuple[str, str]]:
    """(crate, exact version or empty) of the plain dependencies of a manifest."""
    found = []
    table = data.get("dependencies")
    for name, entry in table.items() if isinstance(table, dict) and data.get("package") else ():
        real = entry.get("package", name) if isinstance(entry, dict) else name
        spec = entry.get("version", "") if isinstance(entry, dict) else entry
        if isinstance(entry, dict) and entry.get("workspace"):
            continue
        exact = re.fullmatch(r"=\s*(\d+\.\d+\.\d+\S*)", str(spec))
        found.append((str(real), exact[1] if exact else ""))
    return found


def new_manifest(request: ResolveRequest) -> str:
    """Cargo.toml of a bare file or a script; the program's file lies one folder above."""
    edition = _value(request, "edition") or LATEST_EDITION
    lines = "".join(f"{line}\n" for line in request.requirements)
    return (
        f'[package]\nname = "program"\nversion = "0.0.0"\nedition = "{edition}"\npublish = false\n\n'
        f'[[bin]]\nname = "program"\npath = "../{request.entry}"\n\n[dependencies]\n{lines}\n[workspace]\n'
    )


def _locked(
    request: ResolveRequest, world: World, root: str, files: dict[str, str], *, keep: bool
) -> dict[str, str]:
    """`cargo generate-lockfile`; where there is a lock, what it has is kept."""
    words = ("update", "--workspace") if keep else ("generate-lockfile",)
    steps = _steps(request, root, words, has_ca=bool(world.facts.ca_bundle))
    texts = {f"inside/{name}": script(name) for name in SCRIPTS}
    texts |= {f"src/{root}/{name}": text for name, text in files.items()}
    context: dict[str, bytes | Path] = {
        f"src/{path}": world.source.read_bytes(path) for path in request.takes if f"src/{path}" not in texts
    }
    try:
        return read_out(request.base, steps, texts, world, context)
    except BuildError as error:
        raise _translate(error, request) from error


def _steps(
    request: ResolveRequest, root: str, words: tuple[str, ...], *, has_ca: bool
) -> tuple[Instruction, ...]:
    mounts = (
        Mount(kind="bind", source="inside", target=INSIDE),
        Mount(kind="bind", source="src", target=f"{ROOM}/src"),
        *CARGO_CACHES,
        cargo_config(),
        *(
            (Mount(kind="secret", source="ca", target="/etc/ssl/certs/ca-certificates.crt"),)
            if has_ca
            else ()
        ),
    )
    settings = (
        "JITNEY=1",
        "HOME=/root",
        "CARGO_HOME=/root/.cargo",
        "CARGO_HTTP_CAINFO=/etc/ssl/certs/ca-certificates.crt",
        "CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback",
        "CARGO_TERM_COLOR=never",
    )
    clear = _value(request, "front-matter") or "-"
    argv = ("/usr/bin/env", *settings, "/bin/sh", f"{INSIDE}/rust.sh", "lock", root or ".", clear, *words)
    return (Instruction(op="user", args=("0:0",)), Instruction(op="run", args=argv, mounts=mounts))


def _translate(error: BuildError, request: ResolveRequest) -> ResolveError:
    """cargo's own words: from its first `error:` on, and who asked."""
    lines = lines_of(error)
    start = next((at for at, line in enumerate(lines) if line.startswith("error")), None)
    said = [line for line in lines[start:] if line.strip()] if start is not None else []
    words = "\n  ".join(line.removeprefix("error: ") for line in said[:12]) or error.message
    names = set(re.findall(r"`([\w-]+)[`\s]", words))
    asked = next(
        (place for line, place in request.asked_by.items() if line.split(" ")[0] in names and place), ""
    )
    return ResolveError(
        f"crates cannot be resolved{f' ({asked})' if asked else ''}: {words}",
        "is the crate's name and version right, and the registry reachable? (mirrors: ~/.cargo/config.toml is used)",
    )
