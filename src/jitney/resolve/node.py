"""Packages of JavaScript: the project's lock as it stands, if it fits; else its package manager, in a build, says which
versions, with checksums. The loader for TypeScript is resolved beside it, apart from the program's own packages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jitney.errors import BuildError, ResolveError
from jitney.plan.model import Instruction, Lock
from jitney.plan.node import compiled_here, wants_loader
from jitney.plan.node_deno import WORK
from jitney.plan.node_steps import LAID, LOADER, SCRIPTS, every, feature, install_step, settings
from jitney.plan.scripts import script
from jitney.resolve.node_fit import check_fit, manifest_for_install
from jitney.resolve.stage import lines_of, read_out

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.world import World

LOADER_RANGE = "^4.20.0"
FILES = ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock")


def resolve_node(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> Lock:
    """Lock.files: manifests and lock relative to the install's root; below `@tsx/` the loader's. sdists: packages whose
    scripts compile them. ResolveError: no such package or version, a lock that does not fit its manifest."""
    lock = Lock(language=request.language, version=request.version, prerelease=request.prerelease)
    runtime = feature(request.features, "runtime")
    if runtime == "deno":
        from jitney.resolve.deno import resolve_deno

        return resolve_deno(request, world, texts, lock)
    files = _own(request, world, texts)
    entry = request.entry
    if wants_loader(request.features, entry, request.version):
        world.on_line("asking for the loader of TypeScript")
        manifest = _manifest({"tsx": LOADER_RANGE})
        found = ask({"package.json": manifest}, "npm", "", request, world)
        files |= {f"{LOADER}package.json": manifest} | {
            f"{LOADER}{name}": text for name, text in found.items()
        }
    return msgspec.structs.replace(lock, files=files, sdists=compiled_here(_names(files)))


def _own(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> dict[str, str]:
    """The program's own packages; empty where it has none."""
    bun = feature(request.features, "runtime") == "bun"
    if request.manager == "imports":
        if not request.requirements:
            return {}
        manifest = _manifest(dict(map(_split, request.requirements)))
        world.on_line("asking for packages: exact versions and checksums")
        return {"package.json": manifest} | ask(
            {"package.json": manifest}, "bun" if bun else "npm", "", request, world
        )
    files = _project(request, texts)
    root = feature(request.features, "root")
    extra = dict(map(_split, every(request.features, "extra")))
    if extra:
        files["package.json"] = _with(files["package.json"], extra)
    own = request.lock.removeprefix(f"{root}/" if root else "")
    if request.lock and not extra and own != "bun.lockb":
        check_fit(request.lock, texts[request.lock], files)
        return files | {"package-lock.json" if own == "npm-shrinkwrap.json" else own: texts[request.lock]}
    if not _needs_packages(request, files):
        return {}
    manager = "npm" if request.manager == "yarn" and not request.lock else request.manager
    world.on_line(f"asking for packages with {manager}: exact versions and checksums")
    beside: dict[str, bytes | Path] = {}
    if request.lock:
        beside[own] = world.source.read_bytes(request.lock)
    return files | ask(files, manager, feature(request.features, "manager"), request, world, beside)


def _needs_packages(request: ResolveRequest, files: Mapping[str, str]) -> bool:
    """Whether there is anything to install: for a run, or for the build before it alone."""
    if request.requirements or every(request.features, "member"):
        return True
    manifests = (text for name, text in files.items() if name.rpartition("/")[2] == "package.json")
    return bool(every(request.features, "build")) and any(
        json.loads(text).get("devDependencies") for text in manifests
    )


def _project(request: ResolveRequest, texts: Mapping[str, str]) -> dict[str, str]:
    """What an installation reads, relative to the root of the workspace: an edited script asks for nothing anew."""
    root = feature(request.features, "root")
    files = {}
    for path, text in texts.items():
        below = path.removeprefix(f"{root}/" if root else "")
        if path.rpartition("/")[2] in ("package.json", "package.json5"):
            files[below.removesuffix("5")] = manifest_for_install(text, is_json5=path.endswith("5"))
        elif path != request.lock and not path.endswith(("tsconfig.json", "jitney.lock")):
            files[below] = _plain(below, text)
    return files


def _plain(path: str, text: str) -> str:
    """Without what names files that do not go along, and without credentials, which are no part of an image's plan."""
    if path.endswith(".yarnrc.yml"):
        return re.sub(
            r"(?m)^(?:yarnPath|nodeLinker|enableImmutableInstalls|injectEnvironmentFiles).*\n|^plugins:\n(?:[ -].*\n)*",
            "",
            text,
        )
    if path.endswith(".npmrc"):
        return re.sub(r"(?m)^.*(?:_auth|_password|authToken|nodedir|cafile|prefix\s*=).*\n?", "", text)
    return text


def _split(requirement: str) -> tuple[str, str]:
    """`@scope/name@^1` → name and range."""
    name, _, spec = requirement[1:].partition("@")
    return requirement[0] + name, spec or "*"


def _manifest(dependencies: dict[str, str]) -> str:
    latest = {name: "latest" if spec == "*" else spec for name, spec in sorted(dependencies.items())}
    return json.dumps({"name": "program", "private": True, "dependencies": latest}, indent=2) + "\n"


def _with(text: str, extra: dict[str, str]) -> str:
    data = json.loads(text)
    data["dependencies"] = {**data.get("dependencies", {}), **extra}
    return json.dumps(data, indent=2) + "\n"


def _names(files: Mapping[str, str]) -> set[str]:
    """Names of packages in a lock, whatever its form."""
    text = "\n".join(text for name, text in files.items() if name.rpartition("/")[2] in FILES)
    names = set(re.findall(r"node_modules/((?:@[^/\"']+/)?[^/\"':]+)[\"']\s*:", text))
    names |= set(
        re.findall(r"(?m)^\s*[\"']?/?((?:@[\w.~-]+/)?[\w.~-]+)[@/](?:npm:|workspace:)?[\^~>=<*\d]", text)
    )
    return names | set(re.findall(r"\[\"((?:@[^/\"]+/)?[^@\"]+)@", text))


def ask(
    files: Mapping[str, str],
    manager: str,
    version: str,
    request: ResolveRequest,
    world: World,
    beside: Mapping[str, bytes | Path] | None = None,
) -> dict[str, str]:
    """Lock files that the manager writes for these manifests."""
    wish: dict[str, object] = {
        "mode": "lock",
        "manager": manager,
        "managerVersion": version,
        "folder": WORK,
        "out": "/out",
        "lock": LAID,
    }
    steps = (
        Instruction(op="user", args=("0:0",)),
        install_step("lock", "bun" if manager == "bun" else "node", "lock"),
    )
    context: dict[str, bytes | Path] = {f"lock/{name}": data for name, data in (beside or {}).items()}
    given = {f"lock/{name}": text for name, text in files.items()} | {
        **{one: script(one) for one in SCRIPTS},
        "lock.json": settings(wish),
    }
    return build_out(steps, given, context, request.base, world)


def build_out(
    steps: tuple[Instruction, ...],
    files: Mapping[str, str],
    context: Mapping[str, bytes | Path],
    base: str,
    world: World,
) -> dict[str, str]:
    """Text files that the steps leave in /out. ResolveError in words of ours."""
    try:
        return read_out(base, steps, files, world, context)
    except BuildError as error:
        raise translate(error) from error


def translate(error: BuildError) -> ResolveError:
    """The script's own line, else the last words."""
    said = [line.strip() for line in lines_of(error)]
    lines = [line.removeprefix("jitney: error: ") for line in said if line.startswith("jitney: error: ")]
    words = lines[-1] if lines else " ".join(line for line in said[-4:] if line)
    remote = re.search(r"(?:Import|manifest for) '([^']+)' failed", error.output)
    if remote:
        return ResolveError(
            f"{remote[1]} cannot be fetched: a build here does not reach its host",
            "packages of npm are reached: import them as npm:NAME, or through a mirror in ~/.npmrc",
        )
    return ResolveError(
        f"packages cannot be resolved: {words or error.message}",
        "is the name right, and the registry reachable?",
    )
