"""The build and the start of a Go program: a static binary in an image that has nothing else; with cgo on a base with glibc."""

from __future__ import annotations

import re

import msgspec

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.facts.model import Facts
from jitney.findings import Evidence
from jitney.plan.bases import DEBIAN, GO, GO_LIBRARY, GO_SID, base_of, key, provider
from jitney.plan.choice import Choice
from jitney.plan.compiled import (
    INSIDE,
    PROGRAM,
    ROOM,
    apt,
    evidence,
    is_compiled,
    resolving_base,
    start,
    suite_of,
)
from jitney.plan.model import Base, BuildPlan, Instruction, Lock, Mount, Stage
from jitney.plan.scripts import script
from jitney.plan.taken import Taken

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
WORK = "/build"
CACHES = (
    Mount(kind="cache", source="jitney-go-mod", target="/root/go/pkg/mod"),
    Mount(kind="cache", source="jitney-go-build", target="/root/.cache/go-build"),
)


def _go_fetches(wanted: str, version: str) -> str:
    """The Go command takes a newer toolchain as a module; an older wish is met by the base's own."""
    return f", fetches {wanted}" if _numbers(wanted) > _numbers(version) else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def choose(detection: Detection, facts: Facts, config: Config, lock: Lock) -> Choice:
    source, why = provider(facts, config)
    suite = "13" if source == "debian" else DEBIAN
    if "suite:sid" in detection.features and source == "debian":
        suite = "sid"
    version = GO_SID if suite == "sid" else GO[source]
    wanted = config.version or detection.version
    rule = "base.go.toolchain" if wanted else "base.go.default"
    picked = Evidence(rule=rule, decides="base", value=f"Go {version}" + _go_fetches(wanted, version))
    run = ""
    if is_cgo(detection):
        run = key(source, "debian", suite, "run")
    elif detection.system:
        run = key(source, "debian", suite, "full")
    return Choice(
        provider=source,
        version=version,
        run=run,
        build=key(source, "go", version, "cgo" if is_cgo(detection) else "build"),
        evidence=(why, picked),
    )


def build(
    detection: Detection, facts: Facts, lock: Lock, choice: Choice, system: tuple[str, ...], taken: Taken
) -> BuildPlan:
    own = module_folder(detection)
    secret = (Mount(kind="secret", source="ca", target=CERTIFICATES),) if facts.ca_bundle else ()
    laid = {f"{own}/{name}" if own else name: text for name, text in sorted(lock.files.items())}
    sources = Mount(kind="bind", source="src", target=WORK, is_writable=True)
    compile_it = Instruction(
        op="run",
        args=go_command(
            f"{WORK}/{own}".rstrip("/"),
            detection,
            "build",
            "-trimpath",
            "-ldflags=-s -w -buildid=",
            "-o",
            PROGRAM,
            target(detection),
        ),
        mounts=(sources, *_caches(facts, choice), *secret),
        why=("go.cgo" if is_cgo(detection) else "go.static",),
        compiles=True,
    )
    cgo = is_cgo(detection)
    libraries = (
        (apt(system, suite_of(choice.build), "libraries with their headers"),) if system and cgo else ()
    )
    making = Stage(
        name="build",
        base=base_of(facts, choice.build),
        instructions=(*libraries, compile_it, *((_collect(facts, choice),) if cgo else ())),
        why=tuple(e.rule for e in choice.evidence),
    )
    scripts = (("work.sh",) if cgo else ()) + (("apt.sh",) if system else ())
    return BuildPlan(
        stages=(making, _last(detection, facts, choice, system)),
        files={
            **{f"inside/{name}": script(name) for name in scripts},
            **{f"src/{path}": text for path, text in laid.items()},
        },
        source=tuple(path for path in detection.takes if path not in laid),
        source_digest=taken.digest,
        secrets=("ca",) if facts.ca_bundle else (),
    )


def _collect(facts: Facts, choice: Choice) -> Instruction:
    """The program and the libraries that its base has not, in /out."""
    mounts = (
        Mount(kind="bind", source="inside", target=INSIDE),
        Mount(kind="bind", stage=base_of(facts, choice.run).ref, target=f"{ROOM}/run"),
    )
    words = ("/usr/bin/env", "JITNEY=1", "/bin/sh", "-c", f'. {INSIDE}/work.sh && collect "$0"', PROGRAM)
    return Instruction(op="run", args=words, mounts=mounts, why=("cgo: libraries that the base has not",))


def _last(detection: Detection, facts: Facts, choice: Choice, system: tuple[str, ...]) -> Stage:
    binary = Instruction(op="copy", args=(PROGRAM, PROGRAM), stage="build", why=("the program",))
    user = Instruction(op="user", args=("65532:65532",), why=("programs never run as root",))
    if is_cgo(detection):
        made = Instruction(
            op="copy", args=("/out/", "/"), stage="build", why=("the program and its libraries",)
        )
        return Stage(
            name="run", base=base_of(facts, choice.run), instructions=(made, user), why=("cgo wants glibc",)
        )
    if system:
        root = Instruction(op="user", args=("0:0",), why=("packages are installed by root",))
        packages = apt(system, suite_of(choice.run), "for the run")
        base = base_of(facts, choice.run)
        return Stage(name="run", base=base, instructions=(root, packages, binary, user), why=("stage.full",))
    scratch = Base(key="scratch", ref="scratch", digest="scratch")
    bundle = Instruction(
        op="copy",
        args=(CERTIFICATES, CERTIFICATES),
        stage=base_of(facts, choice.build).ref,
        why=("TLS needs a CA bundle",),
    )
    return Stage(
        name="run", base=scratch, instructions=(bundle, binary, user), why=("a static binary needs nothing",)
    )


def _caches(facts: Facts, choice: Choice) -> tuple[Mount, ...]:
    """The compiler's cache begins with what the base has of the standard library."""
    if choice.provider != "debian":
        return CACHES
    base = base_of(facts, choice.build).ref
    return (CACHES[0], msgspec.structs.replace(CACHES[1], stage=base, seed=GO_LIBRARY))


def go_command(folder: str, detection: Detection, *words: str) -> tuple[str, ...]:
    """argv in exec form: environment by `env`, folder by `-C`, so that no word of the user's meets a shell."""
    cgo = "1" if is_cgo(detection) else "0"
    settings = (
        "JITNEY=1",  # by this `jitney clean` knows the builder's caches: Docker 20.10 tells only their first command
        "HOME=/root",
        "GOPATH=/root/go",
        f"CGO_ENABLED={cgo}",
        "GOTOOLCHAIN=auto",
        "GOFLAGS=-buildvcs=false",
    )
    return ("/usr/bin/env", *settings, "go", words[0], "-C", folder, *words[1:])


def module_folder(detection: Detection) -> str:
    """The folder of the module: the nearest go.mod at or above the program's own folder; else that folder."""
    have = set(detection.takes)
    folder = detection.workdir
    while True:
        if (f"{folder}/go.mod" if folder else "go.mod") in have:
            return folder
        if not folder:
            return detection.workdir
        folder = folder.rpartition("/")[0]


def target(detection: Detection) -> str:
    """The package to build, as a path below the module's folder. A single .go entry names its file's folder."""
    module = module_folder(detection)
    entry = detection.entry
    if entry.endswith(".go") and not any(path.endswith("go.mod") for path in detection.takes):
        return "./" + entry.removeprefix(f"{module}/" if module else "")
    folder = entry.rpartition("/")[0] if entry.endswith(".go") else entry.rstrip("/")
    below = folder.removeprefix(module).strip("/") if folder != "." else ""
    return f"./{below}" if below else "."


def is_cgo(detection: Detection) -> bool:
    return "cgo" in detection.features


def version_asked(detection: Detection, config: Config, base: str) -> str:
    """Go resolves for what go.mod says, else for the base's."""
    return config.version or detection.version or base


def reads(detection: Detection) -> tuple[str, ...]:
    return tuple(path for path in detection.takes if path.endswith(("go.mod", "go.sum", "go.work")))


def usual_bases(source: str) -> tuple[str, ...]:
    return (key(source, "go", GO[source], "build"),)


__all__ = [
    "build", "choose", "evidence", "is_compiled", "reads", "resolving_base", "start", "usual_bases", "version_asked",
]  # fmt: skip
