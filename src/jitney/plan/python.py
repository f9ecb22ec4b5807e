"""The build and the start of a Python program.

no packages          FROM base
wheels               FROM base, one RUN: uv, cache and script are mounted, so that the layer is the packages and no more
packages from source each in a sealed stage with a compiler; the RUN of the last stage takes them from there
system packages      the last stage stands on the full flavour, apt first (docs/decisions/0005)
"""

from __future__ import annotations

import re

import msgspec

from jitney.config import Config
from jitney.detect.model import Detection
from jitney.facts.model import Facts
from jitney.findings import Evidence, Finding
from jitney.plan.bases import PYTHONS, TORCH_PYTHON, base_of, key, newer_python, pick_python, provider
from jitney.plan.choice import Choice, system_packages
from jitney.plan.model import BuildPlan, Instruction, Lock, Mount, Stage
from jitney.plan.planner import PATH, SOURCE_ROOT, Start, folder_of
from jitney.plan.scripts import script
from jitney.plan.taken import Taken
from jitney.plan.torch import IN_BASE, LIBRARIES, choose_torch, in_base, normal
from jitney.plan.wheels import wheel_mounts, wheel_words

TOOL_UV = "jitney/tool-uv:1"
"""Image with nothing but the uv binary; `resolve.build_inputs` sees that it is there. Its version is not part of a Plan: the
bytes installed are fixed by hashes."""

_FILES = ("python-version", "runtime.txt", "tool-versions", "mise", "pipenv", "conda", "cog", "truss")
PINS = (
    *(f"python.version.{name}" for name in _FILES),
    "asdf",
    "mise",
    "dockerfile.",
    "compose.",
    "devcontainer.",
)
"""Rules by which a version is a pin of a developer's tool, and no condition of the program."""

VENV = "/opt/venv"
ROOM = "/dev/jitney"
"""Where a build mounts what must not stay: /dev is no part of a layer, so not even an empty folder remains."""


def choose(detection: Detection, facts: Facts, config: Config, lock: Lock) -> Choice:
    """The series that fits; the full flavour where Debian packages go in, a stage with compilers where sdists are built."""
    source, why = provider(facts, config)
    torch = choose_torch(detection, facts, config, source, lock)
    seen, warnings = _gpu_others(detection, facts, config, lock)
    wanted = config.version or detection.version
    is_debian = torch.source == "debian"
    newer = "" if is_debian else _instead(detection, config, source)
    version = TORCH_PYTHON if is_debian else newer or pick_python(wanted, source)
    picked = Evidence(
        rule="base.python.torch" if is_debian else ("base.python.asked" if wanted else "base.python.default"),
        decides="base",
        value=f"Python {version}" + (f" for {wanted}" if wanted else ""),
    )
    is_full = is_debian or bool(
        system_packages(detection, config, lock)
    )  # Debian's torch comes with apt's world
    kind = "python-torch" if is_debian else "python"
    return Choice(
        provider=source,
        version=version,
        torch=torch,
        run=key(source, kind, version, "full" if is_full else "run"),
        build=key(source, "python", version, "build") if lock.sdists else "",
        evidence=(why, picked, *torch.evidence, *seen),
        findings=(*torch.findings, *warnings, *((_told(detection, source, newer),) if newer else ())),
    )


def _gpu_others(
    detection: Detection, facts: Facts, config: Config, lock: Lock
) -> tuple[tuple[Evidence, ...], tuple[Finding, ...]]:
    """The other frameworks that a GPU is wanted for; their tables are read only then."""
    names = {package.name.lower() for package in detection.packages}
    if not (config.gpus and (facts.gpus or facts.engine.has_gpu) and names & {"tensorflow", "jax"}):
        return (), ()
    from jitney.plan.gpu_others import others

    return others(detection, facts, lock)


def _instead(detection: Detection, config: Config, source: str) -> str:
    """A version file pins what its developers had; a newer series runs it where this provider has no such one. What a
    manifest requires, or the user asks for, stays an error."""
    seen = next((one for one in detection.evidence if one.decides == "version"), None)
    if config.version or seen is None or not seen.rule.startswith(PINS):
        return ""
    return newer_python(detection.version, source)


def _told(detection: Detection, source: str, newer: str) -> Finding:
    seen = next(one for one in detection.evidence if one.decides == "version")
    return Finding(
        level="warning",
        code="python.version.newer",
        message=f"{seen.file} pins Python {detection.version}, which the {source} provider has not: it runs on {newer}",
        hint="--python VERSION decides it",
        file=seen.file,
        line=seen.line,
    )


def build(
    detection: Detection, facts: Facts, lock: Lock, choice: Choice, system: tuple[str, ...], taken: Taken
) -> BuildPlan:
    last = [Instruction(op="user", args=("0:0",), why=("packages are installed by root",))]
    files: dict[str, str] = {}
    stages: list[Stage] = []
    if system:
        last.append(_apt(system))
        files["apt.py"] = script("apt.py")
    if lock.packages.strip():
        wheels, made = split_made(lock)
        files |= {"install.py": script("install.py"), "requirements.txt": wheels}
        for name, lines in made.items():
            files[f"made/{name}.txt"] = lines
            stages.append(_made(name, facts, choice))
        known = LIBRARIES if choice.torch.source == "debian" and in_base(detection) is not IN_BASE else ()
        tolerant = msgspec.structs.replace(lock, tolerate=tuple(sorted({*lock.tolerate, *known})))
        last.append(_install(tolerant, choice, facts, tuple(made)))
    last.append(Instruction(op="user", args=("65532:65532",), why=("programs never run as root",)))
    reasons = tuple(evidence.rule for evidence in choice.evidence)
    final = Stage(name="run", base=base_of(facts, choice.run), instructions=tuple(last), why=reasons)
    secrets = sorted(
        {m.source for s in (*stages, final) for i in s.instructions for m in i.mounts if m.kind == "secret"}
    )
    return BuildPlan(stages=(*stages, final), files=files, secrets=tuple(secrets))


def split_made(lock: Lock) -> tuple[str, dict[str, str]]:
    """Requirements that have wheels; name → requirement of those that are built from source."""
    sources = {normal(name): name for name in lock.sdists}
    wheels, made = [], {}
    for block in re.split(r"(?m)^(?=\S)", lock.packages):
        name = normal(re.match(r"[\w.-]*", block)[0])  # type: ignore[index]  # matches anything
        if name in sources:
            made[name] = block
        else:
            wheels.append(block)
    return "".join(wheels), made


def _made(name: str, facts: Facts, choice: Choice) -> Stage:
    """One package built from source, in a stage that other programs share."""
    words = ["--venv", VENV, "--build-from-source", name, "--made-here"]
    if choice.torch.source == "debian":
        words += ["--system-site-packages"]
    root = Instruction(op="user", args=("0:0",), why=("packages are installed by root",))
    compile_it = Instruction(
        op="run",
        args=("python3", "-I", "-B", f"{ROOM}/install.py", *words),
        mounts=_mounts(facts, f"made/{name}.txt"),
        why=("compilers stay in their stage",),
    )
    return Stage(
        name=f"made-{name}",
        base=base_of(facts, choice.build),
        instructions=(root, compile_it),
        why=(f"building {name}, which has no wheel",),
        sealed=True,
    )


def _install(lock: Lock, choice: Choice, facts: Facts, made: tuple[str, ...]) -> Instruction:
    options = ["--venv", VENV]
    if choice.torch.source == "debian":
        options += ["--system-site-packages"]
    if choice.torch.index:
        options += ["--extra-index", choice.torch.index]
    if lock.tolerate:
        options += ["--tolerate", ",".join(lock.tolerate)]
    mounts = [
        Mount(kind="bind", stage=f"made-{name}", source=VENV.lstrip("/"), target=f"{ROOM}/made/{name}")
        for name in made
    ]
    links = wheel_words(lock, facts.indexes.wheels, f"{ROOM}/wheels")
    mounts += wheel_mounts(lock, facts.indexes.wheels, f"{ROOM}/wheels")
    return Instruction(
        op="run",
        args=("python3", "-I", "-B", *links, f"{ROOM}/install.py", *options),
        mounts=(*_mounts(facts, "requirements.txt"), *mounts),
        why=("packages, each at its locked version and hash", *(e.rule for e in choice.torch.evidence)),
    )


def _mounts(facts: Facts, requirements: str) -> tuple[Mount, ...]:
    mounts = [
        Mount(kind="bind", stage=TOOL_UV, target=f"{ROOM}/tool"),
        Mount(kind="bind", source="install.py", target=f"{ROOM}/install.py"),
        Mount(kind="bind", source=requirements, target=f"{ROOM}/requirements.txt"),
        Mount(kind="cache", source="jitney-uv", target=f"{ROOM}/cache"),
        *secret_mounts(facts),
    ]
    if facts.indexes.python:
        mounts.append(Mount(kind="secret", source="index", target=f"{ROOM}/index"))
    return tuple(mounts)


def secret_mounts(facts: Facts) -> list[Mount]:
    return [Mount(kind="secret", source="ca", target=f"{ROOM}/ca")] if facts.ca_bundle else []


def _apt(system: tuple[str, ...]) -> Instruction:
    mounts = (
        Mount(kind="bind", source="apt.py", target=f"{ROOM}/apt.py"),
        Mount(kind="cache", source="jitney-apt-archives", target="/var/cache/apt/archives"),
        Mount(kind="cache", source="jitney-apt-lists", target="/var/lib/apt/lists"),
    )
    args = ("python3", "-I", "-B", f"{ROOM}/apt.py", *system)
    return Instruction(op="run", args=args, mounts=mounts, why=(f"system packages: {' '.join(system)}",))


def start(detection: Detection, lock: Lock, choice: Choice, workdir: str) -> Start:
    """The interpreter by its name: the environment's where there is one, else the base's.

    Output is buffered as on the host: PYTHONUNBUFFERED is for the caller who knows of a terminal."""
    argv = ("python3", *(detection.start or (detection.entry.removeprefix(folder_of(detection)),)))
    env = {"PYTHONDONTWRITEBYTECODE": "1"}
    if lock.packages.strip():
        env |= {"PATH": f"{VENV}/bin:{PATH}", "VIRTUAL_ENV": VENV}
    roots = _import_roots(detection, workdir)
    if roots:
        env["PYTHONPATH"] = ":".join(roots)
    return Start(argv=argv, env=env)


def is_compiled(detection: Detection) -> bool:
    return False


def version_asked(detection: Detection, config: Config, base: str) -> str:
    """Python resolves for the base's version."""
    return base


def reads(detection: Detection) -> tuple[str, ...]:
    return ()


def resolving_base(choice: Choice) -> str:
    return choice.build or key(choice.provider, "python", choice.version, "build")


def usual_bases(source: str) -> tuple[str, ...]:
    return (key(source, "python", PYTHONS[source][0], "run"),)


def _import_roots(detection: Detection, workdir: str) -> list[str]:
    """Folders that the program imports from beside its own: a src layout, and what detection found above or beside it."""
    roots = []
    folder = folder_of(detection) + "src/"
    if any(path.startswith(folder) and path.count("/") > folder.count("/") for path in detection.takes):
        roots.append(f"{workdir}/src")
    for feature in detection.features:
        kind, _, path = feature.partition(":")
        if kind == "pythonpath":
            roots.append(f"{SOURCE_ROOT}/{path}".rstrip("/"))
    return list(dict.fromkeys(roots))


def evidence(lock: Lock, system: tuple[str, ...]) -> list[Evidence]:
    seen = []
    if lock.sdists:
        seen.append(Evidence(rule="stage.compile", decides="stage", value=", ".join(lock.sdists)))
    if system:
        seen.append(Evidence(rule="stage.full", decides="stage", value=", ".join(system)))
    if not lock.packages.strip():
        seen.append(Evidence(rule="packages.none", decides="packages", value="none: the base is the image"))
    return seen
