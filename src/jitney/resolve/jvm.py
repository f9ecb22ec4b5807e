"""Artifacts for the JVM: Maven resolves them in a build, whoever names them; the lock has each with its checksum."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jitney.errors import BuildError, ResolveError
from jitney.plan import maven
from jitney.plan.compilers import WORK, tools_of
from jitney.plan.jvm import maven_mounts, words
from jitney.plan.model import Instruction, Lock
from jitney.plan.scripts import script
from jitney.resolve.stage import lines_of, read_out

if TYPE_CHECKING:
    from jitney.plan.request import ResolveRequest
    from jitney.resolve.world import World

UNREACHABLE = re.compile(
    r"(?i)unknown host|connection refused|timed out|PKIX|no route to host|status code: (?:407|5\d\d)"
)
MISSING = re.compile(
    r"(?:(?:Could not find artifact|The following artifacts could not be resolved:) |(?=\S+ was not found in ))([\w.:-]+)"
)
"""The last form is that of a failure which Maven remembers."""


def resolve_jvm(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> Lock:
    """Lock.packages: jars of the program and of its compilers. Lock.files["imports"]: why a Maven project is built without Maven."""
    if request.manager == "jar":
        return Lock(language=request.language, version=request.version)
    if request.manager == "pom.xml":
        return _project(request, world, texts)
    return _lock(request, _listed(request, world, request.requirements))


def _lock(
    request: ResolveRequest, artifacts: list[maven.Artifact], files: dict[str, str] | None = None
) -> Lock:
    return Lock(
        language=request.language,
        version=request.version,
        packages=maven.write_lines(artifacts),
        files=files or {},
    )


def _project(request: ResolveRequest, world: World, texts: Mapping[str, str]) -> Lock:
    """By the project's own poms. Where one of them names what nobody has, its imports may suffice."""
    reactor, module = _feature(request, "reactor"), _feature(request, "module") or "."
    context = {f"src/{path}": text.encode() for path, text in texts.items()}
    copy = Instruction(op="copy", args=("src/", f"{WORK}/"))
    world.on_line("asking Maven for this project's libraries")
    try:
        said = _build(
            request, world, {}, context, (copy,), "project", f"{WORK}/{reactor}".rstrip("/"), module
        )
    except ResolveError as error:
        if "fallback:" not in request.features or UNREACHABLE.search(error.message):
            raise
        world.on_line(f"{error.message}: going by the imports instead")
        needs = tuple(one[9:] for one in request.features if one.startswith("fallback:") and one[9:])
        return _lock(request, _listed(request, world, needs), {"imports": error.message})
    return _lock(request, _artifacts(said))


def _feature(request: ResolveRequest, word: str) -> str:
    return next((one[len(word) + 1 :] for one in request.features if one.startswith(f"{word}:")), "")


def _listed(request: ResolveRequest, world: World, needs: tuple[str, ...]) -> list[maven.Artifact]:
    tools = tools_of(request.features, request.entry)
    named = {":".join(one.split(":")[:2]) for one in needs}
    usual = [row.format(version) for tool, version in tools for row in maven.RUNTIMES.get(tool, ())]
    wanted = [*needs, *(one for one in usual if ":".join(one.split(":")[:2]) not in named)]
    if not wanted:
        return []
    repositories = [one[11:] for one in request.features if one.startswith("repository:")]
    files = maven.resolving(wanted, request.constraints, tools, repositories)
    world.on_line("asking Maven for libraries: exact versions and checksums")
    return _artifacts(_build(request, world, files, {}, (), "resolve"))


def _artifacts(said: str) -> list[maven.Artifact]:
    """Lines `SCOPE PATH SHA256`; `all` is what a compilation sees: what of it does not run is provided."""
    found: dict[str, maven.Artifact] = {}
    seen = []
    for line in said.splitlines():
        scope, path, checksum = line.split(" ")
        if scope == "all":
            seen.append((path, checksum))
        else:
            found[f"{scope} {path}"] = maven.from_path(scope, path, checksum)
    for path, checksum in seen:
        if f"{maven.LIB} {path}" not in found:
            found[f"provided {path}"] = maven.from_path(maven.PROVIDED, path, checksum)
    return list(found.values())


def _build(
    request: ResolveRequest,
    world: World,
    files: dict[str, str],
    context: dict[str, bytes],
    before: tuple[Instruction, ...],
    *argv: str,
) -> str:
    """Text of /out/jars after this command of the script. ResolveError in words of ours."""
    mounts = maven_mounts(world.facts, *(("poms",) if files else ()))
    run = Instruction(op="run", args=words(*argv), mounts=mounts)
    steps = (Instruction(op="user", args=("0:0",)), *before, run)
    whole = {"jvm.sh": script("jvm.sh"), "Trust.java": script("Trust.java"), **files}
    try:
        return read_out(request.base, steps, whole, world, context)["jars"]
    except BuildError as error:
        raise translate(error, request) from error


def translate(error: BuildError, request: ResolveRequest) -> ResolveError:
    """Maven's words → which artifact, by which line."""
    said = [line.strip() for line in lines_of(error)]
    errors = [line.removeprefix("[ERROR]").strip() for line in said if line.startswith("[ERROR]")]
    text = " ".join(errors) or error.message
    if UNREACHABLE.search(text):
        return ResolveError(
            f"the repository cannot be reached: {text[:400]}",
            "`jitney doctor` shows what is reached; mirrors are set in ~/.m2/settings.xml",
        )
    if missing := MISSING.search(text):
        coordinates = missing[1].strip(":")
        named = ":".join(coordinates.split(":")[:2])
        place = next(
            (place for one, place in request.asked_by.items() if place and one.startswith(named)), ""
        )
        asked = f" (asked for by {place})" if place else ""
        return ResolveError(
            f"no repository has the artifact {coordinates}{asked}",
            "is it spelled right, and published in this version?",
        )
    first = next((line for line in errors if line), error.message)
    return ResolveError(f"Maven cannot resolve this: {first[:600]}", "does `mvn validate` work here?")
