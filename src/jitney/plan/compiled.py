"""What Rust, C and C++ have in common: a build that starts from what the last one left, and a last stage with the program and
the libraries it wants, beside those that its base has.

/src    the program's sources, in a cache: only what has changed is new there
/build  what the compiler made of them, in another
/out    the program and its libraries, laid over the run base
"""

from __future__ import annotations

import hashlib

from jitney.config import Config
from jitney.detect.data.native import ONLY_SID
from jitney.detect.model import Detection
from jitney.facts.model import Facts
from jitney.findings import Evidence
from jitney.plan.bases import base_of
from jitney.plan.choice import Choice
from jitney.plan.model import BuildPlan, Instruction, Lock, Mount, Stage
from jitney.plan.planner import Start
from jitney.plan.scripts import script
from jitney.plan.taken import Taken

PROGRAM = "/app/program"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
ROOM = "/dev/jitney"
INSIDE = f"{ROOM}/inside"
WEIGHTS = (".gguf", ".safetensors", ".onnx", ".bin", ".pt", ".pth", ".ggml")
"""Endings of what a program loads while it runs; large ones do not go into a build."""


def feature(detection: Detection, name: str) -> str:
    """Value of `NAME:VALUE` in the features, or empty."""
    return next((one.partition(":")[2] for one in detection.features if one.startswith(f"{name}:")), "")


def features(detection: Detection, name: str) -> tuple[str, ...]:
    return tuple(one.partition(":")[2] for one in detection.features if one.startswith(f"{name}:"))


def needed_suite(packages: tuple[str, ...]) -> str:
    """`sid` where a library is in no older Debian; else empty."""
    return "sid" if ONLY_SID & set(packages) else ""


def user_packages(detection: Detection) -> tuple[str, ...]:
    """Debian packages that the user asked for: they may be wanted while the program runs, by name."""
    return tuple(sorted(package.name for package in detection.system if package.why.rule == "flag.apt"))


def program_key(detection: Detection, choice: Choice) -> str:
    """What two builds of the same program have in common, however its lines change."""
    names = sorted(package.name for package in detection.packages)
    parts = (
        choice.build,
        detection.workdir,
        detection.entry,
        detection.manager,
        *detection.manifests,
        *names,
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def compile_mounts(detection: Detection, facts: Facts, choice: Choice) -> tuple[Mount, ...]:
    key = program_key(detection, choice)
    found = [
        Mount(kind="bind", source="inside", target=INSIDE),
        Mount(kind="bind", source="src", target=f"{ROOM}/src"),
        Mount(kind="cache", source=f"jitney-src-{key}", target="/src"),
        Mount(kind="cache", source=f"jitney-build-{key}", target="/build"),
    ]
    if choice.run:
        found.append(Mount(kind="bind", stage=base_of(facts, choice.run).ref, target=f"{ROOM}/run"))
    return (*found, *ca_mounts(facts))


def ca_mounts(facts: Facts) -> tuple[Mount, ...]:
    return (Mount(kind="secret", source="ca", target=CERTIFICATES),) if facts.ca_bundle else ()


def apt(names: tuple[str, ...], suite: str, why: str) -> Instruction:
    """Install Debian packages in a stage with a shell. Caches of their own: a base that is being made keeps nobody waiting."""
    mounts = (
        Mount(kind="bind", source="inside/apt.sh", target=f"{ROOM}/apt.sh"),
        Mount(kind="cache", source="jitney-apt-libraries", target="/var/cache/apt/archives"),
        Mount(kind="cache", source=f"jitney-apt-lists-libraries-{suite}", target="/var/lib/apt/lists"),
    )
    args = ("/usr/bin/env", "JITNEY=1", "/bin/sh", f"{ROOM}/apt.sh", *names)
    return Instruction(op="run", args=args, mounts=mounts, why=(f"{why}: {' '.join(names)}",))


def build_plan(
    detection: Detection,
    facts: Facts,
    choice: Choice,
    compile_it: tuple[Instruction, ...],
    taken: Taken,
    *,
    scripts: tuple[str, ...],
    files: dict[str, str],
    packages: tuple[str, ...] = (),
    secrets: tuple[str, ...] = (),
) -> BuildPlan:
    """compile_it: leaves its program in /out. files: generated ones, below `src/` or `inside/`. packages: the user's own Debian
    packages for the run."""
    user = Instruction(op="user", args=("65532:65532",), why=("programs never run as root",))
    made = Instruction(op="copy", args=("/out/", "/"), stage="build", why=("the program and its libraries",))
    root = Instruction(op="user", args=("0:0",), why=("packages are installed by root",))
    more = (root, apt(packages, suite_of(choice.run), "for the run")) if packages else ()
    reasons = tuple(evidence.rule for evidence in choice.evidence)
    heavy = {path for path in taken.large if path.lower().endswith(WEIGHTS)}
    return BuildPlan(
        stages=(
            Stage(
                name="build", base=base_of(facts, choice.build), instructions=(root, *compile_it), why=reasons
            ),
            Stage(name="run", base=base_of(facts, choice.run), instructions=(*more, made, user), why=reasons),
        ),
        files={**{f"inside/{name}": script(name) for name in scripts}, **dict(sorted(files.items()))},
        source=tuple(path for path in detection.takes if f"src/{path}" not in files and path not in heavy),
        source_digest=taken.digest,
        secrets=(*(("ca",) if facts.ca_bundle else ()), *secrets),
    )


def suite_of(key: str) -> str:
    """Debian's suite of a base by its key: what apt's lists are kept under."""
    return "sid" if any(mark in key for mark in (":sid-", ":1.97-", ":1.27-")) else "trixie"


# What every planner says that compiles to one program: its own functions of the Planner's protocol are these.


def start(detection: Detection, lock: Lock, choice: Choice, workdir: str) -> Start:
    return Start(argv=(PROGRAM,))


def is_compiled(detection: Detection) -> bool:
    return True


def version_asked(detection: Detection, config: Config, base: str) -> str:
    """Libraries are had for the compiler that builds; a program that wants a newer one is told so by it."""
    return base


def resolving_base(choice: Choice) -> str:
    return choice.build


def evidence(lock: Lock, system: tuple[str, ...]) -> list[Evidence]:
    if not system:
        return []
    return [Evidence(rule="stage.libraries", decides="stage", value=", ".join(system))]
