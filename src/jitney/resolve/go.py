"""Go modules: a complete go.sum is kept to; else `go mod tidy` in a build says which versions, with checksums."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jitney.errors import BuildError, ResolveError
from jitney.plan.go import CACHES, CERTIFICATES, WORK
from jitney.plan.model import Instruction, Lock, Mount
from jitney.resolve.stage import lines_of, read_out

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.world import World

MODULE = "jitney.local/main"
SETTINGS = ("JITNEY=1", "HOME=/root", "GOPATH=/root/go", "GOTOOLCHAIN=auto", "GOFLAGS=-mod=mod", "GOWORK=off")


def resolve_go(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> Lock:
    """Lock.files: go.mod and go.sum to be laid over the module's folder; empty where its own are complete."""
    lock = Lock(language="go", version=request.version, prerelease=request.prerelease)
    module = _module(request, texts)
    go_mod = texts.get(_join(module, "go.mod"), "")
    if go_mod and is_complete(go_mod, texts.get(_join(module, "go.sum"), "")):
        return lock
    if world.source.has(_join(module, "vendor/modules.txt")):
        return lock  # the Go command takes the folder, and nothing from elsewhere
    if not go_mod and not request.requirements:
        return _with(lock, {"go.mod": new_module(request.version)})
    world.on_line("asking for Go modules: exact versions and checksums")
    beside = _workspace(module, go_mod, texts)
    roots = () if go_mod else module_roots(request.requirements)
    found = _tidy(request, world, module, (go_mod or new_module(request.version)) + beside, roots)
    return _with(lock, {"go.sum": found.get("go.sum", "")} if beside else found)


def module_roots(requirements: tuple[str, ...]) -> tuple[str, ...]:
    """Modules of a bare file's imports on hosts where a path says which part is the repository, `NAME@VERSION`.

    Asked for by name before `go mod tidy` looks for them: it tries every longer path first, and a proxy that refuses one
    (403) instead of not knowing it (404) would end the search.
    """
    found = {}
    for requirement in requirements:
        path, _, version = requirement.partition("@")
        match = re.match(r"(?:github\.com|gitlab\.com|bitbucket\.org)/[^/]+/[^/]+(?:/v\d+(?=/|$))?", path)
        match = match or re.match(r"golang\.org/x/[^/]+|gopkg\.in/(?:[^/]+/)?[^/]+\.v\d+", path)
        if match and (version or match[0] not in found):
            found[match[0]] = version or "latest"
    return tuple(f"{name}@{version}" for name, version in sorted(found.items()))


def is_complete(go_mod: str, go_sum: str) -> bool:
    """Whether go.sum has the checksum of every module that go.mod asks for directly and does not replace by a folder."""
    replaced = set(re.findall(r"(?m)^\s*(?:replace\s+)?(\S+)(?:\s+v\S+)?\s+=>\s+[./]", go_mod))
    asked = re.findall(r"(?m)^\s*(?:require\s+)?([\w.-]+\.[\w-]+/\S+)\s+(v\S+)\s*$", go_mod)
    return all(f"{name} {version} h1:" in go_sum for name, version in asked if name not in replaced)


def _workspace(module: str, go_mod: str, texts: Mapping[str, str]) -> str:
    """Lines that let `go mod tidy`, which looks at no go.work, find the other modules of the workspace by their folders."""
    if not any(path.rpartition("/")[2] == "go.work" for path in texts):
        return ""
    lines = []
    for path, text in sorted(texts.items()):
        name = re.search(r"(?m)^module\s+(\S+)", text)
        folder = path.rpartition("/")[0]
        if path.rpartition("/")[2] == "go.mod" and folder != module and name:
            lines.append(f"replace {name[1]} => {_relative(folder, module)}\n")
            if not re.search(rf"(?m)^(?:require)?\s*{re.escape(name[1])}\s+v", go_mod):
                lines.append(f"require {name[1]} v0.0.0\n")
    return "\n" + "".join(lines) if lines else ""


def _relative(folder: str, start: str) -> str:
    import posixpath

    path = posixpath.relpath(folder or ".", start or ".")
    return path if path.startswith(".") else f"./{path}"


def _with(lock: Lock, files: dict[str, str]) -> Lock:
    return Lock(language=lock.language, version=lock.version, prerelease=lock.prerelease, files=files)


def new_module(version: str) -> str:
    return f"module {MODULE}\n\ngo {version}\n"


def _module(request: ResolveRequest, texts: Mapping[str, str]) -> str:
    """Folder of the nearest go.mod at or above the program's own, else that folder."""
    folder = request.workdir
    while _join(folder, "go.mod") not in texts:
        if not folder:
            return request.workdir
        folder = folder.rpartition("/")[0]
    return folder


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _tidy(
    request: ResolveRequest, world: World, module: str, go_mod: str, roots: tuple[str, ...]
) -> dict[str, str]:
    steps = _steps(module, roots, has_ca=bool(world.facts.ca_bundle))
    context: dict[str, bytes | Path] = {
        f"src/{path}": world.source.read_bytes(path) for path in request.takes
    }
    try:
        return read_out(request.base, steps, {"lock/go.mod": go_mod}, world, context)
    except BuildError as error:
        raise _translate(error) from error


GET = 'cd "$0" && for one do go get "$one" || echo "jitney: $one: not there under this name"; done'


def _steps(module: str, roots: tuple[str, ...], *, has_ca: bool) -> tuple[Instruction, ...]:
    folder = _join(WORK, module).rstrip("/")
    mounts = (*CACHES, *((Mount(kind="secret", source="ca", target=CERTIFICATES),) if has_ca else ()))
    return (
        Instruction(op="copy", args=("src/", f"{WORK}/")),
        Instruction(op="copy", args=("lock/", f"{folder}/")),
        *(
            (
                Instruction(
                    op="run",
                    args=("/usr/bin/env", *SETTINGS, "/bin/sh", "-c", GET, folder, *roots),
                    mounts=mounts,
                ),
            )
            if roots
            else ()
        ),
        Instruction(
            op="run", args=("/usr/bin/env", *SETTINGS, "go", "mod", "-C", folder, "tidy"), mounts=mounts
        ),
        Instruction(
            op="run",
            args=(
                "/bin/sh",
                "-c",
                'mkdir /out && cd "$0" && cp go.mod /out/ && { [ ! -f go.sum ] || cp go.sum /out/; }',
                folder,
            ),
        ),
    )


def _translate(error: BuildError) -> ResolveError:
    said = [line.strip() for line in lines_of(error)]
    lines = [line for line in said if not re.match(r"go: (?:downloading|finding|found|added)|#|$", line)]
    wanted = [line for line in lines if re.search(r"go: |imports?\b|module|\bno such|not found", line)]
    words = " ".join(dict.fromkeys(wanted[-4:]).keys()).replace("go: ", "") or error.message
    return ResolveError(
        f"Go modules cannot be resolved: {words}", "is the module's path right, and the proxy reachable?"
    )
